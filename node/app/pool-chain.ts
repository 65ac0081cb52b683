import { hexToBytes } from "../base/bytes.ts";
import { fastLzSize } from "../chain/codec/transaction.ts";
import { nextBaseFee } from "../chain/rules/base-fee.ts";
import { type FeeContext, isL1CostBySize, l1Cost, operatorFee } from "../chain/rules/rollup-fees.ts";
import type { BlockHeader } from "../chain/types/block.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { RollupConfig } from "../chain/types/rollup.ts";
import type { SignedTransaction } from "../chain/types/transaction.ts";
import { readFeeContext } from "../execution/evm/block/fee-context.ts";
import type { PoolAccountState, PoolChain } from "../execution/mempool/types.ts";
import { isEmptyCode, type StoredAccount } from "../execution/state/account.ts";
import type { NodeStore } from "../execution/state/node-store.ts";
import { type StateView, TrieView } from "../execution/state/state-view.ts";
import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { ChainStore } from "../store/chain-store.ts";

/** Accounts that are kept of one head; more than a pool holds senders. */
const MAX_ACCOUNTS = 32_768;
/** L1 fees that are kept of one head. */
const MAX_SIZES = 4_096;

/** The state of one unsafe head as far as somebody asked. */
interface HeadContext {
  hash: Hash;
  header: BlockHeader;
  view: StateView;
  fees: FeeContext;
  /** Of the next block; wei per gas. */
  baseFee: bigint;
  accounts: Map<Address, PoolAccountState | undefined>;
  /** By the envelope's size compressed by FastLZ, in wei. */
  l1Fees: Map<number, bigint>;
}

/** What the mempool asks, answered from the state of the unsafe head; each account and the fees are read once for a head. */
export function createPoolChain(
  store: Pick<ChainStore, "header">,
  engine: Pick<Engine, "heads">,
  rollup: RollupConfig,
  nodes: NodeStore,
): PoolChain {
  let current: HeadContext | undefined;
  const l1Fee = ({ header, fees, l1Fees }: HeadContext, transaction: SignedTransaction): bigint => {
    const fee = () => l1Cost(rollup, header.timestamp, fees, transaction).fee;
    if (!isL1CostBySize(rollup, header.timestamp, fees)) return fee();
    const size = fastLzSize(transaction);
    const known = l1Fees.get(size);
    if (known !== undefined) return known;
    const found = fee();
    if (l1Fees.size >= MAX_SIZES) l1Fees.clear();
    l1Fees.set(size, found);
    return found;
  };
  const head = (): HeadContext => {
    const { hash } = engine.heads().unsafe;
    if (current?.hash !== hash) current = readHead(store, hash, rollup, nodes);
    return current;
  };
  return {
    account(address) {
      const { accounts, view } = head();
      const known = accounts.get(address);
      if (known !== undefined || accounts.has(address)) return known;
      const stored = view.account(hexToBytes(address));
      const account = stored && stateOf(stored);
      if (accounts.size >= MAX_ACCOUNTS) accounts.clear();
      accounts.set(address, account);
      return account;
    },
    baseFee: () => head().baseFee,
    gasLimit: () => head().header.gasLimit,
    extraCost(transaction) {
      const context = head();
      const { header, fees } = context;
      return l1Fee(context, transaction) + operatorFee(rollup, header.timestamp, fees, transaction.gasLimit);
    },
  };
}

function readHead(
  store: Pick<ChainStore, "header">,
  hash: Hash,
  rollup: RollupConfig,
  nodes: NodeStore,
): HeadContext {
  const header = store.header(hash);
  if (header === undefined) throw new Error("the unsafe head is not stored");
  const view = new TrieView(nodes, hexToBytes(header.stateRoot));
  const fees = readFeeContext((account, slot) => view.storage(account, slot), rollup, header.timestamp);
  const baseFee = nextBaseFee(rollup, header, header.timestamp + rollup.blockTime);
  return { hash, header, view, fees, baseFee, accounts: new Map(), l1Fees: new Map() };
}

function stateOf({ nonce, balance, codeHash }: StoredAccount): PoolAccountState {
  return { nonce, balance, hasCode: !isEmptyCode(codeHash) };
}
