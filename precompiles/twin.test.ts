import type { EVM } from "@ethereumjs/evm";
import { EVMError } from "@ethereumjs/evm";
import * as fc from "fast-check";
import { bytesToHex, concatHex, decodeFunctionResult, encodeFunctionData, hexToBytes, keccak256 } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { iInfluenceVerifierAbi, iRewardSplitterAbi } from "../node/chain/generated/abi.ts";
import type { Address, Hex } from "../node/chain/types/primitives.ts";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS } from "./addresses.ts";
import { balanceOf, type CallOptions, call, compiled, createTestEvm, setCode } from "./testing/evm.ts";
import {
  evidenceOf,
  type IndexArgument,
  type IndexFixture,
  type ListArgument,
  makeIndex,
  NO_SPANS,
  RECORD_HEAD,
} from "./testing/fixture.ts";

const VERIFIER_TWIN: Address = "0x0000000000000000000000000000000000001a01";
const SPLITTER_TWIN: Address = "0x0000000000000000000000000000000000001a03";

const twins = {
  verifier: compiled("InfluenceVerifierTwin")?.runtime,
  splitter: compiled("RewardSplitterTwin")?.runtime,
};

interface Answer {
  outcome: "ok" | "revert" | "halt";
  data: Hex;
}

async function ask(evm: EVM, to: Address, data: Hex, options: CallOptions = {}): Promise<Answer> {
  const { execResult } = await call(evm, to, data, options);
  const error = execResult.exceptionError?.error;
  const outcome = error === undefined ? "ok" : error === EVMError.errorMessages.REVERT ? "revert" : "halt";
  return { outcome, data: bytesToHex(execResult.returnValue) };
}

describe.skipIf(twins.verifier === undefined)("precompiles against their Solidity twins", () => {
  let evm: EVM;
  beforeAll(async () => {
    evm = await createTestEvm();
    await setCode(evm, VERIFIER_TWIN, twins.verifier!);
    await setCode(evm, SPLITTER_TWIN, twins.splitter!);
  });

  async function sameVerdict(data: Hex): Promise<Answer> {
    const ours = await ask(evm, INFLUENCE_VERIFIER_ADDRESS, data);
    expect(await ask(evm, VERIFIER_TWIN, data)).toEqual(ours);
    return ours;
  }

  it("accepts true lists and gives the true scores and weights", async () => {
    await fc.assert(
      fc.asyncProperty(fixtures, async (fixture) => {
        const { index, list, query } = fixture;
        const { records, paths } = evidenceOf(fixture);
        const verified = await sameVerdict(proofCall(fixture));
        expect(verified).toEqual({ outcome: "ok", data: `0x${"1".padStart(64, "0")}` });
        const weighed = await sameVerdict(weightsCall(fixture));
        const [rowIds, contributionIds, weights] = decodeFunctionResult({
          abi: iInfluenceVerifierAbi,
          functionName: "weightsOf",
          data: weighed.data,
        });
        expect([rowIds, contributionIds, weights]).toEqual([list.rowIds, list.contributionIds, list.weights]);
        if (records.length === 0) return;
        const args = [index, bytesToHex(query), records[0]!, paths[0]!] as const;
        const scored = await sameVerdict(
          encodeFunctionData({ abi: iInfluenceVerifierAbi, functionName: "scoreOf", args }),
        );
        const [rowId, , row, first, score] = decodeFunctionResult({
          abi: iInfluenceVerifierAbi,
          functionName: "scoreOf",
          data: scored.data,
        });
        expect([rowId, row, first, score]).toEqual([rowId, rowId, rowId, list.scores[0]]);
      }),
      { numRuns: 60 },
    );
  });

  it("opens every record, also those that take no part", async () => {
    await fc.assert(
      fc.asyncProperty(fixtures, fc.nat(), async (fixture, seed) => {
        const at = seed % fixture.records.length;
        const record = fixture.records[at]!;
        const opened = await sameVerdict(
          encodeFunctionData({
            abi: iInfluenceVerifierAbi,
            functionName: "openRecord",
            args: [fixture.index, bytesToHex(record), fixture.paths[at]!.map((hash) => bytesToHex(hash))],
          }),
        );
        const view = new DataView(record.buffer);
        expect(
          decodeFunctionResult({
            abi: iInfluenceVerifierAbi,
            functionName: "openRecord",
            data: opened.data,
          }),
        ).toEqual([at, view.getBigUint64(4), view.getUint32(12), view.getUint32(16)]);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses what was changed, with the same named error", async () => {
    const refusals = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fixtures, fc.constantFrom(...CHANGES), fc.nat(), async (fixture, change, seed) => {
        const answer = await sameVerdict(change(fixture, seed));
        if (answer.outcome === "revert") refusals.add(answer.data.slice(0, 10));
        else expect(answer.outcome).toBe("ok");
      }),
      { numRuns: 600 },
    );
    expect(refusals.size).toBeGreaterThanOrEqual(20);
  });

  it("survives noise: both refuse, the precompile by name", async () => {
    await fc.assert(
      fc.asyncProperty(fixtures, fc.nat(), fc.uint8Array({ maxLength: 80 }), async (fixture, at, noise) => {
        const input = hexToBytes(proofCall(fixture));
        input.set(
          noise.subarray(0, Math.max(0, input.length - 4)),
          4 + (at % Math.max(1, input.length - 84)),
        );
        const ours = await ask(evm, INFLUENCE_VERIFIER_ADDRESS, bytesToHex(input));
        const theirs = await ask(evm, VERIFIER_TWIN, bytesToHex(input));
        expect(ours.outcome).not.toBe("halt");
        // A changed encoding that Solidity still reads may be right; it is never right for us and wrong for the twin.
        if (ours.outcome === "ok") expect(theirs).toEqual(ours);
        else expect(ours.data.length).toBeGreaterThanOrEqual(10);
      }),
      { numRuns: 200 },
    );
  });

  it("splits alike and pays alike", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.bigInt({ min: 0n, max: 50n })),
        fc.array(
          fc.oneof(
            fc.bigInt({ min: 0n, max: 5n }),
            fc.bigInt({ min: 0n, max: 2n ** 67n }),
            fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
          ),
          { maxLength: 18 },
        ),
        async (amount, weights) => {
          const data = encodeFunctionData({
            abi: iRewardSplitterAbi,
            functionName: "split",
            args: [amount, weights],
          });
          expect(await ask(evm, SPLITTER_TWIN, data)).toEqual(await ask(evm, REWARD_SPLITTER_ADDRESS, data));
          const recipients = weights.map(
            (_, i): Address => `0x${(0xf00d00 + (i % 7)).toString(16).padStart(40, "0")}`,
          );
          await samePayment(evm, recipients, weights, amount % 1_000_000n);
        },
      ),
      { numRuns: 60 },
    );
  });
});

