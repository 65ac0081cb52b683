import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createBlockFromRLP } from "@ethereumjs/block";
import { createCommonFromGethGenesis } from "@ethereumjs/common";
import { createEVM } from "@ethereumjs/evm";
import { RLP } from "@ethereumjs/rlp";
import type { TypedTransaction } from "@ethereumjs/tx";
import { bytesToBigInt, bytesToHex, hexToBytes } from "@ethereumjs/util";
import { createVM, type RunBlockResult, runBlock, type VM } from "@ethereumjs/vm";
import { loadKZG } from "kzg-wasm";
import { createLogger } from "../../node/base/logger.ts";
import { headerFromFields } from "../../node/chain/codec/header.ts";
import { genesisHeader, parseGenesis } from "../../node/chain/config/genesis.ts";
import { keccakHash } from "../../node/chain/crypto.ts";
import type { Block, Receipt } from "../../node/chain/types/block.ts";
import { FORKS, type RollupConfig } from "../../node/chain/types/rollup.ts";
import type { ChainTransaction, SignedType } from "../../node/chain/types/transaction.ts";
import { creationAddress } from "../../node/execution/evm/block/outcome.ts";
import { createExecutor } from "../../node/execution/evm/create-executor.ts";
import { ChainState } from "../../node/execution/evm/ethereumjs/chain-state.ts";
import { chainCrypto } from "../../node/execution/evm/ethereumjs/crypto.ts";
import { createStateReader } from "../../node/execution/evm/state-reader.ts";
import { createMempool } from "../../node/execution/mempool/mempool.ts";
import type { Mempool } from "../../node/execution/mempool/types.ts";
import { isEmptyCode } from "../../node/execution/state/account.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { MemoryDatabase } from "../../node/execution/state/memory-database.ts";
import { NodeStore } from "../../node/execution/state/node-store.ts";
import { commitChanges } from "../../node/execution/state/state-commit.ts";
import { TrieView } from "../../node/execution/state/state-view.ts";
import { createDispatcher, type Dispatcher } from "../../node/rpc/dispatch.ts";
import { nodeRpcMethods } from "../../node/rpc/node-methods.ts";
import { DEFAULT_RPC_LIMITS } from "../../node/rpc/server.ts";
import { EXECUTOR } from "../support/executor-kind.ts";
import { jsonDifference } from "../support/json-difference.ts";
import { MemoryChain } from "../support/memory-chain.ts";
import { memoryJournal } from "../support/memory-journal.ts";
import { type GroupResult, GroupRun } from "./group.ts";

/** Our state under the stock VM: it asks for the root after each block, and expects it to be flushed. */
class FlushingState extends ChainState {
  private readonly start: TrieView;
  private readonly target: MemoryDatabase;

  constructor(start: TrieView, target: MemoryDatabase) {
    super(start);
    this.start = start;
    this.target = target;
  }

  override async getStateRoot(): Promise<Uint8Array> {
    const { root, writes } = commitChanges(new NodeStore(this.target), this.start, this.changes());
    this.target.write(writes);
    return hexToBytes(root);
  }

  override shallowCopy(): FlushingState {
    throw new Error("not copied while importing");
  }
}

function chainTransaction(signed: TypedTransaction): ChainTransaction {
  const raw = signed.serialize();
  const dynamic = "maxFeePerGas" in signed;
  const isLegacy = signed.type === 0;
  const v = signed.v ?? 0n;
  const list = "accessList" in signed ? signed.accessList : [];
  const authorizations = ("authorizationList" in signed ? signed.authorizationList : []) as Uint8Array[][];
  return {
    kind: "signed",
    // The suite's chain has blob transactions, which ours can't have.
    type: signed.type as SignedType,
    raw,
    hash: keccakHash(raw),
    from: signed.getSenderAddress().toString(),
    chainId: "chainId" in signed ? signed.chainId : v > 28n ? (v - 35n) / 2n : undefined,
    nonce: signed.nonce,
    gasLimit: signed.gasLimit,
    to: signed.to?.toString(),
    value: signed.value,
    data: signed.data,
    maxFeePerGas: dynamic ? signed.maxFeePerGas : signed.gasPrice,
    maxPriorityFeePerGas: dynamic ? signed.maxPriorityFeePerGas : signed.gasPrice,
    accessList: list.map(([address, keys]) => ({
      address: bytesToHex(address),
      storageKeys: keys.map((key) => bytesToHex(key)),
    })),
    authorizationList: authorizations.map(([chainId, address, nonce, yParity, r, s]) => ({
      chainId: bytesToBigInt(chainId!),
      address: bytesToHex(address!),
      nonce: bytesToBigInt(nonce!),
      yParity: Number(bytesToBigInt(yParity!)),
      r: bytesToBigInt(r!),
      s: bytesToBigInt(s!),
    })),
    yParity: (isLegacy ? (v + 1n) % 2n : v) === 0n ? 0 : 1,
    v,
    r: signed.r ?? 0n,
    s: signed.s ?? 0n,
    daSize: 0n,
  };
}

