import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bytesToHex, encodeFunctionData, hexToBytes } from "viem";
import { CodedError } from "../../node/base/errors.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { keccak256 } from "../../node/chain/crypto.ts";
import { iInfluenceVerifierAbi, iRewardSplitterAbi } from "../../node/chain/generated/abi.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import {
  INFLUENCE_VERIFIER_ADDRESS,
  REWARD_SPLITTER_ADDRESS,
  SPAN_VERIFIER_ADDRESS,
} from "../../precompiles/addresses.ts";
import { runPrecompile } from "../../precompiles/run.ts";
import { evidenceOf, makeIndex } from "../../precompiles/testing/fixture.ts";
import { type Bench, cpuClock, type Figure, medianSecondsInTurn } from "./figure.ts";

const CALLER: Address = "0x00000000000000000000000000000000000ca11e";
/** Calls between two looks at the clock: it counts microseconds. */
const CALLS = 200;
/** KECCAK256's price for a word. */
const KECCAK_GAS = 6;
const KECCAK_WORDS = 512;

interface Case {
  what: string;
  at: Address;
  input: Uint8Array;
}

/** The specification's vectors that succeed, and calls of the largest sizes. */
function cases(): Case[] {
  const named = [
    ["InfluenceVerifier", "influence-verifier", INFLUENCE_VERIFIER_ADDRESS],
    ["SpanVerifier", "span-verifier", SPAN_VERIFIER_ADDRESS],
    ["RewardSplitter", "reward-splitter", REWARD_SPLITTER_ADDRESS],
  ] as const;
  const vectors = named.flatMap(([name, folder, at]) => {
    const file = join(packageRoot(), "precompiles", folder, "vectors.json");
    const list: { name: string; input: Hex; output?: Hex; credits?: unknown }[] = JSON.parse(
      readFileSync(file, "utf8"),
    );
    return list
      .filter(({ output, credits }) => output !== undefined && credits === undefined)
      .map((vector) => ({ what: `${name} ${vector.name}`, at, input: hexToBytes(vector.input) }));
  });
  return [...vectors, ...largest()];
}

function largest(): Case[] {
  const fixture = makeIndex({ rows: 2000, dimension: 512, topK: 16, floor: 0n, contributions: 5, seed: 1 });
  const { records, paths } = evidenceOf(fixture);
  const verify = encodeFunctionData({
    abi: iInfluenceVerifierAbi,
    functionName: "verifyTopK",
    args: [fixture.index, fixture.list, bytesToHex(fixture.query), records, paths],
  });
  const weights = Array.from({ length: 256 }, (_, i) => BigInt(3 * i + 1));
  const split = encodeFunctionData({
    ...{ abi: iRewardSplitterAbi, functionName: "split" },
    args: [10n ** 18n, weights],
  });
  return [
    {
      what: "InfluenceVerifier verifyTopK, 16 of 2,000 rows of 512",
      at: INFLUENCE_VERIFIER_ADDRESS,
      input: hexToBytes(verify),
    },
    { what: "RewardSplitter split, 256 parts", at: REWARD_SPLITTER_ADDRESS, input: hexToBytes(split) },
  ];
}

/** Gas that a call uses; it has to succeed. */
function callOf({ at, input }: Case): number {
  const call = { caller: CALLER, self: at, codeAddress: at, value: 0n, isStatic: false, depth: 1 };
  const answer = runPrecompile(call, input, 10n ** 9n);
  if (answer.kind === "returned") return Number(answer.gasUsed);
  throw new CodedError("BENCH_CALL_FAILED", "fatal", { message: `${at} ${answer.kind}` });
}

const many = (work: () => unknown) => () => {
  for (let i = 0; i < CALLS; i++) work();
};

/** What a call takes of the processor, beside the time that KECCAK256 takes for the same gas here. */
export const precompilesBench: Bench = {
  name: "precompiles",
  async run() {
    const words = new Uint8Array(32 * KECCAK_WORDS).fill(7);
    const figures: Figure[] = [];
    for (const one of cases()) {
      const gas = callOf(one);
      const works = [many(() => callOf(one)), many(() => keccak256(words))];
      const seconds = await medianSecondsInTurn(works, { clock: cpuClock, warmUps: 2 });
      const [ours, hashing] = seconds.map((time) => (time / CALLS) * 1e9) as [number, number];
      const perGas = hashing / (KECCAK_GAS * KECCAK_WORDS);
      figures.push({
        what: `${one.what}, ${one.input.length} bytes`,
        unit: "ns",
        ours,
        peer: { name: "KECCAK256 for the same gas", value: gas * perGas },
        note: `${gas} gas, ${((1_000 * gas) / ours).toFixed(0)} gas a microsecond`,
      });
    }
    return figures;
  },
};
