import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { l1Hash } from "../../../test/harness/blocks.ts";
import { silentLogger } from "../../base/logger.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import { rollupError } from "../errors.ts";
import { createOrigins } from "./origins.ts";

const block = (number: number, branch = 0, parentBranch = branch): L1Block => ({
  number: BigInt(number),
  hash: l1Hash(number, branch),
  parentHash: l1Hash(number - 1, parentBranch),
  timestamp: BigInt(number),
  baseFeePerGas: 1n,
  mixHash: l1Hash(0),
  parentBeaconBlockRoot: undefined,
  excessBlobGas: undefined,
  transactions: [],
  receipts: [],
});

/** An L1 whose mood and blocks a test sets. */
function scene(confirmations = 0n) {
  const state = {
    head: 11,
    mood: "well" as "well" | "down" | "hangs",
    blocks: [block(10), block(11), block(12)],
    calls: 0,
  };
  const find = async (matches: (each: L1Block) => boolean) => {
    state.calls++;
    if (state.mood === "down") throw rollupError("L1_UNAVAILABLE", { message: "down" });
    if (state.mood === "hangs") await new Promise(() => undefined);
    return state.blocks.find((each) => matches(each) && Number(each.number) <= state.head);
  };
  const origins = createOrigins({
    l1: {
      blockByHash: (hash) => find((each) => each.hash === hash),
      blockByNumber: (number) => find((each) => each.number === number),
      refByNumber: (number) => find((each) => each.number === number),
    },
    watcher: {
      heads: () => ({ latest: block(state.head), safe: undefined, finalized: undefined }),
    },
    confirmations,
    logger: silentLogger,
    signal: new AbortController().signal,
  });
  return { state, origins };
}

const ten = { hash: l1Hash(10), number: 10n };
const eleven = { hash: l1Hash(11), number: 11n };

describe("origins", () => {
  test("are the current one and the next one, once that is confirmed", async () => {
    const { origins } = scene();
    expect(await origins.around(ten)).toMatchObject({
      current: block(10),
      next: block(11),
      replaced: undefined,
    });
    expect(await origins.around(eleven)).toMatchObject({ current: block(11), next: undefined });
    const careful = scene(2n);
    expect(await careful.origins.around(ten)).toMatchObject({ current: block(10), next: undefined });
    careful.state.head = 13;
    expect(await careful.origins.around(ten)).toMatchObject({ next: block(11) });
  });

  test("are told without a call while L1's head stays", async () => {
    const { state, origins } = scene();
    await origins.around(ten);
    const { calls } = state;
    await origins.around(ten);
    expect(state.calls).toBe(calls);
  });

  test.each(["down", "hangs"] as const)("stay known while L1 is %s, and cost no time", async (mood) => {
    const { state, origins } = scene();
    await origins.around(ten);
    state.mood = mood;
    state.head = 12;
    await origins.around(ten);
    const started = performance.now();
    for (let i = 0; i < 50; i++) {
      expect(await origins.around(ten)).toMatchObject({ current: block(10), next: block(11) });
    }
    expect(await origins.around(eleven)).toMatchObject({ current: block(11), next: undefined });
    expect(performance.now() - started).toBeLessThan(300);
  });

  test("come back once L1 does", async () => {
    const { state, origins } = scene();
    state.mood = "down";
    expect(await origins.around(ten)).toMatchObject({ current: undefined });
    state.mood = "well";
    await sleep(600);
    expect(await origins.around(ten)).toMatchObject({ current: block(10) });
  });

  test("say when the origin is not on L1 any more, or the next one follows another", async () => {
    const { state, origins } = scene();
    state.blocks = [block(10, 1), block(11, 1)];
    expect((await origins.around(ten)).replaced).toMatch(/is not/);
    const forked = scene();
    forked.state.blocks = [block(10), block(11, 1)];
    expect((await forked.origins.around(ten)).replaced).toMatch(/does not follow/);
  });
});