function receiptOf(
  result: RunBlockResult,
  index: number,
  signed: TypedTransaction,
  baseFee: bigint,
): Receipt {
  const { receipt, totalGasSpent } = result.results[index]!;
  const price =
    "maxFeePerGas" in signed ? signed.getEffectivePriorityFee(baseFee) + baseFee : signed.gasPrice;
  return {
    type: signed.type,
    status: "status" in receipt && Number(receipt.status) === 1 ? 1 : 0,
    cumulativeGasUsed: receipt.cumulativeBlockGasUsed,
    logsBloom: receipt.bitvector,
    logs: receipt.logs.map(([address, topics, data]) => ({
      address: bytesToHex(address),
      topics: topics.map((topic) => bytesToHex(topic)),
      data,
    })),
    gasUsed: totalGasSpent,
    effectiveGasPrice: price,
    contractAddress:
      signed.to === undefined
        ? creationAddress(signed.getSenderAddress().toString(), signed.nonce)
        : undefined,
    depositNonce: undefined,
    depositReceiptVersion: undefined,
    l1: undefined,
  };
}

interface ImportedChain {
  chain: MemoryChain;
  database: MemoryDatabase;
  chainId: bigint;
}

async function importBlock(vm: VM, raw: Uint8Array, chain: MemoryChain): Promise<void> {
  const block = createBlockFromRLP(raw, { common: vm.common, setHardfork: true });
  const result = await runBlock(vm, {
    block,
    skipHeaderValidation: true,
    skipBlockValidation: true,
    setHardfork: true,
  });
  const [fields] = RLP.decode(raw) as unknown[];
  const ours: Block = {
    hash: bytesToHex(block.hash()),
    header: headerFromFields(fields),
    transactions: block.transactions.map(chainTransaction),
  };
  const baseFee = block.header.baseFeePerGas ?? 0n;
  chain.append(
    ours,
    block.transactions.map((signed, index) => receiptOf(result, index, signed, baseFee)),
  );
}

/** The suite's chain, executed by the stock VM over our state, from Frontier to the newest fork. */
async function importChain(folder: string): Promise<ImportedChain> {
  const json = JSON.parse(readFileSync(join(folder, "genesis.json"), "utf8"));
  const genesis = parseGenesis(json);
  const database = new MemoryDatabase();
  const start = makeGenesis(genesis);
  database.write(start.stateWrites);
  const chain = new MemoryChain();
  const header = {
    ...genesisHeader(genesis, start.block.header.stateRoot, start.block.header.stateRoot),
    baseFeePerGas: undefined,
  };
  const rest = readFileSync(join(folder, "chain.rlp"));
  let remainder: Uint8Array = new Uint8Array(rest);
  const blocks: Uint8Array[] = [];
  while (remainder.length > 0) {
    const decoded = RLP.decode(remainder, true) as { remainder: Uint8Array };
    blocks.push(remainder.subarray(0, remainder.length - decoded.remainder.length));
    remainder = decoded.remainder;
  }
  const [firstHeader] = RLP.decode(blocks[0]!) as unknown[];
  chain.append({ hash: headerFromFields(firstHeader).parentHash, header, transactions: [] }, []);
  const kzg = await loadKZG();
  const common = createCommonFromGethGenesis(json, { customCrypto: { ...chainCrypto, kzg } });
  const atGenesis = new TrieView(new NodeStore(database), hexToBytes(header.stateRoot));
  const state = new FlushingState(atGenesis, database);
  const evm = await createEVM({ common, stateManager: state });
  const vm = await createVM({ common, stateManager: state, evm });
  for (const raw of blocks) await importBlock(vm, raw, chain);
  return { chain, database, chainId: genesis.chainId };
}

