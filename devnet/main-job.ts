import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sleep } from "../node/base/clock.ts";
import { packageRoot } from "../node/base/paths.ts";
import { devAccounts, ROLES, type Role } from "./accounts.ts";
import type { CliRunner } from "./cli-runner.ts";
import { postFalseClaim } from "./dishonest-host.ts";
import { finishHome, type Homeward, startHome } from "./homeward.ts";
import type { Journal } from "./journal.ts";
import { Lane } from "./lane.ts";
import type { Layout } from "./layout.ts";
import { finishVote, startHandOver, startVote, type Voted } from "./vote.ts";

const SAMPLES = join(packageRoot(), "devnet", "samples");

const SETTLE_POLL_MS = 2_000;
/** OPEN behind each host's claims: covers a dozen open ones at the default rates, by the devnet's chance of an audit. */
const HOST_STAKE = "3000";
/** The second one lies. */
const HOSTS: readonly Role[] = ["host", "mallory"];

const datanetSchema = z.object({
  name: z.string(),
  licence: z.string(),
  contributors: z.array(z.object({ name: z.string(), files: z.array(z.string()) })),
});
/** A datanet of the samples, with files of their folder. */
export type FilledDatanet = z.output<typeof datanetSchema>;
const samplesSchema = z.object({ datanets: z.array(datanetSchema) });
const questionsSchema = z.array(
  z.object({
    contributor: z.string(),
    question: z.string(),
    answer: z.string(),
    wording: z.enum(["own words", "reworded"]),
  }),
);
export type Question = z.output<typeof questionsSchema>[number];

const id = z.union([z.string(), z.number()]).transform(String);
const wei = z.string().transform(BigInt);
const contributed = z.array(
  z.object({ contributionId: id, rows: z.number(), commit: z.string(), reveal: z.string() }),
);
const receipt = z.looseObject({
  answer: z.string(),
  claimTransaction: z.string(),
  claim: z.looseObject({
    list: z.looseObject({ rowIds: z.array(z.number()), scores: z.array(id), weights: z.array(id) }),
  }),
  contributors: z.array(z.object({ contributionId: id, contributor: z.string() })),
  settlement: z.looseObject({
    fee: id,
    payout: z.object({
      contributors: wei,
      pools: wei,
      owner: wei,
      host: wei,
      stakers: wei,
      platform: wei,
      refund: wei,
    }),
    paid: z.array(z.object({ contributionId: id, to: z.string(), amount: id })),
    transactionHash: z.string(),
  }),
});
export type PaidReceipt = z.output<typeof receipt>;

const falseClaim = z.object({
  requestId: id,
  claimTransaction: z.string(),
  challengeTransaction: z.string(),
  lost: id,
  deposit: id,
  watcherBalanceBefore: id,
  watcherBalanceAfter: id,
});
export type FalseClaim = z.output<typeof falseClaim>;

/** What the main job did, for the table and the checks. */
export interface JobResult {
  model: string;
  questions: readonly { question: Question; request: string; transaction: string; receipt: PaidReceipt }[];
  falseClaim: FalseClaim;
  bridged: { transaction: string; amount: string };
  home: Homeward;
  voted: Voted;
}

export interface JobContext {
  cli: CliRunner;
  journal: Journal;
  layout: Layout;
  rpcUrl: string;
  base: string | undefined;
  say: (line: string) => void;
  signal: AbortSignal;
}

/**
 * The whole job with nothing but the command line and JSON-RPC; each finished step is kept in the journal.
 * Three stories, of different accounts, go on beside each other.
 */
export async function runMainJob(job: JobContext): Promise<JobResult> {
  const bridged = await startMainJob(job);
  const [home, voted, answered] = await Promise.all([bringHome(job), govern(job), answerQuestions(job)]);
  return { ...answered, bridged, home, voted };
}

/** What it begins with and needs no contract of the protocol for: accounts, and OPEN from L1. */
export async function startMainJob(job: JobContext): Promise<JobResult["bridged"]> {
  await importAccounts(job);
  return bridgeOpen(job);
}

async function bringHome(job: JobContext): Promise<Homeward> {
  const { transaction } = await startHome(job);
  return finishHome(job, transaction);
}

