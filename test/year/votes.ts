import { z } from "zod";
import type { Ground } from "./ground.ts";

const proposed = z.looseObject({ number: z.number() });
/** Blocks of a tick while a vote and its timelock run: six hours. */
const PACE = 24;

/** The founders give their rights to governance; stan has stakes for votes. */
export async function handOver({ cli, calendar }: Ground): Promise<void> {
  const by = (key: string, ...args: string[]) => cli.json(["governance", ...args], key);
  await by("stan", "stake", "1000", "--lock", "365");
  await by("treasury", "hand-over");
  await by("governor", "hand-over");
  await calendar.at(PACE, async () => {
    await by("governor", "hand-over", "--wait");
    await by("treasury", "hand-over", "--wait");
  });
}

/** Proposes calls, votes for them, waits the timelock out and runs them. @returns the proposal's number. */
export async function pass(
  { cli, calendar }: Ground,
  title: string,
  calls: readonly string[],
): Promise<number> {
  const by = (...args: string[]) => cli.json(["governance", ...args], "stan");
  const { number } = proposed.parse(await by("propose", title, ...calls));
  await calendar.at(PACE, async () => {
    await by("vote", String(number), "for", "--wait");
    await by("queue", String(number), "--wait");
    await by("execute", String(number), "--wait");
  });
  return number;
}

/** A field of the protocol's parameters as it is in force. */
export async function parameter({ cli }: Ground, name: string): Promise<number> {
  const shown = z.record(z.string(), z.unknown()).parse(await cli.json(["governance", "parameters"]));
  return Number(shown[name]);
}