/** The RPC layer reads fork rules from a rollup config: every fork is on. */
function rulesFor(chainId: bigint): RollupConfig {
  const zero = `0x${"00".repeat(32)}` as const;
  const address = `0x${"00".repeat(20)}` as const;
  return {
    genesis: {
      l1: { hash: zero, number: 0n },
      l2: { hash: zero, number: 0n },
      l2Time: 0n,
      systemConfig: {
        batcherAddress: address,
        overhead: 0n,
        scalar: 0n,
        gasLimit: 0n,
        eip1559Denominator: 0,
        eip1559Elasticity: 0,
        operatorFeeScalar: 0,
        operatorFeeConstant: 0n,
        minBaseFee: 0n,
        daFootprintGasScalar: 0,
      },
    },
    blockTime: 10n,
    maxSequencerDrift: 0n,
    seqWindowSize: 0n,
    channelTimeout: 0n,
    l1ChainId: 1n,
    l2ChainId: chainId,
    forkTimes: Object.fromEntries(
      FORKS.filter((f) => f !== "holocene" && f !== "jovian").map((f) => [f, 0n]),
    ),
    batchInboxAddress: address,
    depositContractAddress: address,
    l1SystemConfigAddress: address,
    eip1559Elasticity: 2,
    eip1559Denominator: 8,
    eip1559DenominatorCanyon: 8,
  };
}

/** The node's mempool over the imported chain; nothing is mined. */
async function poolOver(
  chain: MemoryChain,
  database: MemoryDatabase,
  rollup: RollupConfig,
): Promise<Mempool> {
  const head = (await chain.headerByNumber(chain.head().number))!.header;
  const view = new TrieView(new NodeStore(database), hexToBytes(head.stateRoot));
  return createMempool({
    journal: memoryJournal(),
    chain: {
      account(address) {
        const found = view.account(hexToBytes(address));
        return found && { ...found, hasCode: !isEmptyCode(found.codeHash) };
      },
      baseFee: () => head.baseFeePerGas ?? 0n,
      gasLimit: () => 30_000_000n,
      extraCost: () => 0n,
    },
    rules: rollup,
    logger: createLogger({ level: "error", format: "text" }),
  });
}

async function startRpc(folder: string): Promise<{ dispatcher: Dispatcher; methods: Set<string> }> {
  const { chain, database, chainId } = await importChain(folder);
  const rollup = rulesFor(chainId);
  const state = createStateReader(database);
  const rules = { rollup, openledger: { attributionTime: undefined } };
  const methods = nodeRpcMethods({
    chain,
    state,
    pool: await poolOver(chain, database, rollup),
    simulator: createExecutor({
      kind: EXECUTOR,
      ...rules,
      stateDatabase: database,
      ancestorHash: (number) => chain.hashAt(number),
    }),
    rollup,
    version: "openledger/conformance",
  });
  const dispatcher = createDispatcher(methods, DEFAULT_RPC_LIMITS, (_method, error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  });
  return { dispatcher, methods: new Set(Object.keys(methods)) };
}

interface Exchange {
  request: string;
  response: Record<string, unknown>;
}

interface Case {
  exchanges: Exchange[];
  /** Only the form of the answer is compared. */
  isSpecOnly: boolean;
}

function parseCase(text: string): Case {
  const exchanges: Exchange[] = [];
  let request = "";
  for (const line of text.split("\n")) {
    if (line.startsWith(">> ")) request = line.slice(3);
    if (line.startsWith("<< ")) exchanges.push({ request, response: JSON.parse(line.slice(3)) });
  }
  return { exchanges, isSpecOnly: /^\/\/ speconly:/m.test(text) };
}

/** Error texts differ between clients; codes and data don't. */
function withoutMessage(answer: Record<string, unknown>): Record<string, unknown> {
  const { error } = answer;
  if (typeof error !== "object" || error === null) return answer;
  const { message: _, ...rest } = error as Record<string, unknown>;
  return { ...answer, error: rest };
}

