import type { EVM } from "@ethereumjs/evm";
import { Account, createAddressFromString, type Address as EvmAddress, hexToBytes } from "@ethereumjs/util";
import { BASE_FEE_VAULT } from "../../../chain/constants.ts";
import { floorGas, gasSubjectOf, intrinsicGas } from "../../../chain/rules/gas.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { AccountChange } from "../../state/state-commit.ts";
import { viewBlockState } from "../block/view-state.ts";
import type { CallBlock, CallMachines, CallScene, RunOptions } from "../call/call-block.ts";
import type { PrecompileMoves } from "../call/overrides.ts";
import type { Simulation } from "../call/simulation.ts";
import type { CallRequest, ChainRules } from "../executor.ts";
import { applyAuthorizations } from "./authorization.ts";
import { credit, type EvmBlock, evmBlock } from "./block-env.ts";
import { createChainEvm } from "./chain-evm.ts";
import { ChainState } from "./chain-state.ts";
import { gethWords } from "./halts.ts";
import { accessItems, runMessage, warmUp } from "./message.ts";
import { systemCall } from "./system-calls.ts";
import { noteTouched, sortedList } from "./touched.ts";
import { traceEvm } from "./trace.ts";

/** Messages on @ethereumjs/evm. */
export function ethereumjsCalls(rules: ChainRules): CallMachines {
  return {
    async open(scene) {
      const { header, view, blockHash, blobBaseFee = 1n } = scene;
      const state = new ChainState(view);
      const evm = await createChainEvm(rules, state, blockHash, header.timestamp);
      const warm = [...evm.precompiles.keys()];
      if (scene.precompiles !== undefined) movePrecompiles(evm, scene.precompiles);
      return new EthereumjsCalls({ rules, scene, state, evm, warm, blobBaseFee });
    },
  };
}

/** Precompiles go by address without prefix. */
function movePrecompiles({ precompiles }: EVM, { gone, moved }: PrecompileMoves): void {
  const before = new Map(precompiles);
  for (const address of gone) precompiles.delete(address.slice(2));
  for (const [to, from] of moved) {
    const precompile = before.get(from.slice(2));
    if (precompile !== undefined) precompiles.set(to.slice(2), precompile);
  }
}

interface Parts {
  rules: ChainRules;
  scene: CallScene;
  state: ChainState;
  evm: EVM;
  /** Addresses that are warm in every message: the chain's precompiles, wherever they are now. */
  warm: readonly string[];
  blobBaseFee: bigint;
}

class EthereumjsCalls implements CallBlock {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  private block(baseFeePerGas: bigint | undefined): EvmBlock {
    const { scene, blobBaseFee } = this.parts;
    return evmBlock({ ...scene.header, baseFeePerGas }, blobBaseFee);
  }

  async systemCall(to: Address, word: Hash): Promise<void> {
    const { evm, scene } = this.parts;
    await systemCall(evm, this.block(scene.header.baseFeePerGas), to, word);
  }

  async run(request: CallRequest, { touched: wantsTouched, tracer }: RunOptions): Promise<Simulation> {
    const { rules, scene, state, evm, warm } = this.parts;
    const { rollup } = rules;
    const { timestamp, baseFeePerGas = 0n } = scene.header;
    const isFree = request.gasPrice === 0n && !scene.keepsBaseFee;
    const block = this.block(isFree ? 0n : baseFeePerGas);
    const from = createAddressFromString(request.from);
    const to = request.to === undefined ? undefined : createAddressFromString(request.to);
    const { data, value, gas, gasPrice, accessList = [], authorizationList = [] } = request;
    const subject = gasSubjectOf({ data, to: request.to, accessList, authorizationList });
    const found = tracer?.wants.states ? state.snapshot() : undefined;
    await stepSender(evm, from, request);
    const refund = await applyAuthorizations(evm, rollup.l2ChainId, authorizationList);
    const touched = wantsTouched ? noteTouched(evm) : undefined;
    warmUp(evm, block, from, to, accessItems(accessList), warm);
    const intrinsic = intrinsicGas(subject, rollup, timestamp);
    const floor = floorGas(data, rollup, timestamp);
    const stopTracing = tracer && traceEvm(evm, state, tracer);
    const result = await runMessage(evm, block, {
      ...{ from, to, value, data, gasPrice, intrinsic, floor, refund },
      gasLimit: gas,
    });
    await this.pay(request, result.gasUsed, baseFeePerGas);
    await evm.journal.cleanup();
    evm.stateManager.originalStorageCache.clear();
    stopTracing?.();
    if (found !== undefined) tracer?.before(viewBlockState(found));
    tracer?.end({ gasUsed: result.gasUsed, state: viewBlockState(state) });
    return {
      ...result,
      exception: gethWords(result.exception),
      touched: touched === undefined ? [] : sortedList(touched),
    };
  }

  /** The rest of the gas comes back, the spent part goes to coinbase and the base fee's vault. */
  private async pay({ from, gas, gasPrice }: CallRequest, used: bigint, baseFee: bigint): Promise<void> {
    if (gasPrice === 0n) return;
    const { evm, scene } = this.parts;
    await credit(evm, from, (gas - used) * gasPrice);
    await credit(evm, scene.header.miner, (gasPrice - baseFee) * used);
    await credit(evm, BASE_FEE_VAULT, baseFee * used);
  }

  account(address: Address): { nonce: bigint; balance: bigint } | undefined {
    return this.parts.state.account(hexToBytes(address));
  }

  changes(): AccountChange[] {
    return this.parts.state.changes();
  }

  close(): void {}
}

/** Takes the gas's price and steps the nonce, as a transaction would before it runs. */
async function stepSender(evm: EVM, from: EvmAddress, request: CallRequest): Promise<void> {
  const account = (await evm.stateManager.getAccount(from)) ?? new Account();
  account.balance -= request.gas * request.gasPrice;
  // An overridden nonce may be the last one: it wraps, as in op-geth's simulations.
  account.nonce = BigInt.asUintN(64, account.nonce + 1n);
  await evm.journal.putAccount(from, account);
}