async function govern(job: JobContext): Promise<Voted> {
  await startHandOver(job);
  const proposal = await startVote(job);
  return finishVote(job, proposal);
}

/** Those whom anybody's work needs: hosts with a stake, and a verifier. */
export async function standReady(job: JobContext): Promise<void> {
  await Promise.all([joinAsVerifier(job), stakeHosts(job)]);
}

/** From the documents to those who are paid for the answers, and a host that lies about one. */
async function answerQuestions(
  job: JobContext,
): Promise<Pick<JobResult, "model" | "questions" | "falseClaim">> {
  const [snapshots] = await Promise.all([fillDatanets(job), standReady(job)]);
  const model = await trainAndRegister(job, snapshots);
  const asked: Awaited<ReturnType<typeof askOne>>[] = [];
  for (const [index, question] of readQuestions().entries())
    asked.push(await askOne(job, model, index, question));
  job.say("a dishonest host posts a claim with one score changed");
  const refuted = await job.journal.step("false claim", falseClaim, () =>
    postFalseClaim(job, model, asked[0]!.question.question),
  );
  job.say(`the watcher proved it false in ${refuted.challengeTransaction}`);
  const questions: JobResult["questions"][number][] = [];
  for (const one of asked) questions.push({ ...one, receipt: await settledReceipt(job, one.request) });
  return { model, questions, falseClaim: refuted };
}

export function readQuestions(): Question[] {
  return questionsSchema.parse(JSON.parse(readFileSync(join(SAMPLES, "questions.json"), "utf8")));
}

async function importAccounts({ cli, journal, say }: JobContext): Promise<void> {
  if (!journal.has("accounts")) say("accounts into the key store");
  await journal.step("accounts", z.null(), async () => {
    const accounts = devAccounts();
    const have = z.array(z.object({ name: z.string() })).parse(await cli.json(["account", "list"]));
    for (const [name] of ROLES) {
      if (have.some((known) => known.name === name)) continue;
      await cli.json(["account", "import", name, accounts[name].privateKey]);
    }
    return null;
  });
}

async function bridgeOpen({ cli, journal, say }: JobContext): Promise<JobResult["bridged"]> {
  const schema = z.object({ transaction: z.string(), amount: z.string() });
  if (!journal.has("bridge")) say("OPEN from L1 to L2 for paula");
  return journal.step("bridge", schema, () => cli.json(["account", "deposit", "paula", "5000"], "treasury"));
}

async function joinAsVerifier({ cli, journal }: JobContext): Promise<void> {
  await journal.step("verifier", z.object({ transaction: z.string() }), () =>
    cli.json(["verifier", "join", "1000"], "vera"),
  );
}

async function stakeHosts({ cli, journal }: JobContext): Promise<void> {
  const stake = (host: Role) =>
    journal.step(`stake of ${host}`, z.object({ transaction: z.string() }), async () => {
      await cli.json(["host", "stake", HOST_STAKE], host);
      return cli.json(["host", "limits", "--max-fee", "10", "--max-open", "100"], host);
    });
  await Promise.all(HOSTS.map(stake));
}

async function fillDatanets(job: JobContext): Promise<string[]> {
  const { datanets } = samplesSchema.parse(JSON.parse(readFileSync(join(SAMPLES, "samples.json"), "utf8")));
  const reviewer = new Lane();
  const snapshots: Promise<string>[] = [];
  for (const datanet of datanets) {
    const { frozen } = await contributeTo(job, datanet, reviewer);
    snapshots.push(frozen);
  }
  return Promise.all(snapshots);
}

/** A datanet with the documents of its contributors. @returns its snapshot. */
export async function fillDatanet(job: JobContext, datanet: FilledDatanet): Promise<string> {
  const { frozen } = await contributeTo(job, datanet, new Lane());
  return frozen;
}

/**
 * Brings a datanet its documents, one contributor after the other, so that their numbers are the same each time; the reviewer
 * follows in its lane. @returns once all are brought; `frozen` is the snapshot, once all are reviewed and accepted.
 */