async function samePayment(evm: EVM, to: Address[], weights: bigint[], value: bigint): Promise<void> {
  const data = encodeFunctionData({ abi: iRewardSplitterAbi, functionName: "pay", args: [to, weights] });
  const balances = () => Promise.all(to.map((recipient) => balanceOf(evm, recipient)));
  const start = await balances();
  const ours = await ask(evm, REWARD_SPLITTER_ADDRESS, data, { value });
  const middle = await balances();
  expect(await ask(evm, SPLITTER_TWIN, data, { value })).toEqual(ours);
  const end = await balances();
  expect(end.map((balance, i) => balance - middle[i]!)).toEqual(
    middle.map((balance, i) => balance - start[i]!),
  );
  expect(await balanceOf(evm, REWARD_SPLITTER_ADDRESS)).toBe(0n);
  expect(await balanceOf(evm, SPLITTER_TWIN)).toBe(0n);
}

const fixtures = fc
  .record({
    rows: fc.integer({ min: 1, max: 40 }),
    dimension: fc.integer({ min: 1, max: 40 }),
    topK: fc.integer({ min: 1, max: 16 }),
    floor: fc.constantFrom(0n, 1n, 1_000_000n, 2n ** 63n),
    contributions: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
    repeats: fc.boolean(),
    spans: fc.constantFrom(NO_SPANS, keccak256("0x05")),
  })
  .map(makeIndex);

type Evidence = ReturnType<typeof evidenceOf>;

function proofCall(fixture: IndexFixture, evidence: Evidence = evidenceOf(fixture)): Hex {
  return encodeFunctionData({
    abi: iInfluenceVerifierAbi,
    functionName: "verifyTopK",
    args: [fixture.index, fixture.list, bytesToHex(fixture.query), evidence.records, evidence.paths],
  });
}

