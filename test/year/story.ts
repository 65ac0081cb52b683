import { formatEther } from "viem";
import { finishHome, type Homeward, startHome } from "../../devnet/homeward.ts";
import { DAY_S } from "./calendar.ts";
import { judge, report } from "./grant.ts";
import type { Ground } from "./ground.ts";
import { grow, openDatanet } from "./growth.ts";
import { askAll, serveModel } from "./models.ts";
import { askFromPurse } from "./purses.ts";
import { HARBOUR, HARBOUR_SPRING, VALLEY } from "./rows.ts";
import { prepareTrader, renew, type Traded, type Trader, trade } from "./trader.ts";
import { handOver, parameter, pass } from "./votes.ts";

/** What later quarters go on with. */
export interface Story {
  ground: Ground;
  /** Seconds of L2's clock at its genesis. */
  began: number;
  harbour?: bigint;
  /** The newest model of the harbour. */
  model?: string;
  trader?: Trader;
}

const REVIEW_PERIOD_S = 10 * DAY_S;
/** A thousand dollars, in millionths. */
const PRICE = 1_000_000_000;

const open = (wei: bigint | string) => `${formatEther(BigInt(wei))} OPEN`;

/** A datanet, a model of it, answers; the founders hand over, and the first vote; a grant is approved. */
export async function winter(story: Story): Promise<void> {
  const { ground } = story;
  const { cli, calendar } = ground;
  await cli.json(["account", "deposit", "paula", "5000"], "treasury");
  await cli.json(["verifier", "join", "1000"], "vera");
  await cli.json(["host", "stake", "60000"], "host");
  await cli.json(["host", "limits", "--max-fee", "2", "--max-open", "20"], "host");
  await tell(story, "paula brings 5000 OPEN from L1; a host stakes 60000, a verifier 1000");
  story.harbour = await openDatanet(ground, "harbour");
  const snapshot = await grow(ground, story.harbour, HARBOUR);
  const model = await serveModel(ground, "harbour-1", { snapshots: [snapshot] });
  story.model = model;
  await tell(
    story,
    `datanet ${story.harbour} is frozen as ${snapshot}, model ${model} learns from it and serves`,
  );
  await handOver(ground);
  await tell(story, "the founders have handed over to governance");
  const reviewed = await parameter(ground, "reviewPeriod");
  const calls = [`parameters.reviewPeriod=${REVIEW_PERIOD_S}`, `circleFund.setPrice(${PRICE})`];
  const proposal = await pass(ground, "Review faster, and an OPEN is still worth a thousand dollars", calls);
  const now = await parameter(ground, "reviewPeriod");
  await tell(
    story,
    `proposal ${proposal}: a review takes ${now / DAY_S} days, no longer ${reviewed / DAY_S}`,
  );
  const approved = await judge(ground, "75");
  await tell(story, `a panel approves edda's grant of ${open(approved.amount)}`);
  await answers(story, model, ["Where does the Lund ferry leave?", "Who keeps the Vorel light?"]);
  await calendar.reach(story.began + 60 * DAY_S);
  await report(ground, "A datanet with rows of two contributors");
  const { released } = await judge(ground, "80");
  await tell(story, `another panel sees her first milestone; ${open(released)} are released`);
}

/** The datanet grows, a model is made of the first one; the second milestone; reviewers are admitted again. */
export async function spring(story: Story): Promise<void> {
  const { ground, began } = story;
  const [harbour, parent] = [story.harbour!, story.model!];
  const snapshot = await grow(ground, harbour, HARBOUR_SPRING);
  const flags = ["--parent", `${parent}:25`];
  const model = await serveModel(ground, "harbour-2", { snapshots: [snapshot], flags });
  story.model = model;
  await tell(
    story,
    `datanet ${harbour} grows to ${snapshot}; model ${model} is made from model ${parent}, which gets a quarter of its owner's part`,
  );
  await answers(story, model, ["What does the Orvane crane lift?", "Where does the Lund ferry leave?"]);
  for (const id of [model, parent]) await ground.cli.json(["model", "distribute", id], "olga");
  await ground.calendar.reach(began + 120 * DAY_S);
  await report(ground, "A registered model that answers");
  const { released } = await judge(ground, "90");
  await tell(story, `the second milestone is seen; ${open(released)} are released by now`);
  const admitted = ["rita", "vera", "stan"].map((role, seat) => {
    const { address } = ground.dev(role as "rita");
    return `circleReviewers.admit(${address}, ${seat})`;
  });
  const proposal = await pass(ground, "Another term for the reviewers", admitted);
  await tell(story, `proposal ${proposal} admits OpenCircle's reviewers for another term`);
}

