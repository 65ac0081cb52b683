import { MAX_UINT64 } from "../../../base/bigint.ts";
import { bytesToHex, hexToBytes } from "../../../base/bytes.ts";
import { hashHeader } from "../../../chain/codec/header.ts";
import { mergeBlooms } from "../../../chain/codec/receipt.ts";
import { BEACON_ROOTS, HISTORY_STORAGE, L2_TO_L1_MESSAGE_PASSER } from "../../../chain/constants.ts";
import { nextBaseFee } from "../../../chain/rules/base-fee.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import { daFootprint } from "../../../chain/rules/rollup-fees.ts";
import { receiptsRoot, transactionsRoot } from "../../../chain/trie-root.ts";
import type { BlockHeader, Receipt } from "../../../chain/types/block.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import type { FlatState } from "../../state/flat-state.ts";
import { LayeredView } from "../../state/layered-view.ts";
import type { NodeStore } from "../../state/node-store.ts";
import { commitChanges, storageRootAfter } from "../../state/state-commit.ts";
import type { StateView } from "../../state/state-view.ts";
import { callBlockHashes } from "../block/block-hashes.ts";
import { creationAddress, toReceipt } from "../block/outcome.ts";
import type { BlockSimulation, ChainRules, SimulatedBlock, SimulatedResult } from "../executor.ts";
import type { CallBlock, CallMachines, CallScene } from "./call-block.ts";
import { applyOverrides } from "./overrides.ts";
import { type PlacedBlock, placeBlocks, simulatedHeader } from "./simulated-chain.ts";
import { type ReadyMessage, readyMessage } from "./simulated-message.ts";
import type { Simulation } from "./simulation.ts";
import { TransferTracer } from "./transfer-tracer.ts";

export interface BlockSimulatorParts {
  rules: ChainRules;
  flat: FlatState;
  nodes: NodeStore;
  machines: CallMachines;
}

const passer = hexToBytes(L2_TO_L1_MESSAGE_PASSER);

/** Runs blocks of messages one upon the other. Source: op-geth internal/ethapi/simulate.go. */
export async function simulateBlocks(
  parts: BlockSimulatorParts,
  base: BlockHeader,
  request: BlockSimulation,
): Promise<SimulatedBlock[]> {
  const run = new SimulationRun(parts, base, request);
  for (const block of placeBlocks(base, request.blocks)) await run.add(block);
  return run.blocks;
}

class SimulationRun {
  readonly blocks: SimulatedBlock[] = [];
  private readonly parts: BlockSimulatorParts;
  private readonly base: BlockHeader;
  private readonly baseHash: BlockHeader["parentHash"];
  private readonly request: BlockSimulation;
  private readonly below: StateView;
  /** All that the blocks so far have changed. */
  private readonly state: LayeredView;
  private gasLeft: bigint;

  constructor(parts: BlockSimulatorParts, base: BlockHeader, request: BlockSimulation) {
    this.parts = parts;
    this.base = base;
    this.baseHash = hashHeader(base);
    this.request = request;
    this.below = parts.flat.view(base.stateRoot);
    this.state = new LayeredView(this.below);
    this.gasLeft = request.gasCap;
  }

  async add(placed: PlacedBlock): Promise<void> {
    const { rules, machines } = this.parts;
    const start = this.headerOf(placed);
    const precompiles = applyOverrides(this.state, placed.accounts, rules, placed.timestamp);
    const scene: CallScene = {
      header: start,
      view: this.state,
      blockHash: (number) => this.hashOf(number),
      precompiles,
      blobBaseFee: placed.override.blobBaseFee,
      keepsBaseFee: true,
      wrapsNonces: placed.accounts.some(({ nonce }) => nonce === MAX_UINT64),
    };
    const machine = await machines.open(scene);
    try {
      await this.systemCalls(machine, start);
      const ran = await this.runCalls(machine, start, placed);
      this.state.apply(machine.changes());
      this.seal(start, ran);
    } finally {
      machine.close();
    }
  }

  private get parent(): { hash: BlockHeader["parentHash"]; header: BlockHeader } {
    return this.blocks.at(-1)?.block ?? { hash: this.baseHash, header: this.base };
  }

