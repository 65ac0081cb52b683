import { bytesToHex, hexToBytes } from "@ethereumjs/util";
import { isCodedError } from "../../../base/errors.ts";
import { L2_TO_L1_MESSAGE_PASSER } from "../../../chain/constants.ts";
import type { FlatState } from "../../state/flat-state.ts";
import type { NodeStore } from "../../state/node-store.ts";
import { commitChanges, storageRootAfter } from "../../state/state-commit.ts";
import type { StateView } from "../../state/state-view.ts";
import { blockHashes } from "../block/block-hashes.ts";
import {
  type BlockCommit,
  type BlockMachine,
  type BlockStart,
  type DepositTx,
  type MachineFactory,
  MachineFault,
  type SignedResult,
  type SignedTx,
} from "../block/machine.ts";
import type { TxOutcome } from "../block/outcome.ts";
import type { BlockState, Tracer } from "../block/tracer.ts";
import { viewBlockState } from "../block/view-state.ts";
import type { ChainRules } from "../executor.ts";
import { type BlockEnv, evmBlock } from "./block-env.ts";
import { createChainEvm } from "./chain-evm.ts";
import { ChainState } from "./chain-state.ts";
import { executeDeposit } from "./deposit-transaction.ts";
import { executeSigned } from "./signed-transaction.ts";
import { startBlock } from "./system-calls.ts";
import { traceEvm } from "./trace.ts";

const passer = hexToBytes(L2_TO_L1_MESSAGE_PASSER);

/** Blocks on @ethereumjs/evm: the rule that faster machines are compared with. */
export function ethereumjsMachines(rules: ChainRules, nodes: NodeStore, flat: FlatState): MachineFactory {
  return {
    async open(start) {
      const view = flat.view(start.parent.stateRoot);
      const state = new ChainState(view);
      const hashOf = blockHashes(rules, view, start.parent, start.header);
      const evm = await createChainEvm(rules, state, hashOf, start.header.timestamp);
      const env: BlockEnv = {
        rollup: rules.rollup,
        evm,
        state,
        block: evmBlock(start.header),
        fees: undefined,
      };
      await startBlock(env, rules, start.header.parentHash, start.parentBeaconBlockRoot);
      return new EthereumjsMachine(rules, nodes, view, start, env);
    },
  };
}

class EthereumjsMachine implements BlockMachine {
  private readonly rules: ChainRules;
  private readonly nodes: NodeStore;
  private readonly view: StateView;
  private readonly start: BlockStart;
  private readonly env: BlockEnv;
  private mark: number | undefined;
  /** The state that a traced transaction found. */
  private found: BlockState | undefined;
  private stopTracing: (() => void) | undefined;

  constructor(rules: ChainRules, nodes: NodeStore, view: StateView, start: BlockStart, env: BlockEnv) {
    this.rules = rules;
    this.nodes = nodes;
    this.view = view;
    this.start = start;
    this.env = env;
  }

  deposit({ deposit }: DepositTx): Promise<TxOutcome> {
    return executeDeposit(this.env, deposit);
  }

  async signed(transaction: SignedTx, daScalar: bigint | undefined): Promise<SignedResult> {
    const { state } = this.env;
    if (this.mark !== undefined) state.release(this.mark);
    this.mark = state.mark();
    try {
      return await executeSigned(this.env, transaction, daScalar);
    } catch (error) {
      this.undo();
      if (isCodedError(error)) throw error;
      const { parent, header } = this.start;
      const hashOf = blockHashes(this.rules, this.view, parent, header);
      this.env.evm = await createChainEvm(this.rules, state, hashOf, header.timestamp);
      throw new MachineFault(error);
    }
  }

  listen(tracer: Tracer | undefined): void {
    this.stopTracing?.();
    const { evm, state } = this.env;
    this.found = tracer?.wants.states ? viewBlockState(state.snapshot()) : undefined;
    this.stopTracing = tracer && traceEvm(evm, state, tracer);
  }

  before(): BlockState {
    if (this.found === undefined) throw new Error("no listener has asked for states");
    return this.found;
  }

  after(): BlockState {
    return viewBlockState(this.env.state);
  }

  undo(): void {
    if (this.mark === undefined) return;
    this.env.state.rollback(this.mark);
    this.mark = undefined;
  }

  commit(): BlockCommit {
    const state = commitChanges(this.nodes, this.view, this.env.state.changes());
    return { state, messagePasserRoot: () => bytesToHex(storageRootAfter(state, this.view, passer)) };
  }

  close(): void {}
}