function weightsCall(fixture: IndexFixture, evidence: Evidence = evidenceOf(fixture)): Hex {
  return encodeFunctionData({
    abi: iInfluenceVerifierAbi,
    functionName: "weightsOf",
    args: [fixture.index, fixture.list, evidence.records, evidence.paths],
  });
}

function changedBytes(value: Hex, at: number, byte: number): Hex {
  const out = hexToBytes(value);
  out[at % out.length] = byte;
  return bytesToHex(out);
}

/** Ways of being wrong; each gives the input of a call. `seed` picks the place. */
const CHANGES: ((fixture: IndexFixture, seed: number) => Hex)[] = [
  ...(["rows", "dimension", "topK"] as const).flatMap((field) => [
    (fixture: IndexFixture) => proofCall(withIndex(fixture, { [field]: 0 })),
    (fixture: IndexFixture) => proofCall(withIndex(fixture, { [field]: fixture.index[field] + 1 })),
    (fixture: IndexFixture) => proofCall(withIndex(fixture, { [field]: 200 })),
  ]),
  (fixture) => proofCall(withIndex(fixture, { e0: 100 })),
  (fixture) => proofCall(withIndex(fixture, { e0: -100 })),
  (fixture) => proofCall(withIndex(fixture, { floor: fixture.index.floor + 1n })),
  (fixture) => proofCall(withIndex(fixture, { dimension: 5000 })),
  (fixture) =>
    proofCall(
      withIndex(fixture, { spans: fixture.index.spans === NO_SPANS ? `0x01${"00".repeat(31)}` : NO_SPANS }),
    ),
  (fixture, seed) => proofCall(withQuery(fixture, changedBytes(bytesToHex(fixture.query), seed, seed & 255))),
  (fixture) => {
    const query = bytesToHex(fixture.query);
    return proofCall(withQuery(fixture, `${query.slice(0, 4)}8000${query.slice(8)}` as Hex));
  },
  (fixture) => proofCall(withQuery(fixture, `${bytesToHex(fixture.query)}00`)),
  (fixture, seed) => listChange(fixture, "rowIds", seed, (id) => id + 1),
  (fixture, seed) => listChange(fixture, "rowIds", seed, () => fixture.list.rowIds[0]!),
  (fixture, seed) => listChange(fixture, "rowIds", seed, () => 2 ** 32 - 1),
  (fixture, seed) => listChange(fixture, "scores", seed, (score) => score + 1n),
  (fixture, seed) => listChange(fixture, "scores", seed, (score) => score - 1n),
  (fixture, seed) => listChange(fixture, "scores", seed, () => -(2n ** 63n)),
  (fixture, seed) => listChange(fixture, "scores", seed, () => 2n ** 58n),
  (fixture, seed) => listChange(fixture, "scores", seed, () => 0n),
  (fixture, seed) => listChange(fixture, "gains", seed, () => 17),
  (fixture, seed) => listChange(fixture, "gains", seed, () => 0),
  (fixture, seed) => listChange(fixture, "gains", seed, () => 15),
  (fixture) => proofCall(withList(fixture, { floor: fixture.list.floor + 1n })),
  (fixture) => proofCall(withList(fixture, { floor: 0n })),
  (fixture, seed) => listChange(fixture, "weights", seed, (weight) => weight + 1n),
  (fixture, seed) => listChange(fixture, "weights", seed, () => 0n),
  (fixture, seed) => listChange(fixture, "weights", seed, () => 2n ** 66n),
  (fixture, seed) => listChange(fixture, "contributionIds", seed, () => 77n),
  ...(["rowIds", "scores", "gains", "contributionIds", "weights"] as const).flatMap((list) => [
    (fixture: IndexFixture) => listLength(fixture, list, (items) => items.slice(1)),
    (fixture: IndexFixture) => listLength(fixture, list, (items) => [...items, ...items, ...items]),
  ]),
  (fixture) => extraWeight(fixture),
  (fixture) => repeatedRow(fixture),
  (fixture, seed) => evidenceChange(fixture, "records", (record) => changedBytes(record, seed, seed & 255)),
  (fixture, seed) =>
    evidenceChange(fixture, "records", (record) => changedBytes(record, RECORD_HEAD + seed, 0x80)),
  (fixture) => evidenceChange(fixture, "records", (record) => record.slice(0, -2) as Hex),
  (fixture) => evidenceChange(fixture, "paths", (path) => path.slice(1)),
  (fixture, seed) =>
    evidenceChange(fixture, "paths", (path) => path.map((hash) => changedBytes(hash, seed, seed & 255))),
  (fixture) => proofCall(fixture, { ...evidenceOf(fixture), records: [] }),
  (fixture) => proofCall(fixture, { ...evidenceOf(fixture), paths: [] }),
  (fixture, seed) => committedMinimum(fixture, seed, "scoreOf"),
  (fixture, seed) => committedMinimum(fixture, seed, "openRecord"),
  (fixture) => weightsCall(fixture, { records: [], paths: [] }),
  (fixture) =>
    encodeFunctionData({
      abi: iInfluenceVerifierAbi,
      functionName: "checkClaim",
      args: [withIndex(fixture, { rows: 2 ** 32 - 1 }).index, fixture.list],
    }),
];

