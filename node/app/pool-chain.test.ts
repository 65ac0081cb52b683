import { hexToBytes } from "@ethereumjs/util";
import { parseGwei } from "viem";
import { describe, expect, test } from "vitest";
import { createSmallChain, FUNDS, SENDER } from "../../test/support/small-chain.ts";
import { decodeTransaction } from "../chain/codec/transaction.ts";
import { l2BlockRefFromBlock } from "../chain/system-config.ts";
import type { Block } from "../chain/types/block.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { SignedTransaction } from "../chain/types/transaction.ts";
import { NodeStore } from "../execution/state/node-store.ts";
import { createPoolChain } from "./pool-chain.ts";

async function transfer(nonce: number): Promise<Uint8Array> {
  const raw = await SENDER.signTransaction({
    type: "eip1559",
    chainId: 901,
    nonce,
    to: "0x00000000000000000000000000000000000000aa",
    value: 5n,
    gas: 21_000n,
    maxPriorityFeePerGas: 0n,
    maxFeePerGas: parseGwei("10"),
  });
  return hexToBytes(raw);
}

describe("what the mempool asks", () => {
  test("is read once for a head, and anew after it", async () => {
    const small = createSmallChain();
    const blocks = new Map<Hash, Block>();
    let reads = 0;
    const nodes = new NodeStore({
      get: (key) => {
        reads++;
        return small.database.get(key);
      },
    });
    let unsafe: Block | undefined;
    const advance = async (raws: Uint8Array[]) => {
      const { block } = await small.advance(raws);
      blocks.set(block.hash, block);
      unsafe = block;
    };
    await advance([]);
    const heads = () => {
      const ref = l2BlockRefFromBlock(unsafe!, small.rollup);
      return { unsafe: ref, safe: ref, finalized: ref };
    };
    let headers = 0;
    const store = {
      header: (hash: Hash) => {
        headers++;
        return blocks.get(hash)?.header;
      },
    };
    const chain = createPoolChain(store, { heads }, small.rollup, nodes);
    const from = SENDER.address.toLowerCase() as Address;
    const stranger: Address = "0x00000000000000000000000000000000000000bb";
    expect(chain.account(from)).toEqual({ nonce: 0n, balance: FUNDS, hasCode: false });
    expect(chain.account(stranger)).toBeUndefined();
    const raw = await transfer(0);
    const transaction = decodeTransaction(raw, small.rollup) as SignedTransaction;
    expect(chain.extraCost(transaction)).toBe(0n);
    const before = { reads, headers };
    for (let i = 0; i < 3; i++) {
      chain.account(from);
      chain.account(stranger);
      chain.extraCost(transaction);
      expect(chain.gasLimit()).toBe(unsafe!.header.gasLimit);
      chain.baseFee();
    }
    expect({ reads, headers }).toEqual(before);
    await advance([raw]);
    const after = chain.account(from)!;
    expect(after.nonce).toBe(1n);
    expect(after.balance).toBeLessThan(FUNDS - 5n);
    expect(headers).toBe(before.headers + 1);
  });
});
