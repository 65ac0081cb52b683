import type { BlockHeader } from "../../../chain/types/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { FlatState } from "../../state/flat-state.ts";
import { LayeredView } from "../../state/layered-view.ts";
import type { AccountChange } from "../../state/state-commit.ts";
import type { StateView } from "../../state/state-view.ts";
import { callBlockHashes } from "../block/block-hashes.ts";
import type { MaybePromise } from "../block/machine.ts";
import type { TransactionTracer } from "../block/tracer.ts";
import type { CallRequest, ChainRules } from "../executor.ts";
import { applyOverrides, overriddenHeader, type PrecompileMoves } from "./overrides.ts";
import type { Simulation } from "./simulation.ts";

/** Where messages run. */
export interface CallScene {
  /** The block's fields as the messages see them. */
  header: BlockHeader;
  view: StateView;
  blockHash(number: bigint): Uint8Array | undefined;
  /** Undefined: the chain's own, at their places. */
  precompiles: PrecompileMoves | undefined;
  /** Wei per blob gas; undefined: the chain's, 1. */
  blobBaseFee: bigint | undefined;
  /** A message that pays nothing sees the block's base fee all the same. In a single call it sees 0, as in op-geth. */
  keepsBaseFee: boolean;
  /** A sender's nonce may be the last one, and goes on at 0. */
  wrapsNonces: boolean;
}

export interface RunOptions {
  /** Tell what the message touched. */
  touched: boolean;
  /** Begun before; hears the message, and its end. */
  tracer?: TransactionTracer;
}

/** An EVM at messages that follow each other in one block, each on the changes of those before it. */
export interface CallBlock {
  /** EIP-4788 and EIP-2935: nothing where the contract is not there. */
  systemCall(to: Address, word: Hash): MaybePromise<void>;
  /** Runs a message that was checked before; it pays its gas at its price, and no L1 fee. */
  run(request: CallRequest, options: RunOptions): MaybePromise<Simulation>;
  /** An account as the messages so far have left it. */
  account(address: Address): { nonce: bigint; balance: bigint } | undefined;
  /** What all of them have changed. Nothing runs after it. */
  changes(): AccountChange[];
  /** Gives back what it holds; called once, whatever happened. */
  close(): void;
}

export interface CallMachines {
  open(scene: CallScene): MaybePromise<CallBlock>;
}

/**
 * The scene of one message after `header`'s block, with what the request overrides.
 * @throws CodedError `CALL_OVERRIDE`.
 */
export function sceneOf(
  rules: ChainRules,
  flat: FlatState,
  header: BlockHeader,
  { overrides }: CallRequest,
): CallScene {
  const below = flat.view(header.stateRoot);
  const seen = overriddenHeader(header, overrides?.block);
  const scene: CallScene = {
    header: seen,
    view: below,
    blockHash: callBlockHashes(rules, below, header),
    precompiles: undefined,
    blobBaseFee: overrides?.block?.blobBaseFee,
    keepsBaseFee: false,
    wrapsNonces: false,
  };
  const accounts = overrides?.accounts ?? [];
  if (accounts.length === 0) return scene;
  const view = new LayeredView(below);
  const precompiles = applyOverrides(view, accounts, rules, seen.timestamp);
  return { ...scene, view, precompiles };
}
