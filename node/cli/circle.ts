import { Command } from "commander";
import { formatEther } from "viem";
import { send, senderOf } from "../ai/client/chain.ts";
import { SeedRecorder } from "../ai/verify/seed-recorder.ts";
import { l1Headers } from "../app/l1-headers.ts";
import { sleep } from "../base/clock.ts";
import { createLogger } from "../base/logger.ts";
import { startProgress } from "../base/progress.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { applicationOf } from "../circle/apply.ts";
import { EXAMPLE, parseApplication } from "../circle/documents.ts";
import {
  applyOrder,
  circleTerms,
  getGrant,
  grantCount,
  grantIn,
  reportOrder,
  reportsOf,
  stepOrder,
} from "../circle/grants.ts";
import { type GrantWay, type NextStep, wayOfGrant } from "../circle/next.ts";
import { drawOrder } from "../circle/panels.ts";
import { type Circle, connectCircle, keepText } from "./circle-context.ts";
import { addFundCommands } from "./circle-fund.ts";
import { addReviewerCommands } from "./circle-reviewers.ts";
import { addServiceCommands } from "./circle-services.ts";
import { grantLines, wayForPrograms } from "./circle-text.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { parseId } from "./protocol.ts";
import { readText } from "./text-file.ts";

const POLL_MS = 1_000;
/** Grants that a list shows, the newest ones. */
const MOST_LISTED = 50n;

/** `openledger circle ...`: grants for those who build, from the application to the last milestone. */
export function circleCommand(): Command {
  const circle = new Command("circle").description(
    "OpenCircle: ask for a grant, judge others' applications, and follow where the fund's OPEN goes",
  );
  circle
    .command("example")
    .description("print an application to begin with")
    .action((_options: unknown, command: Command) => {
      print({ ...contextOf(command), json: true }, EXAMPLE, []);
    });
  circle
    .command("apply <file>")
    .description(
      "ask for a grant with an application such as `circle example` prints; a deposit goes with it",
    )
    .option("--payee <name|address>", "who is paid and reports (default: the applicant)")
    .action(applyFor);
  circle
    .command("show [grant]")
    .description("the grants, or one with its panel, its milestones, and what comes next")
    .action(show);
  circle
    .command("advance <grant>")
    .description("do the next step that anybody may do: call, draw and count a panel, approve, lapse")
    .option("--wait", "wait for it, and go on until somebody in particular has to do something")
    .action(advance);
  circle
    .command("report <grant> <file>")
    .description("hand in evidence that the next milestone is reached; the panel's pay goes with it")
    .action(report);
  circle
    .command("withdraw <grant>")
    .description("take an application back before its panel is called, or when a panel came to nothing")
    .action(withdraw);
  circle
    .command("lapse <grant>")
    .description(
      "end a grant that is overdue, that nobody approved, or whose report has waited too long for a verdict; anybody may",
    )
    .action(lapse);
  addReviewerCommands(circle);
  addServiceCommands(circle);
  addFundCommands(circle);
  return circle;
}

async function applyFor(file: string, options: { payee?: string }, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const source = readText(file);
  const document = parseApplication(source);
  const circle = await connectCircle(context);
  const { client, at } = circle;
  const payee = options.payee === undefined ? account.address : resolveAddress(context, options.payee);
  const application = await applicationOf(document, source, payee, (text) => keepText(circle, text));
  const terms = await circleTerms(client, at, document.tier);
  const { deposit, panelPay } = terms;
  const { hash, receipt } = await send(client, account, applyOrder(at, application, terms));
  await tell(circle, grantIn(at, receipt), [
    `applied in ${hash}: a deposit of ${formatEther(deposit)} OPEN, which returns unless the panel calls it spam, and ${formatEther(panelPay)} OPEN for the panel`,
  ]);
}

async function show(text: string | undefined, _options: unknown, command: Command): Promise<void> {
  const circle = await connectCircle(contextOf(command));
  const { client, at, context } = circle;
  if (text !== undefined) return tell(circle, parseId(text, "grant"), []);
  const count = await grantCount(client, at);
  const ways: GrantWay[] = [];
  for (let id = count > MOST_LISTED ? count - MOST_LISTED + 1n : 1n; id <= count; id++) {
    ways.push(await wayOfGrant(client, at, await getGrant(client, at, id)));
  }
  print(
    context,
    { circle: at, grants: ways.map(wayForPrograms) },
    ways.length === 0
      ? ["nobody has asked for a grant yet: begin with `openledger circle example`"]
      : ways.flatMap((way) => grantLines(way, [], false)),
  );
}

