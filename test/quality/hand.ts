import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CliRunner } from "../../devnet/cli-runner.ts";
import { shareOfEach } from "../../node/ai/client/earnings.ts";
import { CodedError } from "../../node/base/errors.ts";
import type { FactSet } from "./facts.ts";
import type { Form } from "./trial.ts";

/** OPEN that a new account gets: stakes and the escrows of a hundred questions. */
const ALLOWANCE = "1500";
const LEAST_WEI = 300n * 10n ** 18n;

export interface HandOptions {
  dataDir: string;
  rpc: string | undefined;
  /** Account of the key store that pays for all others. */
  funder: string;
  /** Account that answers. */
  host: string;
  /** JSON file with another method than the default; for trying settings out. */
  method: string | undefined;
  /** Folder with another base model than the shipped one. */
  base: string | undefined;
}

const id = z.union([z.string(), z.number()]).transform(String);
/** Digits of a whole number. */
const whole = z.union([z.string(), z.number()]).transform(BigInt);
const shares = z.looseObject({ contributionIds: z.array(whole), weights: z.array(whole) });
const answered = z.looseObject({
  request: id,
  receipt: z.looseObject({
    answer: z.string(),
    proved: z.boolean(),
    claim: z.looseObject({
      earnedBps: z.number(),
      list: shares,
      context: shares.extend({ partBps: z.number() }),
    }),
    contributors: z.array(z.looseObject({ contributionId: whole, contributor: z.string() })),
  }),
});

export interface Answered {
  request: string;
  answer: string;
  /** Name of the contributor who is paid most; undefined when nobody or two lead. */
  first: string | undefined;
  /** Share of what contributors are paid of each that has any. */
  shares: ReadonlyMap<string, number>;
}

/** A person at the command line: every step is a process of its own, with no door but the user's. */
export class Hand {
  private readonly cli: CliRunner;
  private readonly options: HandOptions;
  private readonly names = new Map<string, string>();
  /** Of each request. */
  private readonly payers = new Map<string, string>();

  constructor(options: HandOptions) {
    const devnet = readDevnet(options.dataDir);
    const rpcUrl = options.rpc ?? devnet.rpc;
    this.cli = new CliRunner({
      dataDir: options.dataDir,
      rpcUrl,
      l1RpcUrl: devnet.l1,
      signal: new AbortController().signal,
    });
    this.options = options;
    this.rpcUrl = rpcUrl;
    this.devnetPid = devnet.pid;
  }

  readonly rpcUrl: string;
  /** The process that started the devnet's others. */
  readonly devnetPid: number;

  /** Makes the accounts that are missing and gives OPEN to those that are short of it. */
  async haveAccounts(names: readonly string[]): Promise<void> {
    const list = z.array(z.object({ name: z.string(), address: z.string() }));
    const known = list.parse(await this.cli.json(["account", "list"]));
    for (const name of names) {
      const made = known.find((account) => account.name === name);
      const { address } = made ?? list.element.parse(await this.cli.json(["account", "new", name]));
      this.names.set(address.toLowerCase(), name);
      const { wei } = z.object({ wei: id }).parse(await this.cli.json(["account", "balance", name]));
      if (BigInt(wei) >= LEAST_WEI) continue;
      await this.cli.json(["account", "transfer", address, ALLOWANCE], this.options.funder);
    }
  }

  /** Datanet, contributions, reviews, snapshot; gives `datanet:number`. */
  async fillDatanet(set: FactSet, form: Form): Promise<string> {
    const name = `${set.name}-${form}`;
    const create = ["datanet", "create", name, "--licence", "CC0-1.0", "--reviewer", "reviewer"];
    const { datanet } = z.object({ datanet: id }).parse(await this.cli.json(create, "owner"));
    const contributed = z.array(z.object({ contributionId: id }));
    await this.cli.json(["datanet", "bond", datanet], "reviewer");
    const reviewed: string[] = [];
    for (const contributor of set.contributors) {
      const contribute = ["datanet", "contribute", datanet, contributor[form]];
      for (const { contributionId } of contributed.parse(await this.cli.json(contribute, contributor.name))) {
        await this.cli.json(["datanet", "review", contributionId], "reviewer");
        reviewed.push(contributionId);
      }
    }
    for (const contributionId of reviewed)
      await this.cli.json(["datanet", "accept", contributionId], "reviewer");
    const frozen = await this.cli.json(["datanet", "freeze", datanet], "owner");
    return z.object({ snapshot: z.string() }).parse(frozen).snapshot;
  }

