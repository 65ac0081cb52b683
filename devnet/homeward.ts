import { z } from "zod";
import type { CliRunner } from "./cli-runner.ts";
import type { Journal } from "./journal.ts";

/** OPEN that went home to L1. */
export interface Homeward {
  /** On L2. */
  transaction: string;
  /** Wei. */
  amount: bigint;
  /** On L1: the one that gave it out. */
  l1Transaction: string;
}

interface HomewardJob {
  cli: CliRunner;
  journal: Journal;
  say: (line: string) => void;
}

const WITHDRAWN = "100";
const wei = z.string().transform(BigInt);
const started = z.looseObject({ transaction: z.string(), amount: wei });
const done = z.looseObject({ transaction: z.string(), amount: wei, l1Transaction: z.string() });

/** Burns some of paula's OPEN on L2. */
export async function startHome({ cli, journal, say }: HomewardJob): Promise<{ transaction: string }> {
  if (!journal.has("withdraw")) say(`${WITHDRAWN} OPEN of paula set out for L1`);
  return journal.step("withdraw", started, () => cli.json(["account", "withdraw", WITHDRAWN], "paula"));
}

/** Waits for an output of its block on L1, proves it, waits for the finalization period, and finalizes it. */
export async function finishHome({ cli, journal, say }: HomewardJob, transaction: string): Promise<Homeward> {
  await journal.step("prove", done, () => cli.json(["account", "prove", transaction, "--wait"], "paula"));
  const isNew = !journal.has("finalize");
  const home = await journal.step("finalize", done, () =>
    cli.json(["account", "finalize", transaction, "--wait"], "paula"),
  );
  if (isNew) say(`they are home on L1 in ${home.l1Transaction}`);
  return home;
}
