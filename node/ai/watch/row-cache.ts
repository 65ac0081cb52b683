import { createMutex } from "../../base/mutex.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { RegisteredModel } from "../client/models.ts";
import type { ContentSource } from "../content/source.ts";
import { type CommittedRows, committedRows } from "../spans/model-spans.ts";
import type { LoadedIndex } from "./indexes.ts";

/** What a row takes in memory besides its texts: its place, and the objects around it. */
const ROW_BYTES = 512;

/** Bytes that the rows of a model take in memory, about: texts in two bytes a character, tokens, places. */
export function rowMemory({ set, completions }: CommittedRows): number {
  const texts = set.examples.reduce((sum, { row }) => sum + JSON.stringify(row).length, 0);
  return 2 * texts + 4 * completions.tokens.length + ROW_BYTES * set.places.length;
}

/**
 * The rows of models that commit spans, with which every claim of one is compared: at most so many bytes; the least recently used goes
 * first. They are read one model after the other, so that beyond the limit there is at most what one model may have.
 */
export class RowCache {
  private readonly source: { client: ChainClient; at: ProtocolAddresses; content: ContentSource };
  private readonly maxBytes: number;
  private readonly mutex = createMutex();
  private readonly known = new Map<bigint, { memory: number; reading: Promise<CommittedRows> }>();

  constructor(
    source: { client: ChainClient; at: ProtocolAddresses; content: ContentSource },
    maxBytes: number,
  ) {
    this.source = source;
    this.maxBytes = maxBytes;
  }

  /** Errors as committedRows'; asked again, it tries again. */
  get(model: RegisteredModel, { manifest }: LoadedIndex): Promise<CommittedRows> {
    const { modelId } = model;
    const entry = this.known.get(modelId) ?? this.begin(model, manifest);
    this.known.delete(modelId);
    this.known.set(modelId, entry);
    return entry.reading;
  }

  /** Bytes of what is read. */
  get held(): number {
    return [...this.known.values()].reduce((sum, { memory }) => sum + memory, 0);
  }

  private begin(model: RegisteredModel, manifest: LoadedIndex["manifest"]) {
    const { client, at, content } = this.source;
    const reading = this.mutex.run(() => committedRows(client, at, content, model, manifest));
    const entry = { memory: 0, reading };
    reading.then(
      (rows) => {
        entry.memory = rowMemory(rows);
        this.shrink();
      },
      () => {
        if (this.known.get(model.modelId) === entry) this.known.delete(model.modelId);
      },
    );
    return entry;
  }

  /** The one that was used last stays, whatever it takes, and those that are read just now. */
  private shrink(): void {
    const inUse = [...this.known.keys()].at(-1);
    for (const [modelId, { memory }] of this.known) {
      if (this.held <= this.maxBytes) return;
      if (memory > 0 && modelId !== inUse) this.known.delete(modelId);
    }
  }
}
