import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CIRCLE_REVIEWERS } from "../../devnet/circle.ts";
import type { Ground } from "./ground.ts";

/** Blocks of a tick while a panel is called and drawn: three hours. */
const PACE = 12;

/** edda's, which she asked for when the fund opened. */
export const GRANT = "1";

const shown = z.looseObject({
  state: z.string(),
  amount: z.string(),
  released: z.string(),
  judges: z
    .looseObject({ state: z.string(), commitUntil: z.coerce.number(), revealUntil: z.coerce.number() })
    .optional(),
});
export type Shown = z.output<typeof shown>;

async function look({ cli }: Ground): Promise<Shown> {
  return shown.parse(await cli.json(["circle", "show", GRANT]));
}

/** A panel is called and drawn, its reviewers commit to their scores and reveal them, and what follows is done. */
export async function judge(ground: Ground, points: string): Promise<Shown> {
  const { cli, calendar } = ground;
  const walk = cli.json(["circle", "advance", GRANT, "--wait"], "alba");
  // It is awaited below, once the reviewers have judged.
  walk.catch(() => undefined);
  const isDrawn = async () => {
    const { judges } = await look(ground);
    return judges?.state === "drawn" ? judges : undefined;
  };
  const drawn = await calendar.until("the panel is drawn", 12, isDrawn, PACE);
  const scores = () =>
    Promise.all(
      CIRCLE_REVIEWERS.map((key) => cli.json(["circle", "score", GRANT, points, "I have looked"], key)),
    );
  await scores();
  await calendar.reach(drawn.commitUntil + 1);
  await scores();
  await calendar.at(PACE, () => walk);
  return look(ground);
}

/** edda hands in what she has. */
export async function report({ cli, layout }: Ground, text: string): Promise<void> {
  const file = join(layout.work, "evidence.md");
  writeFileSync(file, text);
  await cli.json(["circle", "report", GRANT, file], "edda");
}
