import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDiskChain, type DiskChain } from "../../../test/support/disk-chain.ts";
import { SENDER, signed } from "../../../test/support/small-chain.ts";
import { bytesToBigInt, hexToBytes } from "../../base/bytes.ts";
import { monotonicMs } from "../../base/clock.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import type { CallRequest } from "../evm/executor.ts";
import type { SimulationPool } from "./simulation-pool.ts";

/** JUMPDEST, PUSH0, JUMP. */
const loops: Address = `0x${"10".repeat(20)}`;
/** Returns the number of its block. */
const counts: Address = `0x${"11".repeat(20)}`;
/** Adds 1 to slot 0; returns that, and the number of its block. */
const adds: Address = `0x${"12".repeat(20)}`;
/** Reverts with its input. */
const reverts: Address = `0x${"13".repeat(20)}`;

let disk: DiskChain;
let pool: SimulationPool;

const request = (to: Address | undefined, data: Hex = "0x", gas = 1_000_000n): CallRequest => ({
  from: SENDER.address.toLowerCase() as Address,
  to,
  value: 0n,
  data: hexToBytes(data),
  gas,
  gasPrice: 0n,
});
const ENDLESS = request(loops, "0x", 10n ** 12n);

beforeAll(async () => {
  disk = await createDiskChain({
    accounts: [
      { address: loops, codeHex: "0x5b5f56" },
      { address: counts, codeHex: "0x435f5260205ff3" },
      { address: adds, codeHex: "0x60015f5401805f555f524360205260405ff3" },
      { address: reverts, codeHex: "0x365f5f37365ffd" },
    ],
  });
  pool = disk.startPool({ deadlineMs: 1_000 });
});
afterAll(() => disk.close());

