import { z } from "zod";
import type { Ground } from "./ground.ts";

const told = z.looseObject({ answer: z.looseObject({ answer: z.string() }) });
const listed = z.array(
  z.looseObject({ status: z.string(), answers: z.coerce.number(), fees: z.coerce.bigint() }),
);
const filled = z.looseObject({ host: z.string() });

/** OPEN that is laid by. */
const PURSE = "20";
/** Days from an answer to its epoch's settlement: its closing, the audit of its leaves, the window, and somebody who looks. */
const SETTLED_DAYS = 30;
/** Blocks of a tick meanwhile: four hours. */
const PACE = 16;

/** What a purse paid for. */
export interface Prepaid {
  answers: readonly { question: string; answer: string }[];
  epochs: number;
  /** Wei. */
  fees: bigint;
}

/** Paula fills a purse and asks out of it; the host has closed and settled all of it when it resolves. */
export async function askFromPurse(
  ground: Ground,
  model: string,
  questions: readonly string[],
): Promise<Prepaid> {
  const { cli, calendar } = ground;
  filled.parse(await cli.json(["purse", "fill", PURSE], "paula"));
  const answers: Prepaid["answers"][number][] = [];
  for (const question of questions) {
    const { answer } = told.parse(await cli.json(["ask", model, question, "--purse"], "paula"));
    answers.push({ question, answer: answer.answer });
  }
  const epochs = await calendar.until(
    "all of it is settled",
    SETTLED_DAYS,
    () => settled(ground, questions.length),
    PACE,
  );
  const fees = epochs.reduce((sum, epoch) => sum + epoch.fees, 0n);
  return { answers, epochs: epochs.length, fees };
}

/** All epochs, once they are settled and hold so many answers. */
async function settled({ cli }: Ground, count: number) {
  const epochs = listed.parse(await cli.json(["epoch", "list"]));
  const held = epochs.reduce((sum, { answers }) => sum + answers, 0);
  return held === count && epochs.every(({ status }) => status === "settled") ? epochs : undefined;
}
