import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { l1Hash, TEST_GENESIS, TEST_SYSTEM_CONFIG, testRollup } from "../../../test/harness/blocks.ts";
import { CodedError } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import { l2BlockRefFromBlock } from "../../chain/system-config.ts";
import type { L1BlockRef } from "../../chain/types/l1.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import type { DerivationPipeline, DerivationStep, DerivedAttributes } from "../derivation/types.ts";
import type { L1Heads } from "../l1/watcher.ts";
import { createDerivationDriver } from "./derivation-driver.ts";
import type { Engine } from "./engine.ts";

const rollup = testRollup();
const genesis = l2BlockRefFromBlock(TEST_GENESIS, rollup);
const heads = { unsafe: genesis, safe: genesis, finalized: genesis };
const ref = (number: number, branch = 0): L1BlockRef => ({
  number: BigInt(number),
  hash: l1Hash(number, branch),
  parentHash: l1Hash(number - 1, branch),
  timestamp: BigInt(number),
});

const attributes = (transactions: Uint8Array[]): DerivedAttributes => ({
  attributes: { transactions } as unknown as DerivedAttributes["attributes"],
  parent: genesis,
  derivedFrom: { hash: l1Hash(1), number: 1n },
  concluding: true,
});
const withBad = attributes([Uint8Array.of(1)]);
const depositsOnly = attributes([]);
const invalid = () => new CodedError("PAYLOAD_INVALID", "input", { message: "no" });

interface Script {
  /** Steps of each pipeline in turn; the last pipeline then needs L1 block 5 for ever. */
  pipelines: DerivationStep[][];
  derive?: (derived: DerivedAttributes) => Promise<void>;
  /** What the pipeline gives for an invalid payload; the deposits alone unless told. */
  reject?: () => DerivedAttributes | undefined;
  /** L1 by number. */
  l1?: (number: bigint) => L1BlockRef | undefined;
  latest?: () => L1BlockRef;
}

/** A driver whose engine, pipeline and L1 follow a script. */
function scripted(script: Script) {
  const controller = new AbortController();
  const resets: bigint[] = [];
  const derived: DerivedAttributes[] = [];
  const abandoned: number[] = [];
  const l1 = script.l1 ?? ((number) => ref(Number(number)));
  const latest = script.latest ?? (() => ref(4));
  const left = [...script.pipelines];
  const pipeline = (steps: DerivationStep[]): DerivationPipeline => ({
    origin: { hash: l1Hash(4), number: 4n },
    pushL1: () => undefined,
    pushBlobs: () => undefined,
    step: () => steps.shift() ?? { kind: "needL1", number: 5n },
    rejectPayload: script.reject ?? (() => depositsOnly),
  });
  const engine = {
    heads: () => heads,
    derivationHead: () => ({ ref: genesis, systemConfig: TEST_SYSTEM_CONFIG }),
    derive: async (next: DerivedAttributes) => {
      derived.push(next);
      await script.derive?.(next);
    },
    abandonSpan: async () => void abandoned.push(derived.length),
    reset: async ({ l1Number }: { l1Number: bigint }) => void resets.push(l1Number),
  } as Partial<Engine> as Engine;
  const store = {
    async *safeHeads() {},
    ref: () => genesis,
    block: () => TEST_GENESIS,
    canonicalHash: () => TEST_GENESIS.hash,
  } as Partial<ChainStore> as ChainStore;
  const listeners = new Set<(heads: L1Heads) => void>();
  const driver = createDerivationDriver({
    engine,
    store,
    rollup,
    l1: {
      label: async () => latest(),
      refByNumber: async (number) => l1(number),
      blockByNumber: async () => undefined,
    },
    blobs: { blobs: async () => [] },
    watcher: {
      heads: () => ({ latest: latest(), safe: undefined, finalized: undefined }),
      answers: () => 1,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      run: async () => undefined,
    },
    createPipeline: () => pipeline(left.shift() ?? []),
    logger: silentLogger,
    signal: controller.signal,
  });
  const newHead = () => {
    for (const listener of listeners) listener({ latest: latest(), safe: undefined, finalized: undefined });
  };
  return { driver, resets, derived, abandoned, newHead, stop: () => controller.abort() };
}

describe("derivation driver", () => {
  test("an invalid payload is followed by its deposits alone", async () => {
    const { driver, derived, stop } = scripted({
      pipelines: [[{ kind: "attributes", derived: withBad }]],
      derive: async (next) => {
        if (next === withBad) throw invalid();
      },
    });
    const running = driver.run();
    await sleep(100);
    stop();
    await running;
    expect(derived).toEqual([withBad, depositsOnly]);
    expect(driver.isReady()).toBe(true);
  });

  test("an invalid payload before Holocene takes its span along, and derivation goes on", async () => {
    const { driver, derived, abandoned, stop } = scripted({
      pipelines: [[withBad, depositsOnly].map((each) => ({ kind: "attributes", derived: each }) as const)],
      reject: () => undefined,
      derive: async (next) => {
        if (next === withBad) throw invalid();
      },
    });
    const running = driver.run();
    await sleep(100);
    stop();
    await running;
    expect(derived).toEqual([withBad, depositsOnly]);
    expect(abandoned).toEqual([1]);
  });

  test("stops loudly when deposits alone are invalid, or derivation says so", async () => {
    const failing = scripted({
      pipelines: [[{ kind: "attributes", derived: withBad }]],
      derive: async () => {
        throw invalid();
      },
    });
    await expect(failing.driver.run()).rejects.toMatchObject({ code: "DERIVATION_STOPPED" });
    const error = new CodedError("DEPOSIT_LOG_INVALID", "input", { message: "bad" });
    const critical = scripted({ pipelines: [[{ kind: "critical", error }]] });
    await expect(critical.driver.run()).rejects.toBe(error);
  });

  test("starts again when the pipeline or the sequencer asks for it", async () => {
    const { driver, resets, stop } = scripted({ pipelines: [[{ kind: "reset", reason: "fork" }]] });
    const running = driver.run();
    await sleep(100);
    expect(resets).toHaveLength(2);
    driver.requestReset("origin gone");
    expect(driver.isReady()).toBe(false);
    await sleep(100);
    expect(resets).toHaveLength(3);
    stop();
    await running;
  });

  test("sees that L1 replaced the block it read last", async () => {
    let branch = 0;
    const { driver, resets, newHead, stop } = scripted({
      pipelines: [],
      l1: (number) => ref(Number(number), number === 0n ? 0 : branch),
    });
    const running = driver.run();
    await sleep(100);
    newHead();
    await sleep(50);
    expect(resets).toHaveLength(1);
    branch = 1;
    newHead();
    await sleep(100);
    expect(resets.length).toBeGreaterThanOrEqual(2);
    stop();
    await running;
  });

  test("an L1 that does not have the block it read last only lags, however long; another block there is a reorganisation", async () => {
    let height = 4n;
    let branch = 0;
    const { driver, resets, newHead, stop } = scripted({
      pipelines: [],
      l1: (number) => (number <= height ? ref(Number(number), number === 0n ? 0 : branch) : undefined),
      latest: () => ref(Number(height), branch),
    });
    const running = driver.run();
    await sleep(100);
    height = 2n;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => Date.now() + 10 * 3_600_000);
    for (let i = 0; i < 5; i++) {
      newHead();
      await sleep(50);
    }
    clock.mockRestore();
    expect(resets).toHaveLength(1);
    expect(driver.isReady()).toBe(true);
    branch = 1;
    height = 4n;
    newHead();
    await sleep(100);
    expect(resets.length).toBeGreaterThanOrEqual(2);
    stop();
    await running;
  });
});
