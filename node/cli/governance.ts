import { Command } from "commander";
import { formatEther, parseEventLogs } from "viem";
import { send } from "../ai/client/chain.ts";
import { sleep } from "../base/clock.ts";
import { startProgress } from "../base/progress.ts";
import { openGovernorAbi } from "../chain/generated/abi.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { decodeActions } from "../governance/decode.ts";
import { parseOrder } from "../governance/fields.ts";
import { actionsOf } from "../governance/orders.ts";
import {
  findProposal,
  listProposals,
  type Proposal,
  proposeOrder,
  SUPPORT,
  type Support,
  voteOrder,
} from "../governance/proposals.ts";
import { effectsOf } from "../governance/simulate.ts";
import { type NextStep, type Way, wayOf } from "../governance/way.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { connectGovernance, type Governance } from "./governance-context.ts";
import { addCouncilCommands } from "./governance-council.ts";
import { addHandOverCommands } from "./governance-hand-over.ts";
import { addVoterCommands } from "./governance-stake.ts";
import { callLines, effectLines, effectsForPrograms, wayForPrograms, wayLines } from "./governance-text.ts";
import { requireKey } from "./keys.ts";

const POLL_MS = 1_000;
/** Proposals that a list shows, the newest ones. */
const MOST_LISTED = 50;

/** `openledger governance ...`: proposals by staked OPEN, from the first word to the last call. */
export function governanceCommand(): Command {
  const governance = new Command("governance").description(
    "change the chain's parameters, settings and code by votes of staked OPEN",
  );
  addVoterCommands(governance);
  governance
    .command("propose <title> <call...>")
    .description(
      'propose calls such as "systemConfig.setGasLimit(40000000)" or "parameters.platformBps=800"; shows first what they would change',
    )
    .option("--dry-run", "only show it")
    .option("--anyway", "propose it although a call would fail now")
    .action(proposeIt);
  governance
    .command("vote <proposal> <for|against|abstain>")
    .description("vote with all votes that you have")
    .option("--reason <text>", "published with the vote", "")
    .option("--wait", "wait until the vote starts")
    .action(voteOn);
  governance
    .command("queue <proposal>")
    .description("put what was passed into the timelock; anybody may")
    .option("--wait", "wait until the vote is over")
    .action((proposal: string, options: { wait?: boolean }, command: Command) =>
      walk(proposal, command, options.wait === true, "queue"),
    );
  governance
    .command("execute <proposal>")
    .description(
      "do the next step of what was passed: here, in the timelock of upgrades or on L1; anybody may",
    )
    .option("--wait", "wait for each step, until all of it has run")
    .action((proposal: string, options: { wait?: boolean }, command: Command) =>
      walk(proposal, command, options.wait === true, "execute"),
    );
  governance
    .command("show [proposal]")
    .description("the proposals, or one with its calls, what they would change, and what comes next")
    .action(show);
  addCouncilCommands(governance);
  addHandOverCommands(governance);
  return governance;
}

async function proposeIt(
  title: string,
  texts: string[],
  options: { dryRun?: boolean; anyway?: boolean },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = options.dryRun ? undefined : requireKey(context);
  const governance = await connectGovernance(context);
  const { client, at, book } = governance;
  const written = [];
  for (const text of texts) written.push(await parseOrder(client, book, text));
  const actions = await actionsOf(client, book, written, title);
  const effects = await effectsOf(governance, decodeActions(book, actions));
  const failing = effects.find(({ failure }) => failure !== undefined);
  if (account === undefined) {
    print(context, { effects: effectsForPrograms(effects) }, ["it would", ...effectLines(effects)]);
    return;
  }
  if (failing && !options.anyway) {
    throw cliError("PROPOSAL_FAILS", {
      message: `a call would fail now: ${failing.failure}\n${effectLines(effects).join("\n")}`,
      fix: "correct it, or propose it with --anyway if it will not fail when it runs",
    });
  }
  const { hash, receipt } = await send(client, account, proposeOrder(at, actions, title));
  const [made] = parseEventLogs({ abi: openGovernorAbi, eventName: "ProposalCreated", logs: receipt.logs });
  const proposal = await findProposal(client, at, String(made?.args.proposalId));
  const way = await wayOf(governance, proposal);
  const value = { ...wayForPrograms(proposal, way), effects: effectsForPrograms(effects), transaction: hash };
  print(context, value, [
    `proposed in ${hash}`,
    ...wayLines(proposal, way),
    "it would",
    ...effectLines(effects),
  ]);
}