async function contributeTo(
  job: JobContext,
  { name, licence, contributors }: FilledDatanet,
  reviewer: Lane,
): Promise<{ frozen: Promise<string> }> {
  const { cli, journal, say } = job;
  const create = ["datanet", "create", name, "--licence", licence, "--stake", "10", "--reviewer", "rita"];
  const { datanet } = await journal.step(`datanet ${name}`, z.object({ datanet: id }), () =>
    cli.json(create, "olga"),
  );
  say(`datanet ${datanet}: ${name}`);
  await journal.step(`bond ${name}`, z.looseObject({ datanet: id }), () =>
    cli.json(["datanet", "bond", datanet], "rita"),
  );
  const brought: string[] = [];
  for (const contributor of contributors) {
    const files = contributor.files.map((file) => join(SAMPLES, file));
    const list = await journal.step(`contribution ${name} ${contributor.name}`, contributed, () =>
      cli.json(["datanet", "contribute", datanet, ...files], contributor.name as Role),
    );
    for (const { contributionId, rows } of list) {
      brought.push(contributionId);
      void reviewer.add(async () => {
        await reviewOne(job, contributionId);
        say(`  contribution ${contributionId} of ${contributor.name}: ${rows} rows, approved`);
      });
    }
  }
  const frozen = reviewer.add(async () => {
    for (const contributionId of brought) await acceptOne(job, contributionId);
    const { snapshot } = await journal.step(`freeze ${name}`, z.object({ snapshot: z.string() }), () =>
      cli.json(["datanet", "freeze", datanet], "olga"),
    );
    return snapshot;
  });
  return { frozen };
}

function reviewOne({ cli, journal }: JobContext, contributionId: string): Promise<unknown> {
  const reviewed = z.object({ status: z.enum(["approved", "accepted"]) });
  return journal.step(`review ${contributionId}`, reviewed, () =>
    cli.json(["datanet", "review", contributionId], "rita"),
  );
}

function acceptOne({ cli, journal }: JobContext, contributionId: string): Promise<unknown> {
  const accepted = z.object({ status: z.literal("accepted") });
  return journal.step(`accept ${contributionId}`, accepted, () =>
    cli.json(["datanet", "accept", contributionId], "rita"),
  );
}

async function trainAndRegister(job: JobContext, snapshots: readonly string[]): Promise<string> {
  const { cli, journal, layout, base, say } = job;
  const file = join(layout.work, "model-build.json");
  const train = ["model", "train", "sample-facts", "--out", file, "--snapshot", ...snapshots];
  if (base !== undefined) train.push("--base", base);
  if (!journal.has("train")) say(`fine-tuning on the snapshots ${snapshots.join(" and ")}`);
  const trained = await journal.step("train", z.looseObject({ rows: z.number() }), () =>
    cli.json(train, "olga"),
  );
  const { model } = await journal.step("register", z.object({ model: id }), () =>
    cli.json(["model", "register", file, "--wait"], "olga"),
  );
  say(`model ${model} trained on ${trained.rows} rows and registered`);
  const sent = z.object({ transaction: z.string() });
  await Promise.all([
    ...HOSTS.map((host) => journal.step(`host ${host}`, sent, () => cli.json(["host", "take", model], host))),
    journal.step("stake", sent, () => cli.json(["model", "stake", model, "100"], "stan")),
  ]);
  return model;
}

async function askOne({ cli, journal, say }: JobContext, model: string, index: number, question: Question) {
  const schema = z.object({
    request: id,
    transaction: z.string(),
    receipt: z.looseObject({ answer: z.string() }),
  });
  const { request, transaction, receipt } = await journal.step(`question ${index}`, schema, () =>
    cli.json(["ask", model, question.question], "paula"),
  );
  say(`${question.question} -> ${receipt.answer}`);
  // A receipt is its payer's; this payer shows everybody.
  await journal.step(`publish ${index}`, z.object({ published: z.literal(true) }), () =>
    cli.json(["receipt", "publish", request], "paula"),
  );
  return { question, request, transaction };
}

/** The receipt once the challenge window is over and everybody is paid. */
async function settledReceipt({ cli, journal, signal }: JobContext, request: string): Promise<PaidReceipt> {
  return journal.step(`receipt ${request}`, receipt, async () => {
    for (;;) {
      const found = await cli.json(["receipt", "show", request]);
      if (receipt.safeParse(found).success) return found;
      await sleep(SETTLE_POLL_MS, signal);
    }
  });
}