  private headerOf(placed: PlacedBlock): BlockHeader {
    const { rollup } = this.parts.rules;
    const { hash, header } = this.parent;
    const { override, timestamp } = placed;
    // A simulated header has no fee settings of its own: the base block's go on.
    const fees = { ...header, extraData: this.base.extraData };
    const baseFee = override.baseFee ?? (this.request.validation ? nextBaseFee(rollup, fees, timestamp) : 0n);
    return simulatedHeader(rollup, header, hash, placed, baseFee);
  }

  /** Hashes of the simulated blocks, of the base block, and of its ancestors. */
  private hashOf(number: bigint): Uint8Array | undefined {
    if (number > this.base.number) {
      const found = this.blocks[Number(number - this.base.number) - 1];
      return found && hexToBytes(found.block.hash);
    }
    if (number === this.base.number) return hexToBytes(this.baseHash);
    return callBlockHashes(this.parts.rules, this.below, this.base)(number);
  }

  private async systemCalls(machine: CallBlock, header: BlockHeader): Promise<void> {
    const { rollup } = this.parts.rules;
    if (isActive(rollup, "isthmus", header.timestamp)) {
      await machine.systemCall(HISTORY_STORAGE, header.parentHash);
    }
    if (header.parentBeaconBlockRoot !== undefined) {
      await machine.systemCall(BEACON_ROOTS, header.parentBeaconBlockRoot);
    }
  }

  private async runCalls(machine: CallBlock, header: BlockHeader, { calls }: PlacedBlock): Promise<RanBlock> {
    const tracer = new TransferTracer(this.request.traceTransfers);
    const ran: RanBlock = { gasUsed: 0n, transactions: [], receipts: [], results: [] };
    for (const call of calls) {
      const sender = machine.account(call.from);
      const ready = readyMessage(call, {
        rollup: this.parts.rules.rollup,
        header,
        sender,
        gasUsed: ran.gasUsed,
        gasLeft: this.gasLeft,
        validation: this.request.validation,
      });
      const result = await machine.run(ready.request, { touched: false, tracer });
      ran.gasUsed += result.gasUsed;
      this.gasLeft -= result.gasUsed;
      ran.transactions.push(ready.transaction);
      ran.receipts.push(receiptOf(ready, result, sender?.nonce ?? 0n, ran.gasUsed));
      const { succeeded, exception, returnData, gasUsed, maxGasUsed } = result;
      ran.results.push({ succeeded, exception, returnData, gasUsed, maxGasUsed, logs: tracer.take() });
    }
    return ran;
  }

  private seal(start: BlockHeader, { gasUsed, transactions, receipts, results }: RanBlock): void {
    const { rules, nodes } = this.parts;
    const commit = commitChanges(nodes, this.below, this.state.changes());
    const has = (fork: "isthmus" | "jovian") => isActive(rules.rollup, fork, start.timestamp);
    const { daScalar } = this.request;
    const footprint = transactions.reduce((sum, one) => sum + daFootprint(one, daScalar ?? 0n), 0n);
    const header: BlockHeader = {
      ...start,
      gasUsed,
      stateRoot: commit.root,
      transactionsRoot: transactionsRoot(transactions),
      receiptsRoot: receiptsRoot(receipts),
      logsBloom: mergeBlooms(receipts.map((receipt) => receipt.logsBloom)),
      ...(has("isthmus") && { withdrawalsRoot: bytesToHex(storageRootAfter(commit, this.below, passer)) }),
      ...(has("jovian") && { blobGasUsed: footprint }),
    };
    this.blocks.push({ block: { hash: hashHeader(header), header, transactions }, receipts, results });
  }
}

/** A block's messages when they have run. */
interface RanBlock {
  gasUsed: bigint;
  transactions: SignedTransaction[];
  receipts: Receipt[];
  results: SimulatedResult[];
}

function receiptOf(
  { request, transaction }: ReadyMessage,
  { succeeded, gasUsed, logs }: Simulation,
  nonce: bigint,
  cumulativeGasUsed: bigint,
): Receipt {
  return toReceipt(
    {
      type: transaction.type,
      status: succeeded ? 1 : 0,
      gasUsed,
      logs,
      effectiveGasPrice: request.gasPrice,
      contractAddress: request.to === undefined ? creationAddress(request.from, nonce) : undefined,
      depositNonce: undefined,
      depositReceiptVersion: undefined,
      l1: undefined,
    },
    cumulativeGasUsed,
  );
}
