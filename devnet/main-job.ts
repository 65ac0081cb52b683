import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sleep } from "../node/base/clock.ts";
import { packageRoot } from "../node/base/paths.ts";
import { devAccounts, ROLES, type Role } from "./accounts.ts";
import type { CliRunner } from "./cli-runner.ts";
import { postFalseClaim } from "./dishonest-host.ts";
import type { Journal } from "./journal.ts";
import type { Layout } from "./layout.ts";

const SAMPLES = join(packageRoot(), "devnet", "samples");

const SETTLE_POLL_MS = 2_000;
/** OPEN behind each host's claims: covers a dozen open ones at the default rates. */
const HOST_STAKE = "1000";

const samplesSchema = z.object({
  datanets: z.array(
    z.object({
      name: z.string(),
      licence: z.string(),
      contributors: z.array(z.object({ name: z.string(), files: z.array(z.string()) })),
    }),
  ),
});
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

/** The whole job with nothing but the command line and JSON-RPC; each finished step is kept in the journal. */
export async function runMainJob(job: JobContext): Promise<JobResult> {
  await importAccounts(job);
  const bridged = await bridgeOpen(job);
  const snapshots = await fillDatanets(job);
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
  return { model, questions, falseClaim: refuted, bridged };
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

async function fillDatanets({ cli, journal, say }: JobContext): Promise<string[]> {
  const { datanets } = samplesSchema.parse(JSON.parse(readFileSync(join(SAMPLES, "samples.json"), "utf8")));
  const snapshots: string[] = [];
  for (const { name, licence, contributors } of datanets) {
    const create = ["datanet", "create", name, "--licence", licence, "--stake", "10", "--reviewer", "rita"];
    const { datanet } = await journal.step(`datanet ${name}`, z.object({ datanet: id }), () =>
      cli.json(create, "olga"),
    );
    say(`datanet ${datanet}: ${name}`);
    const approved: string[] = [];
    for (const contributor of contributors) {
      const files = contributor.files.map((file) => join(SAMPLES, file));
      const list = await journal.step(`contribution ${name} ${contributor.name}`, contributed, () =>
        cli.json(["datanet", "contribute", datanet, ...files], contributor.name as Role),
      );
      for (const { contributionId, rows } of list) {
        const reviewed = z.object({ status: z.enum(["approved", "accepted"]) });
        await journal.step(`review ${contributionId}`, reviewed, () =>
          cli.json(["datanet", "review", contributionId], "rita"),
        );
        say(`  contribution ${contributionId} of ${contributor.name}: ${rows} rows, approved`);
        approved.push(contributionId);
      }
    }
    for (const contributionId of approved) {
      const accepted = z.object({ status: z.literal("accepted") });
      await journal.step(`accept ${contributionId}`, accepted, () =>
        cli.json(["datanet", "accept", contributionId], "rita"),
      );
    }
    const frozen = await journal.step(`freeze ${name}`, z.object({ snapshot: z.string() }), () =>
      cli.json(["datanet", "freeze", datanet], "olga"),
    );
    snapshots.push(frozen.snapshot);
  }
  return snapshots;
}

async function trainAndRegister(job: JobContext, snapshots: readonly string[]): Promise<string> {
  const { cli, journal, layout, base, say } = job;
  const file = join(layout.work, "model-build.json");
  const train = ["model", "train", "sample-facts", "--out", file, "--snapshot", ...snapshots];
  if (base !== undefined) train.push("--base", base);
  if (!journal.has("train")) say(`fine-tuning on the snapshots ${snapshots.join(" and ")}`);
  const trained = await journal.step("train", z.looseObject({ rows: z.number() }), () => cli.json(train));
  const { model } = await journal.step("register", z.object({ model: id }), () =>
    cli.json(["model", "register", file, "--wait"], "olga"),
  );
  say(`model ${model} trained on ${trained.rows} rows and registered`);
  for (const host of ["host", "mallory"] as const) {
    await journal.step(`host ${host}`, z.object({ transaction: z.string() }), async () => {
      await cli.json(["host", "stake", HOST_STAKE], host);
      await cli.json(["host", "limits", "--max-fee", "10", "--max-open", "100"], host);
      return cli.json(["host", "take", model], host);
    });
  }
  await journal.step("stake", z.object({ transaction: z.string() }), () =>
    cli.json(["model", "stake", model, "100"], "stan"),
  );
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
