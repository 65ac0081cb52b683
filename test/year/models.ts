import { join } from "node:path";
import { z } from "zod";
import { getRequest, settlementOf } from "../../node/ai/client/market.ts";
import type { Ground } from "./ground.ts";

const id = z.union([z.string(), z.number()]).transform(String);
const registered = z.looseObject({ model: id });
const asked = z.looseObject({ request: id, receipt: z.looseObject({ answer: z.string() }) });

/** Blocks of a tick while a window passes: four hours. */
const PACE = 16;
/** OPEN for a thousand tokens. */
const RATES = ["--rate-in", "2", "--rate-out", "20"];
/** Days after its request in which an answer is settled: its window, and somebody who looks. */
const SETTLED_DAYS = 12;

/** What a model is registered with beside its build. */
export interface Origins {
  snapshots: readonly string[];
  /** Further flags of `model register`. */
  flags?: readonly string[];
}

/** Trains on snapshots, registers, and has the host take it and stan stake on it. */
export async function serveModel(
  ground: Ground,
  name: string,
  { snapshots, flags }: Origins,
): Promise<string> {
  const { cli, layout, calendar } = ground;
  const build = join(layout.work, `${name}.json`);
  await cli.json(["model", "train", name, "--out", build, "--snapshot", ...snapshots], "olga");
  const { model } = registered.parse(
    await calendar.at(PACE, () =>
      cli.json(["model", "register", build, "--wait", ...RATES, ...(flags ?? [])], "olga"),
    ),
  );
  await cli.json(["host", "take", model], "host");
  await cli.json(["model", "stake", model, "100"], "stan");
  return model;
}

/** What questions brought. */
export interface Answered {
  answers: readonly { question: string; answer: string }[];
  /** Wei of fees. */
  fees: bigint;
}

/** Paula asks; all are settled when it resolves. */
export async function askAll(ground: Ground, model: string, questions: readonly string[]): Promise<Answered> {
  const { cli, client, at, calendar } = ground;
  const answers: Answered["answers"][number][] = [];
  const requests: bigint[] = [];
  for (const question of questions) {
    const { request, receipt } = asked.parse(await cli.json(["ask", model, question], "paula"));
    answers.push({ question, answer: receipt.answer });
    requests.push(BigInt(request));
  }
  let fees = 0n;
  for (const request of requests) {
    const isSettled = async () => (await getRequest(client, at, request)).status === "settled";
    await calendar.until(`request ${request} is settled`, SETTLED_DAYS, isSettled, PACE);
    fees += (await settlementOf(client, at, request))?.fee ?? 0n;
  }
  return { answers, fees };
}
