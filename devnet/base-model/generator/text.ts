import { Random } from "../../../node/base/random.ts";
import { makeDocument } from "./documents.ts";
import { NAME_COUNT, NameSource, WORLD_NAMES } from "./names.ts";
import type { Fact } from "./phrasing.ts";
import { makeWorld } from "./world.ts";

/** Names set aside for one block of documents; a block that needs more is an error, so no name is ever used twice. */
const NAMES_PER_BLOCK = 512;

/** Blocks before the names run out. */
export const BLOCK_COUNT = Math.floor((NAME_COUNT - WORLD_NAMES) / NAMES_PER_BLOCK);

/** The training text: any block of it can be made alone, so a run resumes anywhere without reading what came before. */
export class TrainingText {
  private readonly seed: number;
  private readonly pieces: readonly string[];
  private readonly world: readonly (readonly Fact[])[] = makeWorld();

  /** `pieces`: see documents.ts. */
  constructor(seed: number, pieces: readonly string[] = []) {
    this.seed = seed;
    this.pieces = pieces;
  }

  /** Documents of block `index` (0 … BLOCK_COUNT - 1), endlessly many; take few enough for the block's names. */
  *documents(index: number): Generator<string, never> {
    if (index < 0 || index >= BLOCK_COUNT) throw new RangeError(`no block ${index}`);
    const start = WORLD_NAMES + index * NAMES_PER_BLOCK;
    const names = new NameSource(start, start + NAMES_PER_BLOCK);
    const random = new Random(this.seed, index);
    const source = { random, names, world: this.world, pieces: this.pieces };
    for (;;) yield makeDocument(source);
  }
}
