import { packBlock } from "../../../chain/codec/packed-block.ts";
import { EMPTY_CODE_HASH } from "../../../chain/constants.ts";
import type { Block } from "../../../chain/types/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { StateReader } from "../../../execution/evm/executor.ts";
import type { TouchedBlock } from "../../../store/address-index.ts";
import { RPC_CODE } from "../../errors.ts";
import { receiptToRpc } from "../../format/receipt.ts";
import { transactionToRpc } from "../../format/transaction.ts";
import { addressParam } from "../../params.ts";
import { receiptsOf, requireHeader } from "../../resolve.ts";
import {
  type AddressReader,
  type ChainReader,
  type RpcContext,
  RpcError,
  type RpcMethods,
} from "../../types.ts";
import { parentOf, type TraceMethodsOptions } from "../debug/trace.ts";
import { callsOfBlock, lastingCalls } from "./calls.ts";
import { countParam, firstBlockWith, MAX_PAGE, pageSizeParam } from "./params.ts";

/** Blocks that the index may be behind the head before a page would miss too much. */
const MOST_BEHIND = 64n;

/** What Otterscan asks of one address. Source: Otterscan's JSON-RPC API, level 8. */
export function otsAddressMethods(options: TraceMethodsOptions, state: StateReader): RpcMethods {
  const { chain } = options;
  return {
    ots_hasCode: async (params) => {
      const address = addressParam(params[0], 0);
      const at = typeof params[1] === "number" ? `0x${countOf(params[1]).toString(16)}` : params[1];
      const { stateRoot } = await requireHeader(chain, [address, at], 1);
      return hasCode(state, stateRoot, address);
    },
    ots_getTransactionBySenderAndNonce: async (params) => {
      const sender = addressParam(params[0], 0);
      const nonce = BigInt(countParam(params[1], 1, "nonce", Number.MAX_SAFE_INTEGER));
      return bySenderAndNonce(chain, state, sender, nonce);
    },
    ots_getContractCreator: (params, context) =>
      creatorOf(options, state, addressParam(params[0], 0), context),
    ots_searchTransactionsBefore: async (params) => search(chain, params, "down"),
    ots_searchTransactionsAfter: async (params) => search(chain, params, "up"),
  };
}

function countOf(value: number): number {
  return countParam(value, 1, "block number", Number.MAX_SAFE_INTEGER);
}

async function hasCode(state: StateReader, root: Hash, address: Address): Promise<boolean> {
  const account = await state.account(root, address);
  return account !== undefined && account.codeHash !== EMPTY_CODE_HASH;
}

/** The first block after which `is` holds for the state's root; what holds stays so. */
async function firstBlock(
  chain: ChainReader,
  address: Address,
  is: (root: Hash) => Promise<boolean>,
): Promise<Block | undefined> {
  const has = async (number: bigint) => {
    const found = await chain.headerByNumber(number);
    // A reorg took the block away meanwhile.
    if (found === undefined) throw new RpcError(RPC_CODE.server, "header not found");
    return is(found.header.stateRoot);
  };
  const range = { oldest: chain.oldestState(), head: chain.head("unsafe").number };
  const number = await firstBlockWith({ ...range, has }, address);
  return number === undefined ? undefined : chain.blockByNumber(number);
}

async function bySenderAndNonce(
  chain: ChainReader,
  state: StateReader,
  sender: Address,
  nonce: bigint,
): Promise<Hash | null> {
  const isUsed = async (root: Hash) => ((await state.account(root, sender))?.nonce ?? 0n) > nonce;
  const block = await firstBlock(chain, sender, isUsed);
  if (block === undefined) return null;
  const receipts = await receiptsOf(chain, block);
  const found = block.transactions.find((transaction, index) => {
    if (transaction.from !== sender) return false;
    const used = transaction.kind === "deposit" ? receipts[index]!.depositNonce : transaction.nonce;
    return used === nonce;
  });
  return found?.hash ?? null;
}

/** null for what has no code, and for what has it since genesis, by an upgrade or by a delegation (EIP-7702). */
async function creatorOf(
  options: TraceMethodsOptions,
  state: StateReader,
  address: Address,
  context: RpcContext,
): Promise<{ hash: Hash; creator: Address } | null> {
  const { chain } = options;
  const block = await firstBlock(chain, address, (root) => hasCode(state, root, address));
  if (block === undefined || block.header.number === 0n) return null;
  const receipts = await receiptsOf(chain, block);
  const direct = receipts.findIndex(
    ({ contractAddress, status }) => contractAddress === address && status === 1,
  );
  const transaction = block.transactions[direct];
  if (transaction !== undefined) return { hash: transaction.hash, creator: transaction.from };
  const parent = await parentOf(chain, block.header);
  const traces = await callsOfBlock(options, parent, { kind: "block", block: packBlock(block) }, context);
  for (const { txHash, result } of traces) {
    for (const { call } of result === undefined ? [] : lastingCalls(result)) {
      if (call.type.startsWith("CREATE") && call.to === address) return { hash: txHash, creator: call.from };
    }
  }
  return null;
}

function indexOf(chain: ChainReader): AddressReader {
  const { addresses } = chain;
  if (addresses === undefined) {
    throw new RpcError(
      RPC_CODE.server,
      "this node keeps no index of addresses: it has one when it is started with --address-index",
    );
  }
  const [built, head] = [addresses.builtTo(), chain.head("unsafe").number];
  if (built + MOST_BEHIND >= head) return addresses;
  throw new RpcError(
    RPC_CODE.server,
    `the index of addresses is being built: it has ${built + 1n} of ${head + 1n} blocks`,
  );
}

/**
 * A page of an address's transactions, newest first: whole blocks until there are `pageSize`, so that there may be some more.
 * Block number 0 means the chain's end when looking down and its start when looking up.
 */
async function search(chain: ChainReader, params: readonly unknown[], direction: "up" | "down") {
  const address = addressParam(params[0], 0);
  const bound = BigInt(countParam(params[1], 1, "block number", Number.MAX_SAFE_INTEGER));
  const pageSize = pageSizeParam(params[2], 2, MAX_PAGE);
  const isDown = direction === "down";
  const head = chain.head("unsafe").number;
  const from = isDown ? (bound === 0n || bound > head ? head : bound - 1n) : bound === 0n ? 0n : bound + 1n;
  const blocks: TouchedBlock[] = [];
  let count = 0;
  let hasMore = false;
  for await (const found of indexOf(chain).find(address, from, direction)) {
    hasMore = count >= pageSize;
    if (hasMore) break;
    blocks.push(found);
    count += found.indexes.length;
  }
  if (!isDown) blocks.reverse();
  const [isFirst, isLast] = isDown ? [bound === 0n, !hasMore] : [!hasMore, bound === 0n];
  const places = blocks.flatMap((found) => found.indexes.toReversed().map((index) => ({ ...found, index })));
  return {
    txs: places.map(({ block, receipts, index }) =>
      transactionToRpc(block.transactions[index]!, { block, index, receipt: receipts[index] }),
    ),
    receipts: places.map(({ block, receipts, index }) => ({
      ...receiptToRpc(block, receipts, index),
      timestamp: Number(block.header.timestamp),
    })),
    firstPage: isFirst,
    lastPage: isLast,
  };
}
