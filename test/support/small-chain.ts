import { hexToBytes } from "@ethereumjs/util";
import { privateKeyToAccount } from "viem/accounts";
import { encodeDeposit } from "../../node/chain/codec/deposit.ts";
import { decodeTransaction } from "../../node/chain/codec/transaction.ts";
import { type GenesisAccount, parseGenesis } from "../../node/chain/config/genesis.ts";
import { parseRollupConfig } from "../../node/chain/config/rollup-config.ts";
import { SEQUENCER_FEE_VAULT, ZERO_HASH } from "../../node/chain/constants.ts";
import { l1AttributesDeposit } from "../../node/chain/l1-attributes.ts";
import type { BlockHeader } from "../../node/chain/types/block.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import type { OpenLedgerConfig, PayloadAttributes, RollupConfig } from "../../node/chain/types/rollup.ts";
import type { ChainTransaction } from "../../node/chain/types/transaction.ts";
import { createExecutor, type ExecutorKind } from "../../node/execution/evm/create-executor.ts";
import type {
  CandidateOutcome,
  CandidateSource,
  ExecutedBlock,
  Executor,
} from "../../node/execution/evm/executor.ts";
import { type GenesisState, makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { MemoryDatabase } from "../../node/execution/state/memory-database.ts";
import { Ancestors } from "./ancestors.ts";
import { EXECUTOR } from "./executor-kind.ts";
import { MemoryChain } from "./memory-chain.ts";

/** A funded key of the small chain. */
export const SENDER = privateKeyToAccount(`0x${"01".repeat(32)}`);
export const FUNDS = 10n ** 24n;
const GAS_LIMIT = 30_000_000n;
const GENESIS_TIME = 1000n;
const L1_HASH = `0x${"aa".repeat(32)}` as const;

/** A chain of a few accounts with Jovian's rules at genesis, without the predeploys: all L1 and operator fees are 0. */
export interface SmallChain {
  rollup: RollupConfig;
  executor: Executor;
  database: MemoryDatabase;
  chain: MemoryChain;
  genesis: GenesisState;
  head: BlockHeader;
  /** Attributes of the next block: the L1 attributes deposit, then `transactions`. */
  attributes(transactions?: readonly Uint8Array[]): PayloadAttributes;
  /** Builds the next block and makes it the head. */
  advance(transactions?: readonly Uint8Array[], pool?: CandidateSource): Promise<ExecutedBlock>;
}

export interface SmallChainOptions {
  accounts?: readonly Partial<GenesisAccount & { codeHex: Hex }>[];
  openledger?: OpenLedgerConfig;
  gasLimit?: bigint;
  /** That of the test run unless given. */
  executor?: ExecutorKind;
}

function rollupJson(l2Hash: string) {
  const address = `0x${"dd".repeat(20)}`;
  const forks = [
    "regolith",
    "canyon",
    "delta",
    "ecotone",
    "fjord",
    "granite",
    "holocene",
    "isthmus",
    "jovian",
  ];
  return {
    genesis: {
      l1: { hash: L1_HASH, number: 0 },
      l2: { hash: l2Hash, number: 0 },
      l2_time: Number(GENESIS_TIME),
      system_config: {
        batcherAddr: address,
        overhead: ZERO_HASH,
        scalar: `0x01${"00".repeat(31)}`,
        gasLimit: Number(GAS_LIMIT),
      },
    },
    block_time: 2,
    max_sequencer_drift: 600,
    seq_window_size: 3600,
    channel_timeout: 300,
    l1_chain_id: 900,
    l2_chain_id: 901,
    ...Object.fromEntries(forks.map((fork) => [`${fork}_time`, 0])),
    batch_inbox_address: address,
    deposit_contract_address: address,
    l1_system_config_address: address,
  };
}

function genesisOf(options: SmallChainOptions) {
  const times = ["regolith", "canyon", "ecotone", "fjord", "granite", "holocene", "isthmus", "jovian"];
  const accounts = (options.accounts ?? []).map(({ address, balance, nonce, codeHex }) => [
    address,
    {
      balance: `0x${(balance ?? 0n).toString(16)}`,
      nonce: `0x${(nonce ?? 0n).toString(16)}`,
      code: codeHex ?? "0x",
    },
  ]);
  return parseGenesis({
    config: { chainId: 901, ...Object.fromEntries(times.map((fork) => [`${fork}Time`, 0])) },
    timestamp: `0x${GENESIS_TIME.toString(16)}`,
    gasLimit: `0x${GAS_LIMIT.toString(16)}`,
    extraData: "0x01000000fa000000060000000000000000",
    coinbase: SEQUENCER_FEE_VAULT,
    alloc: {
      [SENDER.address]: { balance: `0x${FUNDS.toString(16)}` },
      ...Object.fromEntries(accounts),
    },
  });
}

export function createSmallChain(options: SmallChainOptions = {}): SmallChain {
  const start = makeGenesis(genesisOf(options));
  const rollup = parseRollupConfig(rollupJson(start.block.hash));
  const database = new MemoryDatabase();
  database.write(start.stateWrites);
  const chain = new MemoryChain();
  chain.append(start.block, []);
  const ancestors = new Ancestors(start.block);
  const executor = createExecutor({
    kind: options.executor ?? EXECUTOR,
    rollup,
    openledger: options.openledger ?? { attributionTime: undefined },
    stateDatabase: database,
    ancestorHash: ancestors.hash,
  });
  const small: SmallChain = {
    rollup,
    executor,
    database,
    chain,
    genesis: start,
    head: start.block.header,
    attributes(transactions = []) {
      const l2Time = small.head.timestamp + rollup.blockTime;
      const deposit = l1AttributesDeposit({
        rollup,
        l1Chain: { chainId: 900n, blobSchedule: [] },
        systemConfig: rollup.genesis.systemConfig,
        origin: { number: 0n, hash: L1_HASH, timestamp: GENESIS_TIME, baseFeePerGas: 1n, excessBlobGas: 0n },
        sequenceNumber: small.head.number + 1n,
        l2Time,
      });
      return {
        timestamp: l2Time,
        prevRandao: ZERO_HASH,
        suggestedFeeRecipient: SEQUENCER_FEE_VAULT,
        parentBeaconBlockRoot: ZERO_HASH,
        transactions: [encodeDeposit(deposit), ...transactions],
        noTxPool: false,
        gasLimit: options.gasLimit ?? GAS_LIMIT,
        eip1559: { denominator: 0, elasticity: 0 },
        minBaseFee: 0n,
      };
    },
    async advance(transactions, pool) {
      const executed = await executor.build(small.head, small.attributes(transactions), pool);
      database.write(executed.state.writes);
      chain.append(executed.block, executed.receipts);
      ancestors.add(executed.block);
      small.head = executed.block.header;
      return executed;
    },
  };
  return small;
}

export interface TransferOptions {
  nonce: number;
  to?: Address | null;
  value?: bigint;
  gas?: bigint;
  data?: Hex;
  maxFeePerGas?: bigint;
  maxPriorityFeePerGas?: bigint;
}

/** A signed type 2 transaction of {@link SENDER}. */
export async function signed(options: TransferOptions): Promise<Uint8Array> {
  const { to = `0x${"ee".repeat(20)}`, ...rest } = options;
  const raw = await SENDER.signTransaction({
    type: "eip1559",
    chainId: 901,
    to,
    value: 0n,
    gas: 100_000n,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 1n,
    ...rest,
  });
  return hexToBytes(raw);
}

/** A pool that gives the transactions in order, one at a time, and remembers what became of them. */
export class ListPool implements CandidateSource {
  readonly outcomes: unknown[] = [];
  /** For each invalid one: whether its sender's others go with it. */
  readonly dropsSenders: boolean[] = [];
  private readonly waiting: readonly ChainTransaction[];
  private next = 0;

  constructor(envelopes: readonly Uint8Array[]) {
    this.waiting = envelopes.map((raw) => decodeTransaction(raw, { l2ChainId: 901n }));
  }

  take(): Extract<ChainTransaction, { kind: "signed" }>[] {
    const transaction = this.waiting[this.next++];
    return transaction?.kind === "signed" ? [transaction] : [];
  }

  settle(outcomes: readonly CandidateOutcome[]): void {
    for (const { outcome } of outcomes) {
      if (typeof outcome === "object") this.dropsSenders.push(outcome.sender);
      this.outcomes.push(typeof outcome === "object" ? { invalid: outcome.invalid } : outcome);
    }
  }
}
