import { describe, expect, it } from "vitest";
import { askOf } from "../../test/support/ask.ts";
import { InstantPool } from "../../test/support/instant-pool.ts";
import { createSmallChain, signed } from "../../test/support/small-chain.ts";
import { bytesToHex } from "../base/bytes.ts";
import { decodeTransaction } from "../chain/codec/transaction.ts";

const small = createSmallChain();
const pool = new InstantPool(small);
const ask = askOf(small, { pool });

describe("eth_sendRawTransactionSync", () => {
  it("answers the receipt of a block that is there already", async () => {
    const raw = bytesToHex(await signed({ nonce: 0, value: 1n }));
    const { result } = await ask("eth_sendRawTransactionSync", raw);
    expect(result).toMatchObject({ status: "0x1", gasUsed: "0x5208", blockNumber: "0x1" });
  });

  it("answers the receipt of a block that comes later", async () => {
    const raw = await signed({ nonce: 1, value: 1n });
    const slow = new InstantPool(small);
    slow.add = async (bytes) => {
      setTimeout(() => void small.advance([bytes]), 30);
      return decodeTransaction(bytes, small.rollup).hash;
    };
    const { result } = await askOf(small, { pool: slow })(
      "eth_sendRawTransactionSync",
      bytesToHex(raw),
      5_000,
    );
    expect(result).toMatchObject({ status: "0x1", blockNumber: "0x2" });
  });

  it("names the hash where none comes in time", async () => {
    const raw = await signed({ nonce: 99 });
    const { hash } = decodeTransaction(raw, small.rollup);
    const never = new InstantPool(small);
    never.add = async () => hash;
    const { error } = await askOf(small, { pool: never })("eth_sendRawTransactionSync", bytesToHex(raw), 20);
    expect(error).toEqual({
      code: 4,
      message: "The transaction was added to the transaction pool but wasn't processed in 20ms",
      data: hash,
    });
  });

  it("refuses what the pool refuses, and a timeout that is none", async () => {
    const poor = bytesToHex(await signed({ nonce: 2, value: 10n ** 30n }));
    expect((await ask("eth_sendRawTransactionSync", poor)).error?.code).toBe(-32000);
    expect((await ask("eth_sendRawTransactionSync", poor, "soon")).error?.code).toBe(-32602);
  });
});

describe("what geth answers besides", () => {
  it("names the namespaces that there are", async () => {
    const { result } = await ask("rpc_modules");
    expect(result).toMatchObject({ eth: "1.0", net: "1.0", web3: "1.0", rpc: "1.0", debug: "1.0" });
    expect(result).not.toHaveProperty("optimism");
  });

  it("gives headers without transactions", async () => {
    const { result: block } = await ask("eth_getBlockByNumber", "0x1", false);
    const { result: header } = await ask("eth_getHeaderByNumber", "0x1");
    const { transactions: _, size: __, uncles: ___, withdrawals: ____, ...rest } = block;
    expect(header).toEqual(rest);
    expect((await ask("eth_getHeaderByHash", block.hash)).result).toEqual(header);
    expect((await ask("eth_getHeaderByNumber", "0xffff")).result).toBeNull();
  });

  it("has no uncles and no accounts' transactions", async () => {
    expect((await ask("eth_getUncleByBlockNumberAndIndex", "latest", "0x0")).result).toBeNull();
    expect((await ask("eth_getUncleByBlockHashAndIndex", `0x${"11".repeat(32)}`, "0x0")).result).toBeNull();
    expect((await ask("eth_pendingTransactions")).result).toEqual([]);
  });

  it("gives transactions' bytes by their place", async () => {
    const { result: block } = await ask("eth_getBlockByNumber", "0x1", false);
    const byHash = await ask("eth_getRawTransactionByHash", block.transactions[1]);
    const byNumber = await ask("eth_getRawTransactionByBlockNumberAndIndex", "0x1", "0x1");
    expect(byNumber.result).toBe(byHash.result);
    const byBlock = await ask("eth_getRawTransactionByBlockHashAndIndex", block.hash, "0x1");
    expect(byBlock.result).toBe(byHash.result);
    expect((await ask("eth_getRawTransactionByBlockNumberAndIndex", "0x1", "0x9")).result).toBeNull();
  });

  it("tells the forks' rules and what it keeps", async () => {
    const { result } = await ask("eth_config");
    expect(result).toMatchObject({ next: null, last: null });
    expect(result.current).toMatchObject({ activationTime: 0, blobSchedule: null, chainId: "0x385" });
    expect(result.current.precompiles).toMatchObject({ P256VERIFY: `0x${"100".padStart(40, "0")}` });
    const head = `0x${small.head.number.toString(16)}`;
    expect((await ask("eth_capabilities")).result).toMatchObject({ head: { number: head } });
  });
});

describe("eth_getStorageValues", () => {
  const address = `0x${"12".repeat(20)}`;
  const slot = `0x${"00".repeat(32)}`;

  it("refuses an empty request and too many slots", async () => {
    expect((await ask("eth_getStorageValues", {})).error).toMatchObject({
      code: -32602,
      message: "empty request",
    });
    const many = { [address]: Array.from({ length: 1025 }, () => slot) };
    const { error } = await ask("eth_getStorageValues", many, "latest");
    expect(error).toMatchObject({ code: -38026, message: "too many slots (max 1024)" });
    expect((await ask("eth_getStorageValues", { [address]: [slot] })).result).toEqual({ [address]: [slot] });
  });
});