function withIndex(fixture: IndexFixture, change: Partial<IndexArgument>): IndexFixture {
  return { ...fixture, index: { ...fixture.index, ...change } };
}

function withQuery(fixture: IndexFixture, query: Hex): IndexFixture {
  return { ...fixture, query: hexToBytes(query) };
}

function withList(fixture: IndexFixture, change: Partial<ListArgument>): IndexFixture {
  return { ...fixture, list: { ...fixture.list, ...change } };
}

type ListName = "rowIds" | "scores" | "gains" | "contributionIds" | "weights";

function listChange<N extends ListName>(
  fixture: IndexFixture,
  name: N,
  seed: number,
  change: (item: ListArgument[N][number]) => ListArgument[N][number],
): Hex {
  const list = fixture.list[name] as ListArgument[N][number][];
  const items = list.map((item, i) => (i === seed % list.length ? change(item) : item));
  return proofCall(withList(fixture, { [name]: items }), evidenceOf(fixture));
}

function listLength(fixture: IndexFixture, name: ListName, change: (items: unknown[]) => unknown[]): Hex {
  return proofCall(withList(fixture, { [name]: change(fixture.list[name]) }), evidenceOf(fixture));
}

/** One earner more than the records give. */
function extraWeight(fixture: IndexFixture): Hex {
  const { rowIds, contributionIds, weights } = fixture.list;
  return proofCall(
    withList(fixture, {
      contributionIds: [...contributionIds, 77n].slice(0, rowIds.length),
      weights: [...weights, 1n].slice(0, rowIds.length),
    }),
  );
}

/** A single committed row that says it repeats another, listed. */
function repeatedRow(fixture: IndexFixture): Hex {
  const single = makeIndex({ rows: 1, dimension: 4, topK: 1, floor: 0n, contributions: 1, seed: 5 });
  const record = single.records[0]!.slice();
  record[16] = 0xff;
  const root = keccak256(concatHex(["0x00", bytesToHex(record)]));
  const list = {
    ...fixture.list,
    rowIds: [0],
    scores: [8n],
    gains: [16],
    floor: 16n,
    contributionIds: [1n],
    weights: [112n],
  };
  const index = { ...single.index, root };
  return proofCall({ ...single, index, list }, { records: [bytesToHex(record)], paths: [[]] });
}

function evidenceChange<N extends "records" | "paths">(
  fixture: IndexFixture,
  name: N,
  change: (item: Evidence[N][number]) => Evidence[N][number],
): Hex {
  const evidence = evidenceOf(fixture);
  const items = (evidence[name] as Evidence[N][number][]).map(change);
  return proofCall(fixture, { ...evidence, [name]: items });
}

/** A record that was committed with -128 in it: one row, so that the root can be made anew. */
function committedMinimum(fixture: IndexFixture, seed: number, functionName: "scoreOf" | "openRecord"): Hex {
  const single = makeIndex({ rows: 1, dimension: 4, topK: 1, floor: 0n, contributions: 1, seed });
  const record = changedBytes(bytesToHex(single.records[0]!), RECORD_HEAD + (seed % 4), 0x80);
  const root = keccak256(concatHex(["0x00", record]));
  const index = { ...fixture.index, root, rows: 1, dimension: 4 };
  return functionName === "openRecord"
    ? encodeFunctionData({ abi: iInfluenceVerifierAbi, functionName, args: [index, record, []] })
    : encodeFunctionData({
        abi: iInfluenceVerifierAbi,
        functionName,
        args: [index, bytesToHex(single.query), record, []],
      });
}
