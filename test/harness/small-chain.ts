import { hexToBytes } from "@ethereumjs/util";
import type { ChainDefinition } from "../../node/app/open-chain.ts";
import type { Genesis } from "../../node/chain/config/genesis.ts";
import type { L1BlockRef } from "../../node/chain/types/l1.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import { FORKS } from "../../node/chain/types/rollup.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { TEST_L1_CHAIN, testRollup } from "./blocks.ts";

/**
 * Runtime code for the deposit contract of a test L1: emits `TransactionDeposited(from, to, 0, data)` from calldata
 * `from ++ to ++ data` (32 bytes, 32 bytes, rest): a portal without its checks.
 */
export const TEST_PORTAL_CODE =
  "0x604036038060405f375f6020355f357fb3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32845fa400";

/** Calldata for {@link TEST_PORTAL_CODE}: a deposit from `from` to itself that mints `mint` wei. */
export function mintCall(from: Address, mint: bigint): Hex {
  const word = (value: bigint) => value.toString(16).padStart(64, "0");
  const gas = (100_000).toString(16).padStart(16, "0");
  const opaque = `${word(mint)}${word(0n)}${gas}00`;
  const padded = opaque.padEnd(Math.ceil(opaque.length / 64) * 64, "0");
  const topic = word(BigInt(from));
  return `0x${topic}${topic}${word(32n)}${word(BigInt(opaque.length / 2))}${padded}`;
}

/** A Jovian genesis at `l1`'s time that holds balances only. */
export function smallGenesis(l1: L1BlockRef, funded: readonly Address[]): Genesis {
  return {
    chainId: 901n,
    forkTimes: Object.fromEntries(FORKS.map((fork) => [fork, 0n])),
    timestamp: l1.timestamp,
    number: 0n,
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    baseFeePerGas: 1_000_000_000n,
    difficulty: 0n,
    extraData: hexToBytes("0x01000000fa000000060000000000000000"),
    coinbase: "0x4200000000000000000000000000000000000011",
    mixHash: `0x${"00".repeat(32)}`,
    parentHash: `0x${"00".repeat(32)}`,
    nonce: 0n,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
    alloc: funded.map((address) => ({
      address,
      balance: 10n ** 21n,
      nonce: 0n,
      code: new Uint8Array(0),
      storage: [],
    })),
  };
}

/** The chain of {@link smallGenesis} on `l1`. */
export function smallChain(l1: L1BlockRef, funded: readonly Address[]): ChainDefinition {
  const state = makeGenesis(smallGenesis(l1, funded));
  return {
    rollup: testRollup({ hash: l1.hash, number: l1.number }, state.block),
    l1Chain: TEST_L1_CHAIN,
    openledger: { attributionTime: undefined },
    genesis: state,
  };
}
