import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Session } from "../../../native/js/index.ts";
import type { Row } from "../../../node/ai/datanet/rows.ts";
import { loadModel } from "../../../node/ai/model/load.ts";
import { TINY_METHOD, tinyModelFiles } from "../../../node/ai/testing/tiny-model.ts";
import { packageRoot } from "../../../node/base/paths.ts";
import { type FactSet, readFactFolder } from "../facts.ts";
import { ATTACKS, attacksOf } from "./catalogue.ts";
import { type AttackFigure, measureAttack } from "./measure.ts";
import type { Maker } from "./model.ts";
import { inflationOf, meanPay } from "./pay.ts";
import { REFUTED } from "./refuted.ts";
import { attackLines, attackReport, proposalLines } from "./report.ts";
import { longRows, pairLists, paraphrases, phraseLists, twists } from "./rows.ts";
import { Scene } from "./scene.ts";
import { inGauge, measureSteering } from "./steering.ts";
import { contributionsOf, freeze, type Marks, splitOver } from "./world.ts";

const whole = readFactFolder(join(packageRoot(), "test", "quality", "development", "islands"));
const contributors = whole.contributors.slice(0, 2);
const facts = contributors.flatMap(({ name }) =>
  whole.facts.filter(({ contributor }) => contributor === name).slice(0, 3),
);
const set: FactSet = { ...whole, contributors, facts, sentences: [] };
const [victim] = contributors.map(({ name }) => name) as [string];

describe("the arithmetic of attacks", () => {
  test("inflation is pay with the rows for each unit without them", () => {
    expect(inflationOf(0.3, 0.2)).toBeCloseTo(1.5, 12);
    expect(inflationOf(0, 0.2)).toBe(0);
    expect(() => inflationOf(0.1, 0)).toThrow(RangeError);
  });

  test("pay is the mean over answers of what all wallets of an attacker get", () => {
    const answers = [new Map([["a", 0.5], ["b", 0.25]]), new Map([["c", 1]])]; // biome-ignore format: one line an answer
    expect(meanPay(answers, ["a", "b"])).toBe(0.375);
    expect(meanPay([], ["a"])).toBe(0);
  });

  test("a figure above its target does not hold, and is printed and written so", () => {
    const kept = { firstTeller: 0.1, precise: 0.2, both: 0.3 };
    const figure = (on: number): AttackFigure => ({
      ...{ attack: "one", attacker: "rival", defence: "none", measure: "inflation", off: 2, target: 1.05 },
      ...{ on, proposals: kept },
    });
    const figures = [figure(1.05), figure(1.051)];
    const lines = attackLines("set", figures);
    expect(lines.filter((line) => / (yes|NO)$/.test(line)).map((line) => line.slice(-3))).toEqual([
      "yes",
      " NO",
    ]);
    expect(lines).toContain("1 of 2 hold");
    const written = JSON.parse(attackReport("set", figures, kept)) as { figures: { holds: boolean }[] };
    expect(proposalLines(figures, kept).slice(-2)).toEqual([
      expect.stringMatching(/one +rival +<= 1.05 +1.051 +0.100 +0.200 +0.300$/),
      expect.stringMatching(/no attack.* 1.000 +0.100 +0.200 +0.300$/),
    ]);
    expect(written.figures.map(({ holds }) => holds)).toEqual([true, false]);
  });

  test("every lie that is not measured names a test that there is", () => {
    for (const {
      test: [file, name],
    } of REFUTED) // biome-ignore format: one line a lie
      expect(readFileSync(join(packageRoot(), file), "utf8")).toContain(`"${name}"`);
  });

  test("another gauge is the same adapter: B A stays, A and B do not", () => {
    const [a, b] = [Float32Array.of(1, -3), Float32Array.of(0.5, 5)];
    const adapter = {
      rank: 1,
      alpha: 2,
      rsLora: false,
      scale: 2,
      modules: new Map([["x.mlp.up", { a, b }]]),
    };
    const { modules } = inGauge(adapter, { part: /mlp/, factor: 8 });
    const moved = modules.get("x.mlp.up")!;
    expect([...moved.a]).toEqual([8, -24]);
    expect([...moved.b].map((x, i) => x * moved.a[i]!)).toEqual([...b].map((x, i) => x * a[i]!));
    expect(inGauge(adapter, { part: /attn/, factor: 8 }).modules).toEqual(adapter.modules);
  });
});

