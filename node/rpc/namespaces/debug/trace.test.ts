import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ask, askOf } from "../../../../test/support/ask.ts";
import { createDiskChain, type DiskChain } from "../../../../test/support/disk-chain.ts";
import { createSmallChain, SENDER, type SmallChain, signed } from "../../../../test/support/small-chain.ts";
import { bytesToHex } from "../../../base/bytes.ts";
import { encodeBlock } from "../../../chain/codec/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";

/** Adds 1 to slot 0. */
const adds: Address = `0x${"12".repeat(20)}`;
/** JUMPDEST, PUSH0, JUMP. */
const loops: Address = `0x${"10".repeat(20)}`;
const ACCOUNTS = [
  { address: adds, codeHex: "0x60015f54015f5500" },
  { address: loops, codeHex: "0x5b5f56" },
] as const;
const ZEROS = `0x${"00".repeat(31)}`;
const NOWHERE = `${ZEROS}99`;

describe("debug_trace*", () => {
  let small: SmallChain;
  let ask: Ask;
  let hashes: Hash[];

  beforeAll(async () => {
    small = createSmallChain({ accounts: ACCOUNTS });
    await small.advance();
    const { block } = await small.advance([
      await signed({ nonce: 0, to: adds }),
      await signed({ nonce: 1, to: adds }),
    ]);
    hashes = block.transactions.map(({ hash }) => hash);
    ask = askOf(small);
  });

  it("run the transactions before theirs again", async () => {
    const slots = async (hash: Hash) => {
      const { result } = await ask("debug_traceTransaction", hash, {});
      return result.structLogs.flatMap(({ storage }: { storage?: object }) => (storage ? [storage] : []));
    };
    const storage = (value: number) => ({ [`${ZEROS}00`]: `${ZEROS}0${value}` });
    expect(await slots(hashes[1]!)).toEqual([storage(0), storage(1)]);
    expect(await slots(hashes[2]!)).toEqual([storage(1), storage(2)]);
  });

  it("say the same of a block by number, hash and bytes, and of each of its transactions", async () => {
    const block = (await small.chain.blockByNumber(2n))!;
    const config = { tracer: "callTracer", tracerConfig: { withLog: true } };
    const { result } = await ask("debug_traceBlockByNumber", "0x2", config);
    expect(result.map(({ txHash }: { txHash: Hash }) => txHash)).toEqual(hashes);
    expect((await ask("debug_traceBlockByHash", block.hash, config)).result).toEqual(result);
    expect((await ask("debug_traceBlock", bytesToHex(encodeBlock(block)), config)).result).toEqual(result);
    for (const [i, hash] of hashes.entries()) {
      expect((await ask("debug_traceTransaction", hash, config)).result).toEqual(result[i].result);
    }
  });

  it("refuse what is not there, in op-geth's words", async () => {
    const refused = async (method: string, ...params: unknown[]) => (await ask(method, ...params)).error;
    const genesis = (await small.chain.blockByNumber(0n))!;
    const server = (message: string) => expect.objectContaining({ code: -32000, message });
    expect(await refused("debug_traceTransaction", NOWHERE)).toEqual(server("transaction not found"));
    expect(await refused("debug_traceBlockByHash", NOWHERE)).toEqual(server(`block ${NOWHERE} not found`));
    expect(await refused("debug_traceBlockByNumber", "0x99")).toEqual(server("block #153 not found"));
    expect(await refused("debug_traceBlockByNumber", "0x0")).toEqual(server("genesis is not traceable"));
    expect(await refused("debug_traceBlockByHash", genesis.hash)).toEqual(server("genesis is not traceable"));
    expect(await refused("debug_traceBlock", "0x01")).toEqual(
      server("could not decode block: it is no list"),
    );
    const pending = server("tracing on top of pending is not supported");
    expect(await refused("debug_traceCall", { to: adds }, "pending")).toEqual(pending);
    expect(await refused("debug_traceCall", { to: adds }, "latest", { txIndex: "0x0" })).toEqual(
      server("txIndex is not supported: calls are traced on the state after their block"),
    );
    const poor = { from: adds, to: adds, value: "0x1" };
    expect((await refused("debug_traceCall", poor, "latest"))?.message).toMatch(
      /^tracing failed: insufficient funds for gas \* price \+ value: address 0x[0-9a-fA-F]{40} have 0 want 1$/,
    );
  });

  it("say that a state is deleted, where they would need it", async () => {
    const chain = Object.assign(Object.create(small.chain), { oldestState: () => 2n });
    const pruned = askOf(small, { chain });
    const refused = async (method: string, ...params: unknown[]) => (await pruned(method, ...params)).error;
    const gone = { code: -32000, message: expect.stringMatching(/^historical state .*from block 2 on$/) };
    expect(await refused("debug_traceBlockByNumber", "0x2")).toMatchObject(gone);
    expect(await refused("debug_traceTransaction", hashes[0])).toMatchObject(gone);
    expect(await refused("debug_traceCall", { to: adds }, "0x1")).toMatchObject(gone);
    expect(await refused("debug_traceCall", { to: adds }, "latest")).toBeUndefined();
    const request = { blockStateCalls: [{}] };
    expect(await refused("eth_simulateV1", request, "0x1")).toMatchObject(gone);
    expect(await refused("eth_simulateV1", request, "latest")).toBeUndefined();
  });

  it("refuse a configuration that they do not know", async () => {
    const refused = async (config: unknown) => (await ask("debug_traceTransaction", hashes[1], config)).error;
    expect((await refused({ tracer: "{fault(){}}" }))?.message).toMatch(
      /^tracer "\{fault\(\)\{\}\}" not found/,
    );
    expect(await refused({ timeout: "soon" })).toMatchObject({ message: 'time: invalid duration "soon"' });
    expect(await refused({ enableMemory: 1 })).toMatchObject({ code: -32602 });
    expect(await refused({ limit: -1 })).toMatchObject({ code: -32602 });
    const both = { tracer: "prestateTracer", tracerConfig: { diffMode: true, includeEmpty: true } };
    expect(await refused(both)).toMatchObject({ message: "cannot use diffMode with includeEmpty" });
    const deep = { muxTracer: { muxTracer: { muxTracer: {} } } };
    expect(await refused({ tracer: "muxTracer", tracerConfig: deep })).toMatchObject({ code: -32602 });
  });

  it("refuse a block whose transactions can't be in it", async () => {
    const block = (await small.chain.blockByNumber(2n))!;
    const [first, second, third] = block.transactions;
    const raw = encodeBlock({ ...block, transactions: [first!, third!, second!] });
    const { error } = await ask("debug_traceBlock", bytesToHex(raw), {});
    expect(error?.message).toMatch(/can't be in its block: nonce too high/);
  });
});

describe("traces on threads", () => {
  let disk: DiskChain;
  let ask: Ask;
  const call = { from: SENDER.address, to: loops, gas: "0x2faf080" };

  beforeAll(async () => {
    disk = await createDiskChain({ accounts: ACCOUNTS, executor: "wasm" });
    await disk.advance([await signed({ nonce: 0, to: adds })]);
    ask = askOf(disk.small, { simulator: disk.startPool({ deadlineMs: 55_000 }) });
  });
  afterAll(() => disk.close());

  it("are those of the executor itself", async () => {
    const own = askOf(disk.small);
    for (const tracer of ["callTracer", "prestateTracer", undefined]) {
      const [a, b] = [ask, own].map((each) => each("debug_traceBlockByNumber", "0x1", { tracer }));
      expect(await a).toEqual(await b);
    }
  });

  it("end when their time is over", async () => {
    const late = await ask("debug_traceCall", call, "latest", { timeout: "20ms" });
    expect(late.error).toMatchObject({ code: -32000, message: "execution timeout" });
  });

  it("end when their answer grows too long, and the thread goes on", async () => {
    const { error } = await ask("debug_traceCall", call, "latest", { timeout: "55s" });
    expect(error).toMatchObject({ code: -32000, data: { code: "TRACE_TOO_LARGE" } });
    const short = await ask("debug_traceCall", { ...call, gas: "0x186a0" }, "latest", { limit: 100 });
    expect(short.error).toBeUndefined();
    expect(short.result.structLogs.length).toBeLessThan(10);
  });
});