/** A datanet that is paid for, answers out of a purse; an agent trades; the last milestone. */
export async function summer(story: Story): Promise<void> {
  const { ground, began } = story;
  const { cli, calendar } = ground;
  const valley = await openDatanet(ground, "valley");
  const terms = ["--per-snapshot", "20", "--per-row", "0.1", "--curation", "25", "--royalty", "5"];
  const licence = ["--licence", "LicenseRef-valley"];
  await cli.json(["datanet", "set-access", String(valley), ...terms, ...licence], "olga");
  const snapshot = await grow(ground, valley, VALLEY);
  const flags = ["--most-access", "60", "--most-royalty", "5"];
  const model = await serveModel(ground, "valley-1", { snapshots: [snapshot], flags });
  await tell(
    story,
    `datanet ${valley} sells access to ${snapshot}; model ${model} pays for it and for each answer`,
  );
  await answers(story, model, ["What does the Wren mill grind?"]);
  const prepaid = await askFromPurse(ground, model, ["Who owns the Wren mill?", "How old is the Wren mill?"]);
  for (const { question, answer } of prepaid.answers) await tell(story, `${question} -> ${answer}`);
  await tell(story, `${prepaid.epochs} epochs settled both out of paula's purse, for ${open(prepaid.fees)}`);
  await calendar.reach(began + 205 * DAY_S);
  await report(ground, "Settled answers, and their contributors paid");
  const done = await judge(ground, "70");
  await tell(story, `the last milestone: the grant is ${done.state}, with ${open(done.released)} released`);
  story.trader = await prepareTrader(ground);
  const traded = await trade(ground, story.trader, 2);
  await tell(story, tradedText(story.trader, traded));
}

/** The agent trades again, what is free is drawn, and OPEN goes home. */
export async function autumn(story: Story): Promise<void> {
  const { ground } = story;
  const { cli, journal, calendar } = ground;
  const say = () => undefined;
  await renew(ground, story.trader!);
  const traded = await trade(ground, story.trader!, 1);
  await tell(story, tradedText(story.trader!, traded));
  await answers(story, story.model!, ["How tall is the Vorel light?"]);
  const { transaction } = await startHome({ cli, journal, say });
  const home: Homeward = await calendar.at(16, () => finishHome({ cli, journal, say }, transaction));
  await tell(story, `${open(home.amount)} of paula are home on L1 in ${home.l1Transaction}`);
  for (const [key, ...command] of DRAWN) await cli.json(command, key);
  await tell(story, `${[...new Set(DRAWN.map(([key]) => key))].join(", ")} draw what is theirs`);
}

/** What people take in autumn, each with its key. */
const DRAWN: readonly (readonly [key: string, ...command: string[]])[] = [
  ["alba", "datanet", "release", "1"],
  ["alba", "account", "draw"],
  // Her rows' part of what access to the valley cost.
  ["edda", "rewards", "draw", "5"],
  // And what the mill's rows earned by the answers of the purse: anybody may, it goes to their payee.
  ["edda", "rewards", "draw", "4"],
  ["edda", "account", "draw"],
  ["olga", "model", "bond", "1"],
  ["olga", "account", "draw"],
  ["host", "account", "draw"],
];

/** Asks, and tells what was answered and paid. */
async function answers(story: Story, model: string, questions: readonly string[]): Promise<void> {
  const { answers, fees } = await askAll(story.ground, model, questions);
  for (const { question, answer } of answers) await tell(story, `${question} -> ${answer}`);
  await tell(story, `${answers.length} settled for ${open(fees)}`);
}

function tradedText({ demo }: Trader, { deeds, tokens }: Traded): string {
  return `agent ${demo.agent} has traded ${deeds} times by its model's word, and has ${formatEther(tokens)} tokens`;
}

async function tell({ ground, began }: Story, line: string): Promise<void> {
  const day = Math.floor(((await ground.calendar.now()) - began) / DAY_S);
  ground.say(`  day ${String(day).padStart(3)}  ${line}`);
}
