import type { EVM } from "@ethereumjs/evm";
import { EVMError } from "@ethereumjs/evm";
import * as fc from "fast-check";
import { bytesToHex, concatHex, encodeFunctionData, hexToBytes, keccak256 } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { iInfluenceVerifierAbi, iRewardSplitterAbi } from "../node/chain/generated/abi.ts";
import type { Address, Hex } from "../node/chain/types/primitives.ts";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS } from "./addresses.ts";
import { balanceOf, type CallOptions, call, compiled, createTestEvm, setCode } from "./testing/evm.ts";
import { evidenceOf, type IndexArgument, type IndexFixture, makeIndex } from "./testing/fixture.ts";

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

  it("accepts true claims and gives the true scores and weights", async () => {
    await fc.assert(
      fc.asyncProperty(fixtures, async (fixture) => {
        const { index, claim } = fixture;
        const { records, paths } = evidenceOf(fixture);
        const verified = await sameVerdict(
          encodeFunctionData({
            abi: iInfluenceVerifierAbi,
            functionName: "verifyTopK",
            args: [index, claim, records, paths],
          }),
        );
        expect(verified).toEqual({ outcome: "ok", data: `0x${"1".padStart(64, "0")}` });
        const weights = await sameVerdict(
          encodeFunctionData({
            abi: iInfluenceVerifierAbi,
            functionName: "weightsOf",
            args: [index, claim.scores, records, paths],
          }),
        );
        expect(weights.outcome).toBe("ok");
        const scored = await sameVerdict(
          encodeFunctionData({
            abi: iInfluenceVerifierAbi,
            functionName: "scoreOf",
            args: [index, claim.query, records[0]!, paths[0]!],
          }),
        );
        expect(BigInt.asIntN(64, BigInt(`0x${scored.data.slice(130)}`))).toBe(claim.scores[0]);
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
      { numRuns: 400 },
    );
    expect(refusals.size).toBeGreaterThanOrEqual(14);
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
    contributors: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
  })
  .map(makeIndex);

function proofCall(
  { index, claim, ...rest }: IndexFixture,
  evidence = evidenceOf({ index, claim, ...rest }),
): Hex {
  return encodeFunctionData({
    abi: iInfluenceVerifierAbi,
    functionName: "verifyTopK",
    args: [index, claim, evidence.records, evidence.paths],
  });
}

function changedBytes(value: Hex, at: number, byte: number): Hex {
  const out = hexToBytes(value);
  out[at % out.length] = byte;
  return bytesToHex(out);
}

/** Ways of being wrong; each gives the input of a call. `seed` picks the place. */
const CHANGES: ((fixture: IndexFixture, seed: number) => Hex)[] = [
  ...(["rows", "dimension", "groups", "topK"] as const).flatMap((field) => [
    (fixture: IndexFixture) => proofCall(withIndex(fixture, { [field]: 0 })),
    (fixture: IndexFixture) => proofCall(withIndex(fixture, { [field]: fixture.index[field] + 1 })),
    (fixture: IndexFixture) => proofCall(withIndex(fixture, { [field]: 200 })),
  ]),
  (fixture) => proofCall(withIndex(fixture, { e0: 100 })),
  (fixture) => proofCall(withIndex(fixture, { e0: -100 })),
  (fixture) => proofCall(withIndex(fixture, { floor: fixture.index.floor + 1n })),
  (fixture) => proofCall(withIndex(fixture, { dimension: 5000 })),
  (fixture, seed) => proofCall(withQuery(fixture, changedBytes(fixture.claim.query, seed, seed & 255))),
  (fixture) =>
    proofCall(
      withQuery(fixture, `${fixture.claim.query.slice(0, 4)}8000${fixture.claim.query.slice(8)}` as Hex),
    ),
  (fixture) => proofCall(withQuery(fixture, `${fixture.claim.query}00`)),
  (fixture, seed) => listChange(fixture, "rowIds", seed, (id) => id + 1),
  (fixture, seed) => listChange(fixture, "rowIds", seed, () => fixture.claim.rowIds[0]!),
  (fixture, seed) => listChange(fixture, "rowIds", seed, () => 2 ** 32 - 1),
  (fixture, seed) => listChange(fixture, "scores", seed, (score) => score + 1n),
  (fixture, seed) => listChange(fixture, "scores", seed, (score) => score - 1n),
  (fixture, seed) => listChange(fixture, "scores", seed, () => -(2n ** 63n)),
  (fixture, seed) => listChange(fixture, "weights", seed, (weight) => weight + 1n),
  (fixture, seed) => listChange(fixture, "weights", seed, () => 0n),
  (fixture, seed) => listChange(fixture, "weights", seed, () => 2n ** 67n),
  (fixture, seed) => listChange(fixture, "contributors", seed, () => SPLITTER_TWIN),
  ...(["rowIds", "scores", "contributors", "weights"] as const).flatMap((list) => [
    (fixture: IndexFixture) => listLength(fixture, list, (items) => items.slice(1)),
    (fixture: IndexFixture) => listLength(fixture, list, (items) => [...items, ...items, ...items]),
  ]),
  (fixture) => extraWeight(fixture),
  (fixture, seed) => evidenceChange(fixture, "records", (record) => changedBytes(record, seed, seed & 255)),
  (fixture, seed) => evidenceChange(fixture, "records", (record) => changedBytes(record, 57 + seed, 0x80)),
  (fixture) => evidenceChange(fixture, "records", (record) => record.slice(0, -2) as Hex),
  (fixture) => evidenceChange(fixture, "paths", (path) => path.slice(1)),
  (fixture, seed) =>
    evidenceChange(fixture, "paths", (path) => path.map((hash) => changedBytes(hash, seed, seed & 255))),
  (fixture) => proofCall(fixture, { ...evidenceOf(fixture), records: [] }),
  (fixture) => proofCall(fixture, { ...evidenceOf(fixture), paths: [] }),
  (fixture, seed) => committedMinimum(fixture, seed),
  (fixture) =>
    encodeFunctionData({
      abi: iInfluenceVerifierAbi,
      functionName: "weightsOf",
      args: [fixture.index, new Array<bigint>(17).fill(1n), [], []],
    }),
  (fixture) =>
    encodeFunctionData({
      abi: iInfluenceVerifierAbi,
      functionName: "weightsOf",
      args: [fixture.index, [], [], []],
    }),
  (fixture) =>
    encodeFunctionData({
      abi: iInfluenceVerifierAbi,
      functionName: "checkClaim",
      args: [withIndex(fixture, { rows: 2 ** 32 - 1 }).index, fixture.claim],
    }),
];

function withIndex(fixture: IndexFixture, change: Partial<IndexArgument>): IndexFixture {
  return { ...fixture, index: { ...fixture.index, ...change } };
}

function withQuery(fixture: IndexFixture, query: Hex): IndexFixture {
  return { ...fixture, claim: { ...fixture.claim, query } };
}

type ListName = "rowIds" | "scores" | "contributors" | "weights";

function listChange<N extends ListName>(
  fixture: IndexFixture,
  name: N,
  seed: number,
  change: (item: IndexFixture["claim"][N][number]) => IndexFixture["claim"][N][number],
): Hex {
  const list = fixture.claim[name] as IndexFixture["claim"][N][number][];
  const items = list.map((item, i) => (i === seed % list.length ? change(item) : item));
  return proofCall({ ...fixture, claim: { ...fixture.claim, [name]: items } }, evidenceOf(fixture));
}

function listLength(fixture: IndexFixture, name: ListName, change: (items: unknown[]) => unknown[]): Hex {
  return proofCall(
    { ...fixture, claim: { ...fixture.claim, [name]: change(fixture.claim[name]) } },
    evidenceOf(fixture),
  );
}

/** One earner more than the records give. */
function extraWeight(fixture: IndexFixture): Hex {
  const { claim } = fixture;
  return proofCall({
    ...fixture,
    claim: {
      ...claim,
      contributors: [...claim.contributors, SPLITTER_TWIN].slice(0, claim.rowIds.length),
      weights: [...claim.weights, 1n].slice(0, claim.rowIds.length),
    },
  });
}

function evidenceChange<N extends "records" | "paths">(
  fixture: IndexFixture,
  name: N,
  change: (item: ReturnType<typeof evidenceOf>[N][number]) => ReturnType<typeof evidenceOf>[N][number],
): Hex {
  const evidence = evidenceOf(fixture);
  const items = (evidence[name] as ReturnType<typeof evidenceOf>[N][number][]).map(change);
  return proofCall(fixture, { ...evidence, [name]: items });
}

/** A record that was committed with -128 in it: one row, so that the root can be made anew. */
function committedMinimum(fixture: IndexFixture, seed: number): Hex {
  const single = makeIndex({ rows: 1, dimension: 4, topK: 1, floor: 0n, contributors: 1, seed });
  const record = changedBytes(bytesToHex(single.records[0]!), 57 + (seed % 4), 0x80);
  return encodeFunctionData({
    abi: iInfluenceVerifierAbi,
    functionName: "scoreOf",
    args: [
      { ...fixture.index, root: keccak256(concatHex(["0x00", record])), rows: 1, dimension: 4 },
      single.claim.query,
      record,
      [],
    ],
  });
}
