import { decodeFunctionResult, encodeFunctionData, type Hex, parseAbi } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { account, TEST_ANCHOR, TEST_ROLES } from "../../test/harness/deployment.ts";
import { NO_ANCESTORS } from "../../test/support/ancestors.ts";
import { EXECUTOR } from "../../test/support/executor-kind.ts";
import { hexToBytes } from "../base/bytes.ts";
import { aliasAddress, encodeDeposit, userDepositSourceHash } from "../chain/codec/deposit.ts";
import { parseL1ChainConfig } from "../chain/config/l1-chain-config.ts";
import {
  GAS_PRICE_ORACLE,
  OPEN_MINTER,
  SEQUENCER_FEE_VAULT,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../chain/constants.ts";
import { gasPriceOracleAbi, l2CrossDomainMessengerAbi, openMinterAbi } from "../chain/generated/abi.ts";
import { l1AttributesDeposit } from "../chain/l1-attributes.ts";
import type { Block } from "../chain/types/block.ts";
import type { Address } from "../chain/types/primitives.ts";
import { createExecutor } from "../execution/evm/create-executor.ts";
import type { ExecutedBlock, Executor } from "../execution/evm/executor.ts";
import { makeGenesis } from "../execution/state/genesis-state.ts";
import { MemoryDatabase } from "../execution/state/memory-database.ts";
import { L2_CROSS_DOMAIN_MESSENGER, MULTICALL3, NATIVE_ASSET_LIQUIDITY, OPEN_SUPPLY } from "./addresses.ts";
import { anvilChainConfig } from "./chain-files.ts";
import { makeL2Genesis } from "./l2.ts";
import { genesisCirculation, initialSystemConfig, parseChainPlan } from "./plan.ts";

const plan = parseChainPlan({
  attributionTime: 0,
  roles: TEST_ROLES,
  fees: { operatorFeeScalar: 2, operatorFeeConstant: 9 },
});
const AMOUNT = 7n * 10n ** 18n;

/** The deposit that the portal announces for a message of `sender`, as the messenger on L1 makes it. */
function mintDeposit(index: number, sender: Address, to: Address): Uint8Array {
  const mint = { abi: openMinterAbi, functionName: "finalizeDeposit" } as const;
  const message = encodeFunctionData({ ...mint, args: [account("9"), to, AMOUNT] });
  const nonce = (1n << 240n) | BigInt(index);
  const data = encodeFunctionData({
    abi: l2CrossDomainMessengerAbi,
    functionName: "relayMessage",
    args: [nonce, sender, OPEN_MINTER, 0n, 200_000n, message],
  });
  return encodeDeposit({
    sourceHash: userDepositSourceHash(TEST_ANCHOR.startBlock.hash, index),
    from: aliasAddress(TEST_ANCHOR.l1CrossDomainMessenger),
    to: L2_CROSS_DOMAIN_MESSENGER,
    mint: undefined,
    value: 0n,
    gas: 600_000n,
    isSystemTx: false,
    data: hexToBytes(data),
  });
}

describe("the first block on our genesis", () => {
  let executor: Executor;
  let genesis: Block;
  let executed: ExecutedBlock;
  const recipient = account("7");
  const stranger = account("8");

  const call = async (block: Block, to: Address, data: Hex): Promise<Hex> => {
    const request = {
      from: ZERO_ADDRESS,
      to,
      value: 0n,
      data: hexToBytes(data),
      gas: 10_000_000n,
      gasPrice: 0n,
    };
    const result = await executor.call(block.header, request);
    expect(result.error).toBeUndefined();
    return `0x${Buffer.from(result.returnData).toString("hex")}`;
  };
  const balance = async (block: Block, address: Address): Promise<bigint> => {
    const abi = parseAbi(["function getEthBalance(address) view returns (uint256)"]);
    const data = await call(block, MULTICALL3, encodeFunctionData({ abi, args: [address] }));
    return decodeFunctionResult({ abi, data });
  };

  beforeAll(async () => {
    const made = await makeL2Genesis(plan, TEST_ANCHOR);
    const start = makeGenesis(made.genesis);
    genesis = start.block;
    const stateDatabase = new MemoryDatabase();
    stateDatabase.write(start.stateWrites);
    executor = createExecutor({
      kind: EXECUTOR,
      rollup: made.rollup,
      openledger: { attributionTime: 0n },
      stateDatabase,
      ancestorHash: NO_ANCESTORS,
    });
    const l2Time = made.rollup.genesis.l2Time + made.rollup.blockTime;
    const info = l1AttributesDeposit({
      rollup: made.rollup,
      l1Chain: parseL1ChainConfig(anvilChainConfig(900n)),
      systemConfig: initialSystemConfig(plan),
      origin: {
        number: 7n,
        hash: TEST_ANCHOR.startBlock.hash,
        timestamp: TEST_ANCHOR.startBlock.timestamp,
        baseFeePerGas: 1_000_000_000n,
        excessBlobGas: 0n,
      },
      sequenceNumber: 1n,
      l2Time,
    });
    executed = await executor.build(genesis.header, {
      timestamp: l2Time,
      prevRandao: ZERO_HASH,
      suggestedFeeRecipient: SEQUENCER_FEE_VAULT,
      parentBeaconBlockRoot: ZERO_HASH,
      transactions: [
        encodeDeposit(info),
        mintDeposit(0, TEST_ANCHOR.openBridge, recipient),
        mintDeposit(1, account("9"), stranger),
      ],
      noTxPool: true,
      gasLimit: plan.gasLimit,
      eip1559: { denominator: 250, elasticity: 6 },
      minBaseFee: plan.fees.minBaseFee,
    });
    stateDatabase.write(executed.state.writes);
  });

  it("runs L1 attributes and the messages", () => {
    expect(executed.receipts.map((receipt) => receipt.status)).toEqual([1, 1, 1]);
  });

  it("mints OPEN that the bridge locked, and none for another sender", async () => {
    const { block } = executed;
    expect(await balance(block, recipient)).toBe(AMOUNT);
    expect(await balance(block, stranger)).toBe(0n);
    const escrow = genesisCirculation(plan) + AMOUNT;
    expect(await balance(block, NATIVE_ASSET_LIQUIDITY)).toBe(OPEN_SUPPLY - escrow);
    expect(await balance(genesis, NATIVE_ASSET_LIQUIDITY)).toBe(OPEN_SUPPLY - genesisCirculation(plan));
  });

  it("answers wallets: L1 fee, operator fee, name of the coin", async () => {
    const oracle = { abi: gasPriceOracleAbi } as const;
    const read = async (functionName: "getL1Fee" | "getOperatorFee", argument: Hex | bigint) => {
      const data = encodeFunctionData({ ...oracle, functionName, args: [argument] } as never);
      return BigInt(await call(executed.block, GAS_PRICE_ORACLE, data));
    };
    // Least size 100 bytes: 100e6 * (16 * 1 gwei * 1368 + 1 wei * 801949) / 1e12.
    expect(await read("getL1Fee", "0x02")).toBe(
      (100_000_000n * (16n * 10n ** 9n * 1368n + 801_949n)) / 10n ** 12n,
    );
    expect(await read("getOperatorFee", 21_000n)).toBe(21_000n * 2n * 100n + 9n);
    const abi = parseAbi(["function symbol() view returns (string)"]);
    const symbol = await call(
      executed.block,
      "0x4200000000000000000000000000000000000006",
      encodeFunctionData({ abi, functionName: "symbol" }),
    );
    expect(decodeFunctionResult({ abi, data: symbol })).toBe("WOPEN");
  });
});
