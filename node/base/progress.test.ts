import { expect, it } from "vitest";
import { startProgress } from "./progress.ts";

it("shows a share as soon as the total is known", () => {
  const lines: string[] = [];
  let time = 0;
  const stream = { write: (text: string) => lines.push(text.trimEnd()) };
  const progress = startProgress({ label: "fine-tuning", unit: "steps", stream, now: () => time });
  progress.update(0, undefined, 0);
  time = 10_000;
  progress.update(50, "loss 0.5", 200);
  time = 40_000;
  progress.update(200);
  progress.finish();
  expect(lines).toEqual([
    "fine-tuning 0.0 s",
    "fine-tuning [######..................] 25 % 50/200 steps 30.0 s left loss 0.5 10.0 s",
    "fine-tuning [########################] 100 % 200/200 steps loss 0.5 40.0 s",
    "fine-tuning [########################] 100 % 200/200 steps loss 0.5 (40.0 s)",
  ]);
});