  /** Trains on the snapshot, registers and lets the host take the model; gives its number. */
  async makeModel(name: string, snapshot: string): Promise<string> {
    return this.registerModel(await this.trainModel(name, snapshot));
  }

  /** Trains on the snapshot; gives the file of the build. */
  async trainModel(name: string, snapshot: string): Promise<string> {
    const folder = join(this.options.dataDir, "work");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${name}.json`);
    const train = ["model", "train", name, "--out", file, "--snapshot", snapshot];
    if (this.options.method !== undefined) train.push("--method", this.options.method);
    if (this.options.base !== undefined) train.push("--base", this.options.base);
    await this.cli.json(train, "owner");
    return file;
  }

  /**
   * Registers a build, waits until it serves and lets the host take it; gives the model's number. The same facts taught once more on the
   * same devnet make the same adapter, and the model that has it is asked again.
   */
  async registerModel(file: string): Promise<string> {
    let registered: unknown;
    try {
      registered = await this.cli.json(["model", "register", file, "--wait"], "owner");
    } catch (error) {
      const holder = /AdapterRegistered\((\d+)\)/.exec((error as Error).message)?.[1];
      if (holder === undefined) throw error;
      return holder;
    }
    const { model } = z.object({ model: id }).parse(registered);
    await this.cli.json(["host", "take", model], this.options.host);
    return model;
  }

  async ask(model: string, question: string, payer: string): Promise<Answered> {
    const { request, receipt } = answered.parse(await this.cli.json(["ask", model, question], payer));
    this.payers.set(request, payer);
    const sums = new Map<string, bigint>();
    const { claim, contributors } = receipt;
    const whose = new Map(contributors.map((one) => [one.contributionId, one.contributor.toLowerCase()]));
    for (const { contributionId, amount } of shareOfEach(claim)) {
      const key = whose.get(contributionId)!;
      sums.set(key, (sums.get(key) ?? 0n) + amount);
    }
    const [first, second] = [...sums].toSorted(([, a], [, b]) => (b > a ? 1 : -1));
    const leads = first !== undefined && first[1] !== second?.[1];
    const total = Number([...sums.values()].reduce((sum, weight) => sum + weight, 0n));
    return {
      request,
      answer: receipt.answer,
      first: leads ? this.names.get(first[0]) : undefined,
      shares: new Map([...sums].map(([key, weight]) => [this.names.get(key) ?? key, Number(weight) / total])),
    };
  }

  /** A receipt is its payer's until then. */
  async publish(request: string): Promise<void> {
    await this.cli.json(["receipt", "publish", request], this.payers.get(request));
  }

  /** `receipt verify`: whether it held, its last line, and its seconds, the start of the process included. */
  async verify(args: readonly string[]): Promise<{ ok: boolean; seconds: number; line: string }> {
    const start = performance.now();
    const { status, stdout, stderr } = await this.cli.run(["receipt", "verify", ...args]);
    const seconds = (performance.now() - start) / 1000;
    const line = (stdout.trimEnd() || stderr.trimEnd()).split("\n").at(-1) ?? "";
    return { ok: status === 0, seconds, line };
  }

  async exportReceipt(request: string): Promise<string> {
    const folder = join(this.options.dataDir, "work", `receipt-${request}`);
    await this.cli.json(["receipt", "export", request, folder]);
    return folder;
  }
}

function readDevnet(dataDir: string): { rpc: string; l1: string; pid: number } {
  const file = join(dataDir, "devnet.json");
  const schema = z.object({
    pid: z.number(),
    l1: z.object({ rpc: z.string() }),
    nodes: z.array(z.object({ rpc: z.string() })).min(1),
  });
  try {
    const { l1, nodes, pid } = schema.parse(JSON.parse(readFileSync(file, "utf8")));
    return { rpc: nodes[0]!.rpc, l1: l1.rpc, pid };
  } catch (cause) {
    throw new CodedError("DEVNET_ABSENT", "fatal", {
      message: `${file} describes no devnet`,
      fix: "start one with `npm start`, or name its folder with --data-dir",
      cause,
    });
  }
}
