import { bytesToHex, encodeFunctionData, type Hex } from "viem";
import { iInfluenceVerifierAbi, iRewardSplitterAbi } from "../../../node/chain/generated/abi.ts";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS } from "../../../precompiles/addresses.ts";
import { evidenceOf, makeIndex } from "../../../precompiles/testing/fixture.ts";
import { address, call, fillMemory, loop, loopUntil, staticCall } from "./assembler.ts";
import { type WorstCase, workCase } from "./case.ts";
import { hex, type PrecompileOptions, precompileCase } from "./precompiles.ts";

type Method =
  | "checkIndex"
  | "checkClaim"
  | "checkQuery"
  | "verifyTopK"
  | "scoreOf"
  | "openRecord"
  | "weightsOf";

function verifierData(method: Method, rows: number, dimension: number, topK: number): Hex {
  const fixture = makeIndex({ rows, dimension, topK, floor: 0n, contributions: 5, seed: 1 });
  const { records, paths } = evidenceOf(fixture);
  const { index, list } = fixture;
  const query = bytesToHex(fixture.query);
  const args = {
    checkIndex: [index],
    checkClaim: [index, list],
    checkQuery: [index, query],
    verifyTopK: [index, list, query, records, paths],
    scoreOf: [index, query, records[0], paths[0]],
    openRecord: [index, records[0], paths[0]],
    weightsOf: [index, list, records, paths],
  }[method];
  return encodeFunctionData({ abi: iInfluenceVerifierAbi, functionName: method, args } as never);
}

function verifierCase(
  method: Method,
  [rows, dimension, topK]: readonly [number, number, number],
  options: PrecompileOptions = {},
): WorstCase {
  return precompileCase(
    `0xA01 ${method}, K ${topK}, dimension ${dimension}, ${rows} rows`,
    INFLUENCE_VERIFIER_ADDRESS,
    () => ({ input: verifierData(method, rows, dimension, topK) }),
    options,
  );
}

/** The last byte that is not padding is another: all is checked up to it, for the same gas. */
function spoiled(data: Hex): Hex {
  const end = data.replace(/(00)*$/, "").length;
  const last = data.slice(end - 2, end) === "5a" ? "5b" : "5a";
  return `${data.slice(0, end - 2)}${last}${data.slice(end)}` as Hex;
}

const splitWeights = (count: number) =>
  Array.from({ length: count }, (_, i) => (1n << 240n) + BigInt(3 * i + 1));

function splitData(count: number): Hex {
  const args = [(1n << 250n) + 7n, splitWeights(count)] as const;
  return encodeFunctionData({ abi: iRewardSplitterAbi, functionName: "split", args });
}

function payData(count: number): Hex {
  const weights = splitWeights(count);
  const to = weights.map((_, i) => address(0xbe0000 + i));
  return encodeFunctionData({ abi: iRewardSplitterAbi, functionName: "pay", args: [to, weights] });
}

/** Pays the same recipients over and over; each payment logs. */
function payCase(count: number): WorstCase {
  return workCase(`0xA03 pay, ${count} recipients`, () => {
    const data = payData(count);
    const inLength = (data.length - 2) / 2;
    const each = call(REWARD_SPLITTER_ADDRESS, { gas: "GAS", value: 1_000_000, inLength });
    const cost = 40_000 * count + 100_000;
    return {
      ...loopUntil(cost, ["CALLDATASIZE", 0, 0, "CALLDATACOPY"], [each, "POP"]),
      data,
      least: 2 * cost + 200_000,
      unused: 0.45,
    };
  });
}

const UNKNOWN = hex("01020304");
const WIDE = 262_144;

/** A word for each 200 gas or so, of which none is what the method wants. */
function junk(name: string, at: Hex, selector: string, gas: number): WorstCase {
  return workCase(`${name} with 256 kB of junk`, {
    ...loop(
      [fillMemory(0, WIDE, `0x${selector}${"00".repeat(28)}`)],
      [staticCall(at, { inLength: WIDE, gas }), "POP"],
      5,
    ),
    least: 4_000_000,
  });
}

/** The precompiles of the attribution fork. */
export const ATTRIBUTION_CASES: readonly WorstCase[] = [
  precompileCase("0xA01, unknown selector", INFLUENCE_VERIFIER_ADDRESS, () => ({ input: UNKNOWN }), {
    gas: 4_000,
    wants: 0,
  }),
  verifierCase("checkIndex", [16, 4, 1]),
  verifierCase("checkClaim", [64, 1, 16]),
  verifierCase("checkClaim", [64, 512, 16]),
  verifierCase("checkClaim", [64, 4096, 16]),
  verifierCase("checkQuery", [1, 4096, 1]),
  verifierCase("openRecord", [2, 4096, 1]),
  verifierCase("scoreOf", [1, 1, 1]),
  verifierCase("scoreOf", [2, 4096, 1]),
  verifierCase("verifyTopK", [1, 1, 1]),
  verifierCase("verifyTopK", [2000, 1, 16]),
  verifierCase("verifyTopK", [2000, 512, 16]),
  verifierCase("verifyTopK", [16, 4096, 16], { times: 3 }),
  verifierCase("weightsOf", [2000, 1, 16]),
  verifierCase("weightsOf", [64, 512, 16]),
  precompileCase(
    "0xA01 verifyTopK, K 16, dimension 512, 2000 rows, the last path wrong",
    INFLUENCE_VERIFIER_ADDRESS,
    () => ({ input: spoiled(verifierData("verifyTopK", 2000, 512, 16)) }),
    { gas: 400_000, wants: 0 },
  ),
  precompileCase("0xA03, unknown selector", REWARD_SPLITTER_ADDRESS, () => ({ input: UNKNOWN }), {
    gas: 1_300,
    wants: 0,
  }),
  ...[1, 16, 256].map((count) =>
    precompileCase(`0xA03 split, ${count} weights`, REWARD_SPLITTER_ADDRESS, () => ({
      input: splitData(count),
    })),
  ),
  payCase(1),
  payCase(16),
  payCase(256),
  junk("0xA03 split", REWARD_SPLITTER_ADDRESS, splitData(1).slice(2, 10), 2_000_000),
];
