import type { Block, BlockHeader } from "../../../chain/types/block.ts";
import type { PayloadAttributes } from "../../../chain/types/rollup.ts";
import type { ChainTransaction } from "../../../chain/types/transaction.ts";
import { executionError } from "../../errors.ts";
import type { ChainRules, Listen } from "../executor.ts";
import { delegationsOf } from "./authorization.ts";
import { headerStart } from "./header.ts";
import type { BlockMachine, MachineFactory } from "./machine.ts";
import type { TxOutcome } from "./outcome.ts";
import { traceRules } from "./trace-rules.ts";
import type { TransactionStart, TransactionTracer } from "./tracer.ts";

/** Runs a block that is known to be valid, with an ear on its transactions. */
export async function replayBlock(
  rules: ChainRules,
  machines: MachineFactory,
  parent: BlockHeader,
  block: Block,
  attributes: PayloadAttributes,
  listen: Listen,
): Promise<void> {
  const header = headerStart(rules, parent, attributes);
  const { parentBeaconBlockRoot } = attributes;
  const machine = await machines.open({ header, parent, parentBeaconBlockRoot });
  const told = traceRules(rules, header.timestamp);
  let logIndex = 0;
  try {
    for (const [index, transaction] of block.transactions.entries()) {
      const tracer = listen(index);
      if (tracer === "stop") return;
      tracer?.begin({
        ...told,
        ...startOf(transaction),
        block: { number: header.number, hash: block.hash, coinbase: header.miner },
        transaction: { hash: transaction.hash, index },
        logIndex,
      });
      const { logs } = await runOne(machine, transaction, tracer);
      logIndex += logs.length;
    }
  } finally {
    machine.close();
  }
}

async function runOne(
  machine: BlockMachine,
  transaction: ChainTransaction,
  tracer: TransactionTracer | undefined,
): Promise<TxOutcome> {
  machine.listen(tracer);
  const outcome = await execute(machine, transaction);
  if (tracer === undefined) return outcome;
  if (tracer.wants.states) tracer.before(machine.before());
  tracer.end({ gasUsed: outcome.gasUsed, state: tracer.wants.states ? machine.after() : undefined });
  return outcome;
}

async function execute(machine: BlockMachine, transaction: ChainTransaction): Promise<TxOutcome> {
  if (transaction.kind === "deposit") return machine.deposit(transaction);
  const result = await machine.signed(transaction, undefined);
  if ("refused" in result) {
    const { reason } = result.refused;
    const { hash } = transaction;
    throw executionError("BLOCK_INVALID", {
      message: `Transaction ${hash} can't be in its block: ${reason}.`,
      facts: { hash, reason },
    });
  }
  return result.outcome;
}

function startOf(
  transaction: ChainTransaction,
): Pick<TransactionStart, "from" | "to" | "gas" | "delegations"> {
  if (transaction.kind === "deposit") {
    const { to, gas } = transaction.deposit;
    return { from: transaction.from, to, gas, delegations: [] };
  }
  const { from, to, gasLimit, authorizationList } = transaction;
  return { from, to, gas: gasLimit, delegations: delegationsOf(authorizationList) };
}