/** For `speconly` cases: result or error as expected, and a result of the same JSON type with the same keys. */
function formDifference(
  actual: Record<string, unknown>,
  expected: Record<string, unknown>,
): string | undefined {
  if ("error" in expected !== "error" in actual) return `answered ${JSON.stringify(actual).slice(0, 200)}`;
  if ("error" in expected) return undefined;
  const [a, b] = [actual.result, expected.result];
  if (typeof a !== typeof b) return `result is ${typeof a} instead of ${typeof b}`;
  if (typeof b !== "object" || b === null || a === null) return undefined;
  const keys = (value: unknown) =>
    Object.keys(value as object)
      .sort()
      .join();
  return Array.isArray(b) || keys(a) === keys(b) ? undefined : `result has fields ${keys(a)}`;
}

const NO_BLOBS = "blob transactions don't exist on an OP Stack L2";
const NO_STATE_ROOT = "before Byzantium a receipt held a state root; no OP Stack chain has such receipts";

const BASE_FEE_VAULT = "an OP Stack chain pays the base fee into a vault: another state root";

/** Methods that only make sense on Ethereum's own L1. */
const NOT_OURS: Readonly<Record<string, string>> = {
  testing_buildBlockV1: "builds L1 blocks for tests; an OP Stack block is built from payload attributes",
};

/** Cases of existing methods about things that the chain's own types leave out. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "eth_getTransactionByHash/get-blob-tx": NO_BLOBS,
  "eth_getTransactionReceipt/get-blob-tx": NO_BLOBS,
  "eth_getBlockReceipts/get-block-receipts-by-hash": NO_STATE_ROOT,
  "eth_getBlockReceipts/get-block-receipts-n": NO_STATE_ROOT,
  "eth_getTransactionReceipt/get-legacy-contract": NO_STATE_ROOT,
  "eth_getTransactionReceipt/get-legacy-receipt": NO_STATE_ROOT,
  "eth_sendRawTransaction/send-blob-tx": NO_BLOBS,
  "eth_config/get-config": "names L1's forks, blob schedule and system contracts",
  "eth_simulateV1/ethSimulate-check-that-nonce-increases": BASE_FEE_VAULT,
  "eth_simulateV1/ethSimulate-simple-validation-fulltx": BASE_FEE_VAULT,
  "eth_simulateV1/ethSimulate-use-as-many-features-as-possible": BASE_FEE_VAULT,
  "eth_simulateV1/ethSimulate-empty-with-block-num-set-firstblock":
    "simulates a block of proof of work; no OP Stack chain has one",
  "debug_getRawBlock/get-block-n": "the block has an uncle; an OP Stack block has none",
};

function skipReason(method: string, name: string, methods: Set<string>): string | undefined {
  if (!methods.has(method)) return NOT_OURS[method] ?? "method not implemented";
  return NOT_RUN[name];
}

async function runCase(dispatcher: Dispatcher, { exchanges, isSpecOnly }: Case): Promise<string | undefined> {
  for (const { request, response } of exchanges) {
    const answer = JSON.parse((await dispatcher.handle(request, { connection: undefined })) ?? "{}");
    const difference = isSpecOnly
      ? formDifference(answer, response)
      : jsonDifference(withoutMessage(answer), withoutMessage(response));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** The JSON-RPC suite of ethereum/execution-apis against our RPC layer. */
export async function runExecutionApis(folder: string): Promise<GroupResult> {
  const group = new GroupRun("execution-apis");
  const { dispatcher, methods } = await startRpc(folder);
  const folders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const { name: method } of folders.sort((a, b) => a.name.localeCompare(b.name))) {
    for (const file of (await readdir(join(folder, method))).sort()) {
      const name = `${method}/${file.replace(/\.io$/, "")}`;
      const reason = skipReason(method, name, methods);
      if (reason === undefined) {
        const parsed = parseCase(readFileSync(join(folder, method, file), "utf8"));
        await group.case(name, () => runCase(dispatcher, parsed));
      } else group.skip(name, reason);
    }
  }
  return group.result;
}
