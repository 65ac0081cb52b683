import { bytesToHex, hexToBytes, toFunctionSelector } from "viem";
import { describe, expect, it } from "vitest";
import { SPAN_VERIFIER_ADDRESS } from "../addresses.ts";
import { type PrecompileCall, runPrecompile } from "../run.ts";
import { caseFixture, rightCases } from "../testing/span-cases.ts";
import { spanVerifierGas } from "./verifier.ts";

const input = hexToBytes(rightCases(caseFixture(0))[1]!.input);
const gas = spanVerifierGas(input.length);
const call: PrecompileCall = {
  caller: "0x00000000000000000000000000000000000ca11e",
  self: SPAN_VERIFIER_ADDRESS,
  codeAddress: SPAN_VERIFIER_ADDRESS,
  value: 0n,
  isStatic: true,
  depth: 1,
};
const errorData = (signature: string) => toFunctionSelector(signature);

describe("a call of the SpanVerifier", () => {
  it("costs what its length says, and halts below it", () => {
    expect(gas).toBe(3_000n + 120n * BigInt(Math.ceil(input.length / 32)));
    expect(runPrecompile(call, input, gas)).toMatchObject({
      kind: "returned",
      gasUsed: gas,
      credits: [],
      logs: [],
    });
    expect(runPrecompile(call, input, gas - 1n)).toEqual({ kind: "halted" });
  });

  it("refuses foreign code, value, unknown selectors and encodings that are not canonical by name", () => {
    const refusal = (change: Partial<PrecompileCall>, data = input) => {
      const answer = runPrecompile({ ...call, ...change }, data, 10n ** 6n);
      return answer.kind === "reverted" ? bytesToHex(answer.output).slice(0, 10) : answer.kind;
    };
    expect(refusal({ self: call.caller })).toBe(errorData("DelegateCallRefused()"));
    expect(refusal({ value: 1n })).toBe(errorData("ValueRefused()"));
    expect(refusal({}, input.subarray(0, 3))).toBe(errorData("UnknownSelector(bytes4)"));
    expect(refusal({}, input.subarray(0, input.length - 1))).toBe(errorData("BadInput()"));
  });
});
