import { readFileSync } from "node:fs";
import { bytesToHex, hexToBytes } from "viem";
import { describe, expect, it } from "vitest";
import type { Hex } from "../node/chain/types/primitives.ts";
import { influenceVerifier, influenceVerifierGas } from "./influence-verifier/verifier.ts";
import { PrecompileRevert } from "./revert.ts";
import { rewardSplitter, rewardSplitterGas } from "./reward-splitter/splitter.ts";
import { spanVerifier, spanVerifierGas } from "./span-verifier/verifier.ts";
import { spanVectors } from "./testing/span-vectors.ts";

/** The specifications' vectors: consensus rests on these bytes, so they never change. */
interface Vector {
  name: string;
  input: Hex;
  gas: number;
  output?: Hex;
  revert?: Hex;
}

interface SplitterVector extends Vector {
  value: string;
  isStatic: boolean;
  credits?: { to: Hex; amount: string }[];
}

const read = (folder: string) =>
  JSON.parse(readFileSync(new URL(`${folder}/vectors.json`, import.meta.url), "utf8"));

function outcome(run: () => Uint8Array): Pick<Vector, "output" | "revert"> {
  try {
    return { output: bytesToHex(run()) };
  } catch (error) {
    if (error instanceof PrecompileRevert) return { revert: bytesToHex(error.data) };
    throw error;
  }
}

describe("vectors of the specifications", () => {
  it.each(read("influence-verifier") as Vector[])("InfluenceVerifier: $name", (vector) => {
    const input = hexToBytes(vector.input);
    const { output, revert } = vector;
    expect(outcome(() => influenceVerifier(input))).toEqual(output === undefined ? { revert } : { output });
    expect(influenceVerifierGas(input.length)).toBe(BigInt(vector.gas));
  });

  it.each(read("span-verifier") as Vector[])("SpanVerifier: $name", (vector) => {
    const input = hexToBytes(vector.input);
    const { output, revert } = vector;
    expect(outcome(() => spanVerifier(input))).toEqual(output === undefined ? { revert } : { output });
    expect(spanVerifierGas(input.length)).toBe(BigInt(vector.gas));
  });

  // vitest -u writes the file anew; a chain that has the precompile is bound to the old bytes.
  it("SpanVerifier's are those that testing/span-vectors.ts makes", async () => {
    await expect(`${JSON.stringify(spanVectors(), null, 2)}\n`).toMatchFileSnapshot(
      "span-verifier/vectors.json",
    );
  });

  it.each(read("reward-splitter") as SplitterVector[])("RewardSplitter: $name", (vector) => {
    const input = hexToBytes(vector.input);
    const { output, revert, credits } = vector;
    const run = () => rewardSplitter(input, BigInt(vector.value), vector.isStatic);
    expect(outcome(() => run().output)).toEqual(output === undefined ? { revert } : { output });
    if (credits !== undefined) {
      expect(run().credits.map(({ to, amount }) => ({ to, amount: String(amount) }))).toEqual(credits);
    }
    expect(rewardSplitterGas(input.length)).toBe(BigInt(vector.gas));
  });
});