async function report(text: string, file: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const id = parseId(text, "grant");
  const evidence = readText(file);
  const circle = await connectCircle(context);
  const { client, at } = circle;
  const grant = await getGrant(client, at, id);
  const [kept, terms] = [await keepText(circle, evidence), await circleTerms(client, at, grant.tier)];
  const { hash } = await send(client, account, reportOrder(at, grant, kept, terms));
  await tell(circle, id, [`reported milestone ${grant.milestone + 1} in ${hash}`]);
}

async function withdraw(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const circle = await connectCircle(context);
  const id = parseId(text, "grant");
  const { hash } = await send(circle.client, account, stepOrder(circle.at, "withdraw", id));
  await tell(circle, id, [`taken back in ${hash}; draw what returned with \`openledger account draw\``]);
}

async function lapse(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const circle = await connectCircle(context);
  const id = parseId(text, "grant");
  const { hash } = await send(circle.client, account, stepOrder(circle.at, "lapse", id));
  await tell(circle, id, [`lapsed in ${hash}`]);
}

async function advance(text: string, options: { wait?: boolean }, command: Command): Promise<void> {
  const context = contextOf(command);
  requireKey(context);
  const circle = await connectCircle(context);
  const id = parseId(text, "grant");
  const done: string[] = [];
  const progress = startProgress({ label: "waiting", unit: "seconds" });
  for (let waited = 0; ; ) {
    const way = await wayOfGrant(circle.client, circle.at, await getGrant(circle.client, circle.at, id));
    const step = openStep(way);
    const isDue = step !== undefined && step.seconds === 0n;
    if (isDue) done.push(`done: ${step.what}, in ${await act(circle, way, step)}`);
    else if (!options.wait || step === undefined || step.step === "lapse") {
      if (done.length === 0 && way.next.length > 0) throw early(way);
      break;
    } else {
      progress.update(waited++, `${step.what} in about ${step.seconds}`);
      await sleep(POLL_MS);
    }
    if (isDue && !options.wait) break;
  }
  progress.finish();
  await tell(circle, id, done);
}

/** The step that is open to anybody. */
function openStep({ next }: GrantWay): NextStep | undefined {
  return next.find(({ step }) => step !== undefined);
}

/** @returns the step's transaction. */
async function act(circle: Circle, { grant, panel }: GrantWay, { step }: NextStep): Promise<Hash> {
  const { client, at, protocol, context } = circle;
  const account = requireKey(context);
  if (step !== "draw") return (await send(client, account, stepOrder(at, step!, grant.id))).hash;
  const recorder = new SeedRecorder({
    ...{ client, send: senderOf(client, account), at: protocol, headers: l1Headers([context.l1RpcUrl]) },
    logger: createLogger({ level: "error", format: "text" }),
  });
  const progress = startProgress({ label: "waiting for L1", unit: "blocks" });
  while (!(await recorder.obtain(panel!.seedBlock))) {
    progress.update(
      0,
      `L1 block ${panel!.seedBlock} draws; ${await recorder.distance(panel!.seedBlock)} to go`,
    );
    await sleep(POLL_MS);
  }
  progress.finish();
  return (await send(client, account, drawOrder(at, panel!.id))).hash;
}

function early(way: GrantWay) {
  return cliError("GRANT_EARLY", {
    message: `there is nothing to do for anybody now\n${grantLines(way, [], true).join("\n")}`,
    fix: "do what comes next, or give --wait",
    facts: { grant: way.grant.id, state: way.grant.state },
  });
}

async function tell(circle: Circle, id: bigint, done: readonly string[]): Promise<void> {
  const { client, at, context } = circle;
  const way = await wayOfGrant(client, at, await getGrant(client, at, id));
  const reports = await reportsOf(client, at, id);
  print(context, { ...wayForPrograms(way), reports, done }, [...done, ...grantLines(way, reports, true)]);
}
