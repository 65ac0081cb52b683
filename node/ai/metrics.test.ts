import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { measureAi, measureMirror, type WorkerFigures } from "./metrics.ts";

const FIGURES: WorkerFigures = {
  memory: { process: 1000, javascript: 100, weights: 400 },
  engines: [
    {
      base: "base-1",
      arithmetic: "f32",
      running: 2,
      waiting: 1,
      bytes: { weights: 300, cache: 80, used: 8 },
    },
    { base: "base-1", arithmetic: "q8", running: 0, waiting: 0, bytes: { weights: 0, cache: 80, used: 0 } },
  ],
  adapters: { count: 3, pinned: 1, used: 2, bytes: 60, maxBytes: 90 },
  tokens: 12,
  jobs: { running: 1, done: 4 },
};

test("a worker's figures are told as they are, and none of one that does not answer", async () => {
  const registry = new Registry();
  let figures: WorkerFigures | undefined = FIGURES;
  measureAi(
    registry,
    () => undefined,
    () => figures,
  );
  const lines = async () => (await registry.metrics()).split("\n").filter((line) => /^[^#]/.test(line));
  const none = [
    'openledger_ai_queue{state="answering"} 0',
    'openledger_ai_queue{state="unsettled"} 0',
    'openledger_ai_adapters{state="resident"} 0',
    'openledger_ai_adapters{state="used"} 0',
    'openledger_ai_adapters{state="pinned"} 0',
    "openledger_ai_tokens_total 0",
  ];
  for (let look = 0; look < 2; look++)
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'openledger_ai_memory_bytes{part="process"} 1000',
        'openledger_ai_memory_bytes{part="javascript"} 100',
        'openledger_ai_memory_bytes{part="weights"} 400',
        'openledger_ai_memory_bytes{part="adapters"} 60',
        'openledger_ai_model_bytes{base="base-1",arithmetic="f32",part="used"} 8',
        'openledger_ai_requests{base="base-1",arithmetic="f32",state="waiting"} 1',
        'openledger_ai_requests{base="base-1",arithmetic="q8",state="running"} 0',
        'openledger_ai_adapters{state="used"} 2',
        "openledger_ai_tokens_total 12",
        'openledger_ai_jobs{state="done"} 4',
      ]),
    );
  figures = undefined;
  expect((await lines()).sort()).toEqual(none.sort());
});

test("a mirror's contents are told once it knows them", async () => {
  const registry = new Registry();
  let status: { peers: number; named: number; missing: number } | undefined;
  measureMirror(registry, () => status);
  expect(await registry.metrics()).not.toMatch(/^openledger_contents/m);
  status = { peers: 1, named: 5, missing: 2 };
  const text = await registry.metrics();
  for (const [what, count] of Object.entries(status))
    expect(text).toContain(`openledger_contents{what="${what}"} ${count}\n`);
});