async function voteOn(
  text: string,
  choice: string,
  options: { reason: string; wait?: boolean },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  if (!(choice in SUPPORT)) {
    throw cliError("VOTE_INVALID", {
      message: `${JSON.stringify(choice)} is no vote`,
      fix: "vote for, against or abstain",
    });
  }
  const governance = await connectGovernance(context);
  const proposal = await findProposal(governance.client, governance.at, text);
  if (options.wait) await waitWhile(governance, proposal, ({ standing }) => standing.state === "pending");
  const support = choice as Support;
  const order = voteOrder(governance.at, proposal, support, options.reason);
  const { hash, receipt } = await send(governance.client, account, order);
  const [cast] = parseEventLogs({
    abi: openGovernorAbi,
    eventName: "VoteCast",
    logs: receipt.logs,
  });
  const weight = cast?.args.weight ?? 0n;
  const way = await wayOf(governance, proposal);
  print(context, { ...wayForPrograms(proposal, way), weight, transaction: hash }, [
    `voted ${choice} with ${formatEther(weight)} votes in ${hash}`,
    ...(weight === 0n ? ["these votes were staked after the proposal: they count for later ones"] : []),
    ...wayLines(proposal, way),
  ]);
}

/** Does the steps of `queue` or `execute` that are due; with `wait` all of them, however long they take. */
async function walk(
  text: string,
  command: Command,
  waits: boolean,
  wanted: "queue" | "execute",
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const governance = await connectGovernance(context);
  const proposal = await findProposal(governance.client, governance.at, text);
  const done: { what: string; transaction: Hash }[] = [];
  const isDue = (step: NextStep) =>
    step.command === wanted && step.seconds === 0n && step.order !== undefined;
  const isComing = (way: Way) => way.next.some((step) => step.command === wanted);
  let way = await wayOf(governance, proposal);
  for (;;) {
    const due = way.next.find(isDue);
    if (due?.order) {
      const client = due.chain === "L1" ? await governance.l1() : governance.client;
      const { hash } = await send(client, account, await due.order());
      done.push({ what: due.what, transaction: hash });
    } else if (waits && isComing(way))
      await waitWhile(governance, proposal, (now) => isComing(now) && !now.next.some(isDue));
    else break;
    way = await wayOf(governance, proposal);
    if (!waits) break;
  }
  if (done.length === 0 && !way.isOver) throw early(proposal, way, wanted);
  print(context, { ...wayForPrograms(proposal, way), done }, [
    ...done.map(({ what, transaction }) => `done: ${what}, in ${transaction}`),
    ...wayLines(proposal, way),
  ]);
}

function early(proposal: Proposal, way: Way, wanted: string) {
  return cliError("PROPOSAL_EARLY", {
    message: `there is nothing to ${wanted} now\n${wayLines(proposal, way).join("\n")}`,
    fix: "do what comes next, or give --wait",
    facts: { proposal: proposal.number, state: way.standing.state },
  });
}

/** Asks until the proposal is elsewhere. */
async function waitWhile(
  governance: Governance,
  proposal: Proposal,
  isSo: (way: Way) => boolean,
): Promise<void> {
  const progress = startProgress({ label: "waiting", unit: "seconds" });
  for (let waited = 0; ; waited++) {
    const way = await wayOf(governance, proposal);
    if (!isSo(way)) break;
    const [step] = way.next;
    progress.update(waited, step ? `${step.what} in about ${step.seconds}` : "");
    await sleep(POLL_MS);
  }
  progress.finish();
}

async function show(text: string | undefined, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const governance = await connectGovernance(context);
  const { client, at } = governance;
  if (text === undefined) {
    const all = (await listProposals(client, at)).slice(-MOST_LISTED);
    const ways: { proposal: Proposal; way: Way }[] = [];
    for (const proposal of all) ways.push({ proposal, way: await wayOf(governance, proposal) });
    print(
      context,
      { governance: at, proposals: ways.map(({ proposal, way }) => wayForPrograms(proposal, way)) },
      ways.length === 0
        ? ["no proposals"]
        : ways.flatMap(({ proposal, way }) => [...wayLines(proposal, way), ...callLines(way.calls, "    ")]),
    );
    return;
  }
  const proposal = await findProposal(client, at, text);
  const way = await wayOf(governance, proposal);
  const isAhead = !way.isOver && way.standing.state !== "executed";
  const effects = isAhead ? await effectsOf(governance, way.calls) : [];
  print(context, { ...wayForPrograms(proposal, way), effects: effectsForPrograms(effects) }, [
    ...wayLines(proposal, way),
    ...(isAhead ? ["run now, it would", ...effectLines(effects)] : ["its calls", ...callLines(way.calls)]),
  ]);
}