describe("calls on threads", () => {
  it("answer what the executor answers", async () => {
    const { executor, head } = disk.small;
    for (const one of [
      request(counts),
      request(adds),
      request(reverts, "0x1234"),
      request(loops, "0x", 100_000n),
      request(undefined, "0x5f5ff3"),
    ]) {
      expect(await pool.call(head, one)).toEqual(await executor.call(head, one));
      const list = await pool.createAccessList(head, one);
      expect(list).toEqual(await executor.createAccessList(head, one));
    }
    expect(await pool.estimateGas(head, request(adds))).toBe(await executor.estimateGas(head, request(adds)));
    expect(await pool.estimateGas(head, request(reverts))).toMatchObject({ error: { kind: "revert" } });
  });

  it("keep an error's code, words and facts", async () => {
    const poor = { ...request(counts), from: loops, gasPrice: 10n ** 9n };
    const error = await disk.small.executor.call(disk.small.head, poor).catch((thrown: unknown) => thrown);
    await expect(pool.call(disk.small.head, poor)).rejects.toMatchObject({
      code: "CALL_FUNDS",
      severity: "input",
      message: (error as Error).message,
      facts: (error as { facts: unknown }).facts,
    });
  });

  it("read blocks that are written after the thread has started", async () => {
    const before = disk.small.head;
    await pool.call(before, request(adds));
    await disk.advance([await signed({ nonce: 0, to: adds })]);
    const words = async (header: typeof before) => {
      const { returnData } = await pool.call(header, request(adds));
      return [bytesToBigInt(returnData.subarray(0, 32)), bytesToBigInt(returnData.subarray(32))];
    };
    expect(await words(disk.small.head)).toEqual([2n, 1n]);
    expect(await words(before)).toEqual([1n, 0n]);
  });

  it("end at their deadline with their thread, in geth's words", async () => {
    const start = monotonicMs();
    const late = pool.call(disk.small.head, ENDLESS);
    const after = pool.call(disk.small.head, request(counts));
    await expect(late).rejects.toMatchObject({
      code: "SIMULATION_TIMEOUT",
      message: "execution aborted (timeout = 1s)",
    });
    expect(monotonicMs() - start).toBeGreaterThanOrEqual(999);
    expect((await after).error).toBeUndefined();
    await expect(pool.estimateGas(disk.small.head, ENDLESS)).rejects.toMatchObject({
      code: "SIMULATION_TIMEOUT",
    });
  });

  it("end earlier where they are told to", async () => {
    const late = pool.call(disk.small.head, ENDLESS, { timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({ message: "execution aborted (timeout = 50ms)" });
  });

  it("leave the thread that makes blocks alone", async () => {
    const late = pool.call(disk.small.head, ENDLESS).catch((error: unknown) => error);
    let turns = 0;
    const ticker = setInterval(() => turns++, 10);
    for (let i = 0; i < 3; i++) await disk.advance();
    expect(await late).toMatchObject({ code: "SIMULATION_TIMEOUT" });
    clearInterval(ticker);
    expect(turns).toBeGreaterThan(20);
  });

  it("do not try for ever to settle an access list", { timeout: 30_000 }, async () => {
    const unstable = request(undefined, "0x5a54", 30_000_000n);
    await expect(pool.createAccessList(disk.small.head, unstable)).rejects.toMatchObject({
      code: "ACCESS_LIST_UNSTABLE",
    });
  });
});

describe("a pool", () => {
  it("refuses what it can't queue, and what waits for too long", async () => {
    const small = disk.startPool({ threads: 1, maxWaiting: 2, maxWaitMs: 30_000, deadlineMs: 1_500 });
    const { head } = disk.small;
    await small.call(head, request(counts));
    const codesOf = async (requests: readonly CallRequest[]) => {
      const all = await Promise.allSettled(requests.map((one) => small.call(head, one)));
      return all.map((one) => (one.status === "rejected" ? one.reason.code : "done"));
    };
    // One runs, seven are with its thread, two wait: those behind the endless one move to the next thread.
    const short = new Array<CallRequest>(10).fill(request(counts));
    const done = new Array<string>(9).fill("done");
    expect(await codesOf([ENDLESS, ...short])).toEqual(["SIMULATION_TIMEOUT", ...done, "SIMULATION_BUSY"]);
    await small.close();
    await expect(small.call(head, request(counts))).rejects.toMatchObject({ code: "SIMULATION_FAILED" });
    const impatient = disk.startPool({ threads: 1, maxWaitMs: 1 });
    await expect(impatient.call(head, request(counts))).rejects.toMatchObject({ code: "SIMULATION_BUSY" });
    await impatient.close();
  });

  it("answers many at once, in order of arrival", async () => {
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const { error } = await pool.call(disk.small.head, request(counts));
        expect(error).toBeUndefined();
        order.push(i);
      }),
    );
    expect(order).toHaveLength(50);
  });

  it("outlives a thread that runs out of memory, and starts another", async () => {
    const small = disk.startPool({ threads: 1, heapMiB: 64 });
    const { head } = disk.small;
    await small.call(head, request(counts));
    const storageKeys = new Array(2_000_000).fill(`0x${"ab".repeat(32)}`);
    const large = { ...request(counts), accessList: [{ address: counts, storageKeys }] };
    const [first, second] = await Promise.allSettled([
      small.call(head, large),
      small.call(head, request(counts)),
    ]);
    expect(first).toMatchObject({ reason: { code: "SIMULATION_FAILED" } });
    expect(second.status).toBe("fulfilled");
    await small.close();
  });

  it("says why no thread starts, and ends what runs when it closes", async () => {
    const nowhere = disk.startPool({ folder: "/does/not/exist" });
    await expect(nowhere.call(disk.small.head, request(counts))).rejects.toMatchObject({
      code: "SIMULATION_FAILED",
      message: expect.stringContaining("/does/not/exist"),
    });
    await nowhere.close();
    const closing = disk.startPool();
    await closing.call(disk.small.head, request(counts));
    const running = closing.call(disk.small.head, ENDLESS).catch((error: unknown) => error);
    await closing.close();
    expect(await running).toMatchObject({ code: "SIMULATION_FAILED" });
  });
});
