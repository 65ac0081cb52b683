// Writes precompiles/influence-verifier/vectors.json anew from the rule: only when the specification itself changes.
import { writeFileSync } from "node:fs";
import { bytesToHex, encodeFunctionData, hexToBytes } from "viem";
import { iInfluenceVerifierAbi } from "../../node/chain/generated/abi.ts";
import type { Hex } from "../../node/chain/types/primitives.ts";
import { influenceVerifier, influenceVerifierGas } from "../influence-verifier/verifier.ts";
import { PrecompileRevert } from "../revert.ts";
import { evidenceOf, type IndexFixture, makeIndex } from "./fixture.ts";

const SPANS: Hex = `0x${"5a".repeat(32)}`;
const base = { rows: 6, dimension: 8, topK: 4, floor: 1n, contributions: 3, seed: 7 };
const plain = makeIndex({ ...base, repeats: true });
const spans = makeIndex({ ...base, seed: 9, spans: SPANS });
const single = makeIndex({ ...base, rows: 1, seed: 11, spans: SPANS });

const abi = iInfluenceVerifierAbi;
const proof = (fixture: IndexFixture, list = fixture.list, evidence = evidenceOf(fixture)) =>
  encodeFunctionData({
    abi,
    functionName: "verifyTopK",
    args: [fixture.index, list, bytesToHex(fixture.query), evidence.records, evidence.paths],
  });
const opened = (fixture: IndexFixture, rowId: number) =>
  [bytesToHex(fixture.records[rowId]!), fixture.paths[rowId]!.map((hash) => bytesToHex(hash))] as const;
const score = (fixture: IndexFixture, index = fixture.index, path = opened(fixture, 2)[1]) =>
  encodeFunctionData({
    abi,
    functionName: "scoreOf",
    args: [index, bytesToHex(fixture.query), opened(fixture, 2)[0], path],
  });
const claim = (fixture: IndexFixture, list = fixture.list) =>
  encodeFunctionData({ abi, functionName: "checkClaim", args: [fixture.index, list] });
const { list } = plain;
const empty = { rowIds: [], scores: [], gains: [], floor: 1n, contributionIds: [], weights: [] };

const inputs: Record<string, Hex> = {
  checkIndex: encodeFunctionData({ abi, functionName: "checkIndex", args: [plain.index] }),
  "checkIndex, topK 17": encodeFunctionData({
    abi,
    functionName: "checkIndex",
    args: [{ ...plain.index, topK: 17 }],
  }),
  checkClaim: claim(plain),
  "checkClaim, empty list": claim(plain, empty),
  "checkClaim, gain 15 without spans": claim(plain, { ...list, gains: list.gains.map(() => 15) }),
  "checkClaim, floor one higher": claim(plain, { ...list, floor: list.floor + 1n }),
  "checkClaim, score 0": claim(plain, { ...list, scores: list.scores.map(() => 0n) }),
  checkQuery: encodeFunctionData({
    abi,
    functionName: "checkQuery",
    args: [plain.index, bytesToHex(plain.query)],
  }),
  "checkQuery, one byte short": encodeFunctionData({
    abi,
    functionName: "checkQuery",
    args: [plain.index, bytesToHex(plain.query.subarray(1))],
  }),
  verifyTopK: proof(plain),
  "verifyTopK, spans": proof(spans),
  "verifyTopK, one row": proof(single),
  "verifyTopK, first score one higher": proof(plain, {
    ...list,
    scores: list.scores.map((value, i) => (i === 0 ? value + 1n : value)),
    floor: ((list.scores[0]! + 1n) * 16n) >> 3n,
  }),
  "verifyTopK, first weight one higher": proof(plain, {
    ...list,
    weights: list.weights.map((value, i) => (i === 0 ? value + 1n : value)),
  }),
  scoreOf: score(plain),
  "scoreOf, unit too large": score(plain, { ...plain.index, e0: 100 }),
  "scoreOf, another row's path": score(plain, plain.index, opened(plain, 3)[1]),
  openRecord: encodeFunctionData({
    abi,
    functionName: "openRecord",
    args: [plain.index, ...opened(plain, 2)],
  }),
  weightsOf: encodeFunctionData({
    abi,
    functionName: "weightsOf",
    args: [plain.index, list, evidenceOf(plain).records, evidenceOf(plain).paths],
  }),
  "unknown selector": "0x01020304",
  "empty input": "0x",
  truncated: `0x${encodeFunctionData({ abi, functionName: "checkIndex", args: [plain.index] }).slice(2, -2)}`,
};

const vectors = Object.entries(inputs).map(([name, input]) => {
  const bytes = hexToBytes(input);
  const gas = Number(influenceVerifierGas(bytes.length));
  try {
    return { name, input, gas, output: bytesToHex(influenceVerifier(bytes)) };
  } catch (error) {
    if (!(error instanceof PrecompileRevert)) throw error;
    return { name, input, gas, revert: bytesToHex(error.data) };
  }
});
const file = new URL("../../../precompiles/influence-verifier/vectors.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(vectors, undefined, 2)}\n`);