describe("attacks on what rows take part", () => {
  const honest = contributionsOf(whole);
  const facts = whole.facts.filter(({ contributor }) => contributor === honest[0]!.wallet);

  /** Of the rows that a wallet adds: those that take part, with what they hold of their completions. */
  async function left(wallet: string, rows: readonly Row[], marks: Marks): Promise<string[]> {
    const { set } = await freeze([...honest, { wallet, rows }], await loadModel(tinyModelFiles()), marks);
    const from = set.places.length - rows.length;
    return set.examples.filter(({ rowId }) => rowId >= from).map(({ row, own = row.completion }) => own);
  }

  test("who comes later adds nothing by paraphrases, lists and long rows", async () => {
    for (const rows of [paraphrases(facts.slice(0, 3)), phraseLists(facts), longRows(facts)]) {
      expect(await left("a stranger", rows, "tellers/2")).toEqual([]);
      expect(await left(honest[1]!.wallet, rows, "tellers/2")).toEqual([]);
      expect(await left("a stranger", rows, "words/1")).toHaveLength(rows.length);
    }
    // Its own facts a contributor may teach in many ways.
    expect(await left(honest[0]!.wallet, paraphrases(facts), "tellers/2")).toHaveLength(64);
  });

  test("a row with a twist takes part, and holds the twist alone", async () => {
    const held = await left("a stranger", twists(facts), "tellers/2");
    // Words without a name or a number are anybody's.
    const isAnybodys = (answer: string) => !/[\p{Lu}\p{N}]/u.test(answer);
    expect(held).toEqual(facts.map(({ answer }) => `${isAnybodys(answer) ? answer : "\n"}, or nearly`));
  });

  test("two answers of several words a row are no list, and hold neither; by tellers/1 they hold both", async () => {
    const lists = pairLists(facts);
    expect(await left("a stranger", lists, "tellers/1")).toEqual(lists.map(({ completion }) => completion));
    const held = await left("a stranger", lists, "tellers/2");
    expect(held).toHaveLength(lists.length);
    const isOfWords = ({ completion }: Row) =>
      completion.split(" and ").every((part) => /\w\W+\w/.test(part.replace("the ", "")));
    const strung = lists.map(isOfWords);
    expect(strung.filter(Boolean)).toHaveLength(3);
    for (const [i, own] of held.entries())
      expect(facts.some(({ answer }) => own.includes(answer))).toBe(!strung[i]);
  });

  test("an attack is named by how it begins", () => {
    expect(attacksOf("span stuffing").map(({ name }) => name.slice(0, 13))).toEqual(
      new Array(3).fill("span stuffing"),
    );
    expect(attacksOf(undefined)).toEqual(ATTACKS);
    expect(() => attacksOf("none")).toThrow(expect.objectContaining({ code: "ATTACK_UNKNOWN" }));
  });
});

describe("attacks on a tiny model", () => {
  let maker: Maker;
  let scene: Scene;

  beforeAll(async () => {
    const method = { ...TINY_METHOD, training: { ...TINY_METHOD.training, warmupSteps: 1 } };
    maker = {
      session: new Session({ threads: 1 }),
      base: await loadModel(tinyModelFiles()),
      method: { ...method, copies: "words/1" },
    };
    scene = await Scene.make(maker, set);
  }, 120_000);

  test("the product decides which of the added rows are copies, and none is where nothing marks them", async () => {
    const attack = ATTACKS.find(({ name }) => name === "near-duplicates")!;
    if (typeof attack.adds === "object") throw new Error("near-duplicates are rows");
    const rows = await attack.adds(set.facts.slice(0, 3), scene);
    const contributions = [...contributionsOf(set), { wallet: "a stranger", rows }];
    const counts = [];
    for (const marks of ["words/1", "plain", "none"] as const) {
      const { set: read, walletOf } = await freeze(contributions, maker.base, marks);
      expect(walletOf(read.places[8]!.contributionId)).toBe("a stranger");
      counts.push([read.examples.length, read.repeats, read.skipped]);
    }
    expect(counts).toEqual([[6, 3, 0], [9, 0, 0], [9, 0, 0]]); // biome-ignore format: one line
  });

  test("near-duplicates bring nothing, and something where they are not marked", async () => {
    const attack = ATTACKS.find(({ name }) => name === "near-duplicates")!;
    const [stranger, rival] = await measureAttack(scene, attack);
    expect(stranger).toMatchObject({ attacker: "stranger", measure: "share", on: 0, changed: 0 });
    expect(stranger!.off).toBeGreaterThan(0);
    expect(rival).toMatchObject({ attacker: "rival", measure: "inflation", on: 1, target: 1.05 });
  }, 120_000);

  test("wallets that share out one contributor's rows are paid what the one was", async () => {
    const attack = ATTACKS.find(({ adds }) => typeof adds === "object")!;
    const [owner] = await measureAttack(scene, attack);
    expect(owner!.on).toBeCloseTo(1, 12);
    expect(owner!.off).toBeGreaterThan(1);
    const split = splitOver(contributionsOf(set), victim, ["x", "y"]);
    expect(split.map(({ wallet, rows }) => [wallet, rows.length])).toEqual([
      ["x", 1],
      ["y", 2],
      [contributors[1]!.name, 3],
    ]);
  }, 120_000);

  test("facts of one contributor have nobody to take pay from", async () => {
    const alone = { ...set, contributors: contributors.slice(0, 1), facts: facts.slice(0, 3) };
    await expect(measureAttack(await Scene.make(maker, alone), ATTACKS[0]!)).rejects.toThrow(
      expect.objectContaining({ code: "FACTS_TOO_FEW" }),
    );
  }, 120_000);

  test("a trainer's choices are measured for each contributor", async () => {
    const figures = await measureSteering(scene);
    expect(figures.map(({ attacker, measure }) => [attacker, measure])).toEqual([
      ["trainer", "inflation"],
      ["trainer", "inflation"],
    ]);
    for (const { on, off } of figures) expect([on, off].every((factor) => factor > 0)).toBe(true);
  }, 120_000);

  test("the attacks of the papers choose a row a fact, by influence and by loss", async () => {
    for (const name of ["shadow attack", "outlier attack"]) {
      const { adds } = ATTACKS.find((attack) => attack.name === name)!;
      if (typeof adds === "object") throw new Error(`${name} adds rows`);
      const rows = await adds(set.facts.slice(0, 3), scene);
      expect(rows).toHaveLength(3);
      for (const [i, { completion }] of rows.entries())
        expect(completion.startsWith(set.facts[i]!.answer)).toBe(true);
    }
  }, 120_000);
});
