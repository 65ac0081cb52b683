import type { Command } from "commander";
import { formatEther, isHash } from "viem";
import { type Withdrawal, type WithdrawalState, withdrawalsOf } from "../ai/client/withdrawals.ts";
import { sleep } from "../base/clock.ts";
import { startProgress } from "../base/progress.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { parseOpen } from "./amount.ts";
import { type Bridge, connectBridge } from "./bridge.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { finalize, prove, readWithdrawal, startWithdrawal } from "./withdrawal.ts";

const POLL_MS = 1_000;
/** Withdrawals of an account that are looked at, the newest ones. */
const MOST_LISTED = 100;

/** Adds `withdraw`, `prove`, `finalize` and `withdrawals` to `openledger account`: OPEN from L2 home to L1. */
export function addWithdrawalCommands(account: Command): void {
  account
    .command("withdraw <open>")
    .description("send OPEN home to L1: burns it here; `account prove` and `account finalize` follow")
    .option("--to <name|address>", "who receives it on L1 (default: the account itself)")
    .action(async (amount: string, options: { to?: string }, command: Command) => {
      const context = contextOf(command);
      const signer = requireKey(context);
      const to = resolveAddress(context, options.to ?? signer.address);
      const bridge = await connectBridge(context);
      const transaction = await startWithdrawal(bridge, signer, to, parseOpen(amount));
      tell(context, await readWithdrawal(bridge, transaction), undefined);
    });
  account
    .command("prove [transaction]")
    .description("prove a withdrawal on L1, once an output of its block is there; anybody may")
    .option("--wait", "wait until it can be proved")
    .action((transaction: string | undefined, options: { wait?: boolean }, command: Command) =>
      step(contextOf(command), transaction, options.wait === true, ["provable"], prove),
    );
  account
    .command("finalize [transaction]")
    .description("give out a proved withdrawal on L1, once its output is final; anybody may")
    .option("--wait", "wait until it can be finalized")
    .action((transaction: string | undefined, options: { wait?: boolean }, command: Command) =>
      step(contextOf(command), transaction, options.wait === true, ["finalizable", "failed"], finalize),
    );
  account
    .command("withdrawals <name|address>")
    .description("an account's withdrawals to L1: how far each is, what comes next and when")
    .action(async (who: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const bridge = await connectBridge(context);
      const hashes = (await withdrawalsOf(bridge, resolveAddress(context, who))).slice(-MOST_LISTED);
      const list: Withdrawal[] = [];
      for (const hash of hashes) list.push(await readWithdrawal(bridge, hash));
      print(
        context,
        list.map((withdrawal) => summary(withdrawal)),
        list.length === 0 ? ["no withdrawals"] : list.flatMap((withdrawal) => lines(withdrawal)),
      );
    });
}

type Act = (bridge: Bridge, signer: ReturnType<typeof requireKey>, withdrawal: Withdrawal) => Promise<Hash>;

/** What comes before a state, so that waiting for it makes sense. */
const LEADS_TO: Record<WithdrawalState, readonly WithdrawalState[]> = {
  "no output": ["provable"],
  provable: [],
  proved: ["finalizable", "failed"],
  finalizable: [],
  failed: [],
  home: [],
};

async function step(
  context: CliContext,
  transaction: string | undefined,
  waits: boolean,
  wanted: readonly WithdrawalState[],
  act: Act,
): Promise<void> {
  const signer = requireKey(context);
  const bridge = await connectBridge(context);
  const isFor = (state: WithdrawalState) =>
    wanted.includes(state) || LEADS_TO[state].some((next) => wanted.includes(next));
  const hash = transaction === undefined ? await pick(bridge, signer.address, isFor) : parseHash(transaction);
  let withdrawal = await readWithdrawal(bridge, hash);
  if (!wanted.includes(withdrawal.state)) {
    if (!waits || !isFor(withdrawal.state)) throw early(withdrawal);
    withdrawal = await waitFor(bridge, withdrawal, wanted);
  }
  const l1Transaction = await act(bridge, signer, withdrawal);
  const after = await readWithdrawal(bridge, hash);
  if (after.state === "failed") {
    throw cliError("WITHDRAWAL_FAILED", {
      message: `L1 took the withdrawal in ${l1Transaction}, but the transfer of OPEN failed; nothing is lost`,
      fix: `the same command replays it later: openledger account finalize ${hash}`,
      facts: { transaction: hash, l1Transaction },
    });
  }
  tell(context, after, l1Transaction);
}

