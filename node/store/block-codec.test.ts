import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { privateKeyToAccount } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS } from "../../test/harness/blocks.ts";
import { hexToBytes } from "../base/bytes.ts";
import { blockSize, decodeBlock, encodeBlock } from "../chain/codec/block.ts";
import { decodeTransaction } from "../chain/codec/transaction.ts";
import type { Block } from "../chain/types/block.ts";
import type { ChainTransaction, SignedTransaction } from "../chain/types/transaction.ts";
import { decodeBlockHead, decodeStoredBlock, encodeBlockBody, encodeBlockHead } from "./block-codec.ts";

/** As many transfers as 30 million gas hold. */
const FULL = 1_428;
const CACHED_BLOCKS = 256;
const rules = { l2ChainId: 901n };

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function stored(block: Block): Block {
  const head = decodeBlockHead(encodeBlockHead(block));
  return decodeStoredBlock(block.hash, head, encodeBlockBody(block));
}

/** All that anybody reads of a transaction. */
function fieldsOf(transaction: ChainTransaction): unknown {
  if (transaction.kind === "deposit") return transaction;
  const { kind, type, raw, hash, from, chainId, nonce, gasLimit, to, value, data, daSize } = transaction;
  const { maxFeePerGas, maxPriorityFeePerGas, accessList, authorizationList } = transaction;
  const { yParity, v, r, s } = transaction;
  const fees = { maxFeePerGas, maxPriorityFeePerGas, daSize };
  const lists = { accessList, authorizationList };
  return {
    ...{ kind, type, raw, hash, from, chainId, nonce, gasLimit, to, value, data },
    ...{ ...fees, ...lists, yParity, v, r, s },
  };
}

async function envelopes(count: number): Promise<Uint8Array[]> {
  const account = privateKeyToAccount(`0x${"07".repeat(32)}`);
  const make = async (nonce: number) =>
    hexToBytes(
      await account.signTransaction({
        type: "eip1559",
        chainId: 901,
        nonce,
        to: `0x${(nonce + 1).toString(16).padStart(40, "7")}`,
        value: 10n ** 18n + BigInt(nonce),
        gas: 21_000n,
        maxFeePerGas: 10n ** 10n + BigInt(nonce),
        maxPriorityFeePerGas: 10n ** 8n,
      }),
    );
  return Promise.all(Array.from({ length: count }, (_, nonce) => make(nonce)));
}

describe("a stored block", () => {
  let raws: Uint8Array[];
  let full: Block;

  beforeAll(async () => {
    raws = await envelopes(FULL);
    const empty = fakeChild(TEST_GENESIS, { hash: l1Hash(1), number: 1n });
    const transactions = raws.map((raw) => decodeTransaction(raw, rules));
    full = { ...empty, transactions: [...empty.transactions, ...transactions] };
  });

  it("comes back with every field of its transactions, and in the same wire form", () => {
    const back = stored(full);
    expect(back.hash).toBe(full.hash);
    expect(back.header).toEqual(full.header);
    expect(back.transactions.map(fieldsOf)).toEqual(full.transactions.map(fieldsOf));
    expect(encodeBlock(back)).toEqual(encodeBlock(full));
    expect(blockSize(back)).toBe(encodeBlock(full).length);
    expect(decodeBlock(encodeBlock(back), rules).transactions.map(fieldsOf)).toEqual(
      full.transactions.map(fieldsOf),
    );
  });

  it("without transactions, or without an attributes deposit, comes back too", () => {
    for (const block of [TEST_GENESIS, { ...full, transactions: full.transactions.slice(1) }]) {
      const back = stored(block);
      expect(back.transactions.map(fieldsOf)).toEqual(block.transactions.map(fieldsOf));
      expect(blockSize(block)).toBe(encodeBlock(block).length);
    }
  });

  it("recovers no signature: the sender is the stored one", () => {
    const body = encodeBlockBody(full);
    const { from } = full.transactions[1]!;
    const at = Buffer.from(body).indexOf(Buffer.from(hexToBytes(from)));
    body[at] = body[at]! ^ 0xff;
    const back = decodeStoredBlock(full.hash, decodeBlockHead(encodeBlockHead(full)), body);
    expect(back.transactions[1]!.from).not.toBe(from);
    expect(back.transactions[2]!.from).toBe(from);
  });

  it("is called damaged when it is cut off or has bytes too many", () => {
    const head = decodeBlockHead(encodeBlockHead(full));
    const corrupt = expect.objectContaining({ code: "STORE_CORRUPT" });
    const body = encodeBlockBody(full);
    for (const length of [0, 3, 4, 50, body.length - 1]) {
      expect(() => decodeStoredBlock(full.hash, head, body.subarray(0, length))).toThrowError(corrupt);
      expect(() => decodeBlockHead(encodeBlockHead(full).subarray(0, length % 400))).toThrowError(corrupt);
    }
    const longer = new Uint8Array(body.length + 1);
    longer.set(body);
    expect(() => decodeStoredBlock(full.hash, head, longer)).toThrowError(corrupt);
  });

  it("of 1,428 transfers is read in well under 10 ms", () => {
    const headRecord = encodeBlockHead(full);
    const body = encodeBlockBody(full);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      decodeStoredBlock(full.hash, decodeBlockHead(headRecord), body);
      best = Math.min(best, performance.now() - start);
    }
    expect(best).toBeLessThan(5);
  });

  it("256 times, full and with all fields read, stays under 400 MB", () => {
    const head = decodeBlockHead(encodeBlockHead(full));
    const body = encodeBlockBody(full);
    const before = usedBytes();
    const cache: Block[] = [];
    let sum = 0n;
    for (let i = 0; i < CACHED_BLOCKS; i++) {
      const block = decodeStoredBlock(full.hash, head, body.slice());
      for (const transaction of block.transactions.slice(1) as SignedTransaction[]) {
        sum += transaction.nonce + BigInt(transaction.hash.length);
      }
      cache.push(block);
    }
    const used = usedBytes() - before;
    expect(cache).toHaveLength(CACHED_BLOCKS);
    expect(sum).toBeGreaterThan(0n);
    if (process.env.PRINT_MEMORY)
      console.log(
        `${(used / 1e6).toFixed(0)} MB, ${(used / CACHED_BLOCKS / FULL).toFixed(0)} bytes a transaction`,
      );
    expect(used).toBeLessThan(400e6);
  });
});
