import { appendFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Session } from "../../../native/js/index.ts";
import { sleep } from "../../base/clock.ts";
import { createLogger } from "../../base/logger.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { encodeDocument } from "../datanet/document.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { FACTS } from "../testing/facts.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { snapshotRoot } from "../train/snapshot.ts";
import { BaseModels } from "./bases.ts";
import { Factory } from "./factory.ts";
import type { Job } from "./job.ts";
import { JobFiles } from "./job-files.ts";
import { defaultSettings, type JobOrder, orderSchema } from "./order.ts";

const OLGA = `0x${"0a".repeat(20)}`;
const MALLORY = `0x${"0b".repeat(20)}`;
const code = (name: string) => expect.objectContaining({ code: name });

const rows = FACTS.slice(0, 8).map(({ prompt, completion }) => ({ prompt, completion }));
const document = encodeDocument({ name: "facts.jsonl", rows });
const contribution = {
  contributionId: 1n,
  contributor: `0x${"01".repeat(20)}` as const,
  contentId: document.contentId,
  rowsRoot: document.rowsRoot,
  rowCount: document.rowCount,
};
const snapshot = { root: snapshotRoot([contribution]), contributions: 1 };

/** A registry with one frozen snapshot: what the client asks of the chain, from this table. */
const client = {
  public: {
    readContract: async ({ functionName, args }: { functionName: string; args: readonly bigint[] }) => {
      if (functionName === "getSnapshot" && Number(args[1]) === 1) return snapshot;
      if (functionName === "acceptedContributions") return [1n];
      if (functionName === "getContribution") return { ...contribution, status: 3 };
      throw new Error(`the chain refuses ${functionName}`);
    },
  },
} as unknown as ChainClient;

const order = (change: Partial<JobOrder> = {}): JobOrder =>
  orderSchema.parse({
    name: "facts",
    base: "shipped",
    snapshots: [{ datanetId: "1", number: 1 }],
    settings: { ...defaultSettings(1), epochs: 2, rank: 2, warmupSteps: 1 },
    heldOut: [{ prompt: "Who leads the Stonebrook choir?", completion: "Nadia Brock" }],
    ...change,
  });

let folder: string;
let content: ReturnType<typeof memoryContent>;
let endings: { stop: () => Promise<void> }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "factory-"));
  content = memoryContent();
  await content.put(document.bytes);
  endings = [];
});
afterEach(async () => {
  for (const { stop } of endings) await stop();
  rmSync(folder, { recursive: true, force: true });
});

/** One life of a worker's factory over the test's folder. */
async function live(): Promise<{ factory: Factory; stop: () => Promise<void> }> {
  const factory = new Factory({
    ...{ client, content, at: {} as ProtocolAddresses },
    session: new Session({ threads: 1 }),
    keepEveryMs: 1,
    bases: new BaseModels(join(folder, "models")),
    shared: new SharedBases(),
    files: new JobFiles(join(folder, "jobs")),
    logger: createLogger({ level: "silent", format: "json" }),
  });
  await factory.open();
  const ending = new AbortController();
  const running = factory.run(ending.signal);
  const stop = async () => {
    ending.abort();
    await running;
  };
  endings.push({ stop });
  return { factory, stop };
}

async function until(factory: Factory, jobId: string, isThere: (job: Job) => boolean): Promise<Job> {
  for (;;) {
    const job = factory.get(OLGA, jobId);
    if (isThere(job)) return job;
    await sleep(20);
  }
}
const ended = ({ state }: Job) => state === "done" || state === "failed" || state === "cancelled";