/** The account's oldest withdrawal that is at this step. */
async function pick(
  bridge: Bridge,
  from: `0x${string}`,
  isFor: (state: WithdrawalState) => boolean,
): Promise<Hash> {
  for (const hash of (await withdrawalsOf(bridge, from)).slice(-MOST_LISTED))
    if (isFor((await readWithdrawal(bridge, hash)).state)) return hash;
  throw cliError("WITHDRAWAL_ABSENT", {
    message: `no withdrawal of ${from} is at this step`,
    fix: `see them with: openledger account withdrawals ${from}`,
  });
}

async function waitFor(
  bridge: Bridge,
  first: Withdrawal,
  wanted: readonly WithdrawalState[],
): Promise<Withdrawal> {
  const progress = startProgress({ label: "waiting for L1", unit: "seconds" });
  for (let waited = 0, withdrawal = first; ; waited++) {
    if (wanted.includes(withdrawal.state)) {
      progress.finish();
      return withdrawal;
    }
    progress.update(waited, `about ${withdrawal.seconds} more`);
    await sleep(POLL_MS);
    withdrawal = await readWithdrawal(bridge, first.transaction);
  }
}

function parseHash(text: string): Hash {
  if (isHash(text)) return text;
  throw cliError("WITHDRAWAL_ABSENT", {
    message: `${JSON.stringify(text)} is no transaction hash`,
    fix: "give the hash that `openledger account withdraw` printed",
  });
}

function early(withdrawal: Withdrawal) {
  return cliError("WITHDRAWAL_EARLY", {
    message: `the withdrawal ${withdrawal.transaction} is at another step: ${meaning(withdrawal)}`,
    fix: next(withdrawal) ?? "nothing is left to do",
    facts: { transaction: withdrawal.transaction, state: withdrawal.state, seconds: withdrawal.seconds },
  });
}

function meaning({ state, to }: Withdrawal): string {
  const meanings: Record<WithdrawalState, string> = {
    "no output": "L1 has no output of its block yet",
    provable: "it can be proved on L1",
    proved: "it is proved, and its output is not final yet",
    finalizable: "its output is final",
    failed: "the transfer on L1 failed and can be replayed",
    home: `it is home: ${to} has the OPEN on L1`,
  };
  return meanings[state];
}

/** The next command and when it can be given. */
function next({ state, seconds, transaction }: Withdrawal): string | undefined {
  const after = seconds > 0n ? `in about ${seconds} s: ` : "now: ";
  if (state === "home") return undefined;
  const command = state === "no output" || state === "provable" ? "prove" : "finalize";
  return `${after}openledger account ${command} ${transaction}`;
}

function summary(withdrawal: Withdrawal) {
  const { message: _, ...known } = withdrawal;
  return { ...known, next: next(withdrawal) };
}

function lines(withdrawal: Withdrawal): string[] {
  const { transaction, amount, to } = withdrawal;
  const then = next(withdrawal);
  return [
    `${transaction}  ${formatEther(amount)} OPEN for ${to}: ${meaning(withdrawal)}`,
    ...(then === undefined ? [] : [`  next, ${then}`]),
  ];
}

function tell(context: CliContext, withdrawal: Withdrawal, l1Transaction: Hash | undefined): void {
  const done = l1Transaction === undefined ? [] : [`done in ${l1Transaction} on L1`];
  print(context, { ...summary(withdrawal), l1Transaction }, [...done, ...lines(withdrawal)]);
}
