import { encodeAbiParameters, encodeFunctionData, erc20Abi, getContractAddress } from "viem";
import { concatBytes, hexToBytes } from "../../node/base/bytes.ts";
import { Random } from "../../node/base/random.ts";
import type { L1Block } from "../../node/chain/types/l1.ts";
import type { Address, Hash } from "../../node/chain/types/primitives.ts";
import type { L1ChainConfig, RollupConfig } from "../../node/chain/types/rollup.ts";
import { ownArtifact } from "../../node/deploy/artifacts.ts";
import { createExecutor } from "../../node/execution/evm/create-executor.ts";
import { type GenesisState, makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { MemoryDatabase } from "../../node/execution/state/memory-database.ts";
import { buildChannel, framesOf } from "../../node/rollup/batcher/channel-out.ts";
import { SpanBuilder } from "../../node/rollup/batcher/span-builder.ts";
import { L2_CHAIN_ID, l1Chain, testGenesis, testRollup } from "../actions/chain-fixture.ts";
import { Miner } from "../actions/miner.ts";
import { Sequencer } from "../actions/sequencer.ts";
import { Ancestors } from "../support/ancestors.ts";
import { type BenchAccount, benchAccounts, type Call, signCall } from "./transfer-client.ts";

/** A chain with the L1 that it can be derived from. */
export interface RecordedChain {
  name: string;
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  genesis: GenesisState;
  l1: readonly L1Block[];
  blobs: ReadonlyMap<Hash, Uint8Array>;
  /** Block hashes by number, the genesis block's first. */
  hashes: readonly string[];
}

export interface MadeChainOptions {
  seed: number;
  /** Loaded ones, beside the first, which deploys the token. */
  blocks: number;
  transactionsPerBlock: number;
}

const SENDERS = 16;
const SEQUENCING_WINDOW = 3_600n;
/** Three L2 blocks to an L1 block. */
const L1_BLOCKS_A_SPAN = 10;
const L2_BLOCKS_A_SPAN = 3 * L1_BLOCKS_A_SPAN;
const MAX_L1_TX_BYTES = 120_000;
/** Accounts that get something; so many that most of a block's are new to it. */
const RECEIVERS = 20_000;
const ETHER = 10n ** 18n;

const senders = benchAccounts(SENDERS);
const deployer = benchAccounts(SENDERS + 1)[SENDERS]!;
const token = getContractAddress({ from: deployer.address, nonce: 0n });

/**
 * A chain made from a seed: blocks of transfers and ERC-20 transfers of 16 senders, posted as span batches in brotli channels.
 * The same options give the same chain.
 */
export async function makeChain({
  seed,
  blocks,
  transactionsPerBlock,
}: MadeChainOptions): Promise<RecordedChain> {
  const config = testGenesis();
  const alloc = [...senders, deployer].map(({ address }) => ({
    address: address.toLowerCase() as Address,
    balance: 10_000n * ETHER,
    nonce: 0n,
    code: new Uint8Array(0),
    storage: [],
  }));
  const genesis = makeGenesis({ ...config, alloc });
  const miner = new Miner();
  const rollup = testRollup(miner.genesis, genesis.block.hash, SEQUENCING_WINDOW);
  const sequencer = new Sequencer({
    rollup,
    l1Chain,
    genesis: genesis.block,
    build: builder(genesis, rollup),
    miner,
  });
  const load = new Load(seed);
  for (let first = 1; first <= blocks + 1; first += L2_BLOCKS_A_SPAN) {
    miner.mineMany(L1_BLOCKS_A_SPAN);
    const span = new SpanBuilder(rollup);
    for (let number = first; number < first + L2_BLOCKS_A_SPAN && number <= blocks + 1; number++) {
      const raws = number === 1 ? load.deployment() : load.block(transactionsPerBlock);
      await span.add(await sequencer.build(...raws));
    }
    const channel = await buildChannel({ span, l1Number: miner.head.number });
    for (const frame of framesOf(channel, MAX_L1_TX_BYTES)) miner.include(frame);
  }
  miner.mineMany(2);
  const l1 = Array.from({ length: Number(miner.head.number) + 1 }, (_, number) => miner.at(BigInt(number))!);
  const hashes = Array.from({ length: blocks + 2 }, (_, number) => sequencer.at(number)!.hash);
  const name = `a chain made from seed ${seed}`;
  return { name, rollup, l1Chain, genesis, l1, blobs: miner.blobs, hashes };
}

function builder(genesis: GenesisState, rollup: RollupConfig) {
  const database = new MemoryDatabase();
  database.write(genesis.stateWrites);
  const ancestors = new Ancestors(genesis.block);
  const executor = createExecutor({
    kind: "wasm",
    rollup,
    openledger: { attributionTime: undefined },
    stateDatabase: database,
    ancestorHash: ancestors.hash,
  });
  return async (...[parent, attributes]: Parameters<ConstructorParameters<typeof Sequencer>[0]["build"]>) => {
    const executed = await executor.build(parent.header, attributes);
    database.write(executed.state.writes);
    ancestors.add(executed.block);
    return executed;
  };
}

/** Signed transactions, in the order of their senders' nonces. */
class Load {
  private readonly random: Random;
  private readonly nonces = senders.map(() => 0);

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** Makes the token and gives some of it to every sender. */
  deployment(): Uint8Array[] {
    const supplyTo = encodeAbiParameters([{ type: "address" }], [deployer.address]);
    const data = concatBytes(hexToBytes(ownArtifact("Open").bytecode), hexToBytes(supplyTo));
    const calls: Call[] = [
      { data: `0x${Buffer.from(data).toString("hex")}`, gas: 5_000_000n },
      ...senders.map(({ address }) => tokenTransfer(address, 10n ** 20n)),
    ];
    return calls.map((call, nonce) => rawOf(deployer, nonce, call));
  }

  block(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.transaction());
  }

  private transaction(): Uint8Array {
    const sender = this.random.below(SENDERS);
    const receiver: Address = `0x${(0xbe1000 + this.random.below(RECEIVERS)).toString(16).padStart(40, "0")}`;
    const call: Call = this.random.chance(50)
      ? { to: receiver, value: 1n, gas: 21_000n }
      : tokenTransfer(receiver, BigInt(1 + this.random.below(1_000)));
    const nonce = this.nonces[sender]!++;
    return rawOf(senders[sender]!, nonce, call);
  }
}

function tokenTransfer(to: Address, amount: bigint): Call {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, amount] });
  return { to: token, value: 0n, gas: 80_000n, data };
}

function rawOf(account: BenchAccount, nonce: number, call: Call): Uint8Array {
  return hexToBytes(signCall(account, L2_CHAIN_ID, nonce, call).raw);
}