describe("a training job", { timeout: 300_000 }, () => {
  test("runs to its end, measures what it learnt, and answers beside its base model", async () => {
    const { factory } = await live();
    const { jobId } = await factory.create(OLGA, order());
    const job = await until(factory, jobId, ended);
    expect(job.failure).toBeNull();
    const { curve, evaluation, hashes } = job.result!;
    expect(curve.steps).toEqual([1, 2]);
    expect(curve.norms.every((norm) => norm > 0)).toBe(true);
    expect(evaluation.trained.tuned).toBeLessThan(evaluation.trained.base!);
    expect([evaluation.trained.rows, evaluation.heldOut.rows]).toEqual([8, 1]);
    expect(evaluation.reworded.rows).toBeGreaterThan(0);
    const { events } = await factory.events(OLGA, jobId, 0, 0);
    expect(events.filter(({ kind }) => kind === "step").length).toBeGreaterThan(0);
    expect(content.all.has(hashes.manifestHash as Hash)).toBe(true);
    const never = new AbortController().signal;
    const { rows: made, contributions } = await factory.compare(OLGA, jobId, rows[0]!.prompt, never);
    expect(made.every(({ contributionId }) => contributionId === "1")).toBe(true);
    expect(contributions.map(({ contributionId }) => contributionId)).toEqual(["1"]);
  });

  test("shows the rows that a claim of its answer would list: none whose words are not in it", async () => {
    const { factory } = await live();
    const settings = { ...defaultSettings(1), epochs: 60 };
    const { jobId } = await factory.create(OLGA, order({ settings }));
    await until(factory, jobId, ended);
    const never = new AbortController().signal;
    const answer = await factory.compare(OLGA, jobId, rows[0]!.prompt, never);
    expect(answer.tuned).toBe(rows[0]!.completion);
    const sameWords = rows.flatMap(({ completion }, row) => (completion === answer.tuned ? [row] : []));
    expect(answer.rows.map(({ row }) => row).sort()).toEqual(sameWords);
  });

  test("is taken up by the next worker when one dies in it, says so, and gives what it would have given", async () => {
    const first = await live();
    const long = order({ settings: { ...order().settings, epochs: 60 } });
    const { jobId } = await first.factory.create(OLGA, long);
    const state = join(folder, "jobs", jobId, "checkpoint");
    await until(first.factory, jobId, () => existsSync(state));
    await first.stop();
    expect(existsSync(state)).toBe(true);
    // The line that the crash tore.
    appendFileSync(join(folder, "jobs", jobId, "events.jsonl"), '{"kind":"log","at":1,"te');
    const second = await live();
    const resumed = await until(second.factory, jobId, ended);
    expect([resumed.state, resumed.starts]).toEqual(["done", 2]);
    const { events } = await second.factory.events(OLGA, jobId, 0, 0);
    const lines = events.flatMap((event) => (event.kind === "log" ? [event.text] : []));
    expect(lines).toContain("the worker ended during this run: it goes on from the last state that was kept");
    expect(lines).toContainEqual(expect.stringMatching(/^goes on after step \d+ of 60$/));
    await expect.poll(() => existsSync(state)).toBe(false);
    const { jobId: again } = await second.factory.create(OLGA, long);
    const unbroken = await until(second.factory, again, ended);
    expect(unbroken.result!.hashes).toEqual(resumed.result!.hashes);
  });

  test("is cancelled, resumed and deleted by its owner, and by nobody else", async () => {
    const { factory } = await live();
    const { jobId } = await factory.create(OLGA, order({ settings: { ...order().settings, epochs: 2_000 } }));
    await until(factory, jobId, ({ state }) => state === "running");
    expect(() => factory.cancel(MALLORY, jobId)).toThrow(code("JOB_UNKNOWN"));
    await expect(factory.delete(OLGA, jobId)).rejects.toThrow(code("JOB_STATE"));
    factory.cancel(OLGA, jobId);
    expect((await until(factory, jobId, ended)).state).toBe("cancelled");
    expect(factory.resume(OLGA, jobId).state).toBe("waiting");
    await until(factory, jobId, ({ state }) => state === "running");
    factory.cancel(OLGA, jobId);
    await until(factory, jobId, ended);
    await expect(factory.delete(MALLORY, jobId)).rejects.toThrow(code("JOB_UNKNOWN"));
    await factory.delete(OLGA, jobId);
    expect(await new JobFiles(join(folder, "jobs")).open()).toEqual([]);
  });

  test("of an unknown snapshot or base model is refused before it is kept; so is one too many", async () => {
    const { factory } = await live();
    const none = order({ snapshots: [{ datanetId: "1", number: 9 }] });
    await expect(factory.create(OLGA, none)).rejects.toThrow(code("SNAPSHOT_UNKNOWN"));
    await expect(factory.create(OLGA, order({ base: "../secret" as string }))).rejects.toThrow(
      code("BASE_UNKNOWN"),
    );
    const short = order({ settings: { ...order().settings, warmupSteps: 2 } });
    await expect(factory.create(OLGA, short)).rejects.toThrow(code("JOB_TOO_SHORT"));
    expect(factory.list(OLGA)).toEqual([]);
    const long = order({ settings: { ...order().settings, epochs: 2_000 } });
    for (let i = 0; i < 2; i++) await factory.create(OLGA, long);
    await expect(factory.create(OLGA, long)).rejects.toThrow(code("JOBS_FULL"));
    for (const { jobId } of factory.list(OLGA)) factory.cancel(OLGA, jobId);
  });

  test("who waits for news has it as soon as there is some", async () => {
    const { factory } = await live();
    const { jobId } = await factory.create(OLGA, order());
    const { next } = await factory.events(OLGA, jobId, 0, 0);
    const news = await factory.events(OLGA, jobId, next, 20_000);
    expect(news.events.length + Number(news.job.state !== "waiting")).toBeGreaterThan(0);
    await until(factory, jobId, ended);
  });
});

describe("a preview", () => {
  test("shows the rows as the model sees them, and what training takes", async () => {
    const { factory } = await live();
    const { rows: shown, examples, steps, tokens, memoryBytes } = await factory.preview(order());
    expect(shown[0]!.text).toContain(`Question: ${rows[0]!.prompt}\nAnswer: ${rows[0]!.completion}`);
    expect([examples, steps]).toEqual([8, 2]);
    expect(tokens).toBe(2 * shown.reduce((sum, row) => sum + row.tokens, 0));
    expect(memoryBytes).toBeGreaterThan(1_000_000);
  });
});
