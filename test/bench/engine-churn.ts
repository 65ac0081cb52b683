import { join } from "node:path";
import { Engine, type EngineAnswer, type EngineRequest } from "../../native/js/engine.ts";
import { Adapter, initialAdapter, LORA_TARGETS, NativeError, Session } from "../../native/js/index.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadModel, nativeConfig } from "../../node/ai/model/load.ts";
import { packageRoot } from "../../node/base/paths.ts";
import type { Bench, Figure } from "./figure.ts";

const REQUESTS = 100_000;
const ADAPTERS = 40;
/** The first of ten parts fills allocators and caches; what comes after it must not grow. */
const PARTS = 10;

/** A hundred thousand random requests, a third of them cancelled: memory at the end beside memory after the first tenth. */
export const churnBench: Bench = {
  name: "engine-churn",
  async run() {
    const folder = join(packageRoot(), "node", "ai", "base-model", "model");
    const model = await loadModel(await readModelFolder(folder));
    const session = new Session();
    const pages = 1_024;
    const engine = new Engine(session, model.native, { maxBatch: 64, maxQueue: 256, pages });
    const config = nativeConfig(model.config);
    const shape = { rank: 4, scale: 2, targets: LORA_TARGETS };
    const fresh = (seed: number) => new Adapter(config, shape, initialAdapter(config, shape, BigInt(seed)));
    const adapters = Array.from({ length: ADAPTERS }, (_, at) => fresh(at));
    const churn = new Churn(engine, adapters);
    const resident: number[] = [];
    for (let part = 0; part < PARTS; part++) {
      await churn.run(REQUESTS / PARTS);
      // Adapters come and go as well.
      adapters[part]!.close();
      adapters[part] = fresh(ADAPTERS + part);
      resident.push(process.memoryUsage.rss());
    }
    const { running, waiting, freePages } = engine.status();
    engine.close();
    session.close();
    if (running + waiting > 0 || freePages !== pages)
      throw new Error(
        `slots or pages are lost: ${running} run, ${waiting} wait, ${freePages} pages are free`,
      );
    return [
      {
        what: `memory after ${REQUESTS} requests (${churn.cancelled} cancelled, ${churn.refused} refused as busy)`,
        ...{ name: "engine-churn", unit: "MB", ours: resident.at(-1)! / 1e6 },
        peer: { name: "after the first tenth", value: resident[0]! / 1e6 },
      },
    ] satisfies Figure[];
  },
};

class Churn {
  cancelled = 0;
  refused = 0;
  private state = 5;

  constructor(
    private readonly engine: Engine,
    private readonly adapters: readonly Adapter[],
  ) {}

  /** So many requests, up to 200 under way at once. @throws where one ends as none may. */
  async run(count: number): Promise<void> {
    const under = new Set<Promise<void>>();
    for (let at = 0; at < count; at++) {
      const one: Promise<void> = this.one().finally(() => under.delete(one));
      under.add(one);
      if (under.size >= 200) await Promise.race(under);
    }
    await Promise.all(under);
  }

  private next(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * n);
  }

  private async one(): Promise<void> {
    const request: EngineRequest = {
      prompt: Array.from({ length: 1 + this.next(12) }, () => this.next(2_000)),
      adapter: this.adapters[this.next(2 * this.adapters.length)],
      maxTokens: 1 + this.next(8),
      account: this.next(10),
      deadlineMs: this.next(50) === 0 ? 1 : undefined,
    };
    const leaves = this.next(3) === 0 ? this.next(4) : undefined;
    let answer: EngineAnswer;
    try {
      answer = this.engine.submit(request);
    } catch (error) {
      if (!(error instanceof NativeError && error.code === "NATIVE_BUSY")) throw error;
      this.refused++;
      return;
    }
    if (leaves === 0) answer.cancel();
    let read = 0;
    for await (const _ of answer.tokens) if (++read === leaves) answer.cancel();
    // Throws where it failed.
    if (answer.ended() === "cancelled") this.cancelled++;
  }
}
