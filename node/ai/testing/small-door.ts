import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Engine } from "../../../native/js/engine.ts";
import {
  Adapter,
  adapterTensors,
  initialAdapter,
  LORA_TARGETS,
  NativeError,
  Session,
} from "../../../native/js/index.ts";
import { silentLogger } from "../../base/logger.ts";
import { packageRoot } from "../../base/paths.ts";
import type { Catalogue, HeldModel } from "../engine/catalogue.ts";
import { readModelFolder } from "../model/files.ts";
import { loadModel, nativeConfig } from "../model/load.ts";
import { OpenAiDoor } from "../openai/door.ts";
import type { KeyBook } from "../openai/key-book.ts";
import { ApiKeys } from "../openai/keys.ts";

/** A key that {@link serveDoor} takes. */
export const KEY = "sk-test-0123456789";

const files = await readModelFolder(join(packageRoot(), "node/ai/base-model/model"));
/** The shipped base model. */
export const smallBase = await loadModel(files, files);
const session = new Session({ threads: 1 });
const config = nativeConfig(smallBase.config);
const shape = { rank: 4, scale: 0.5, targets: LORA_TARGETS };
const factors = initialAdapter(config, shape, 3n);
for (const { name } of adapterTensors(config, shape))
  if (name.includes("lora_B")) factors[name]!.set(factors[name]!.map((_, i) => (((i * 7_919) % 13) - 6) / 4));
const adapter = new Adapter(config, shape, factors);

/** A base and one adapter of it, in memory: `base-1` and `base-1+7`. */
export class SmallCatalogue implements Catalogue {
  readonly engine: Engine;
  held = 0;
  /** How often a model was asked for. */
  opened = 0;
  /** What every request waits for before it gets its model. */
  gate: Promise<void> = Promise.resolve();
  /** So many more requests find no place in the queue. */
  refusals = 0;

  constructor(sizes = {}) {
    this.engine = new Engine(session, smallBase.native, {
      pages: 512,
      vocabulary: smallBase.tokenizer.idLimit,
      ...sizes,
    });
  }

  async list() {
    return ["base-1", "base-1+7"].map((id) => ({ id, created: 1_700_000_000, ownedBy: "0x01" }));
  }

  async open(id: string): Promise<HeldModel | undefined> {
    if (!["base-1", "base-1+7"].includes(id)) return undefined;
    this.opened++;
    if (this.refusals > 0) {
      this.refusals--;
      throw new NativeError("NATIVE_BUSY", "the queue is full");
    }
    this.held++;
    await this.gate;
    const release = () => void this.held--;
    const model = { id, base: smallBase, engine: this.engine, session, fingerprint: "fp_1", release };
    if (id === "base-1") return model;
    return {
      ...model,
      adapter,
      attribute: async () => ({
        rows: [{ rowId: 3, contributionId: "2", score: "77", weight: "70" }],
        contributions: [{ contributionId: "2", weight: "65536" }],
        spans: [{ start: 1, end: 5, information: 12, rowIds: [3] }],
      }),
    };
  }
}

/** A door on a free port of this machine; `baseURL` is what OpenAI's clients take. */
export async function serveDoor(
  catalogue: Catalogue,
  book?: KeyBook,
): Promise<{ door: OpenAiDoor; server: Server; baseURL: string }> {
  const door = new OpenAiDoor({
    catalogue: () => catalogue,
    keys: new ApiKeys([KEY, "sk-other-012345"], book),
    logger: silentLogger,
  });
  const server = createServer((request, response) => void door.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return { door, server, baseURL };
}
