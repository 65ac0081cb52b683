import type { EVM } from "@ethereumjs/evm";
import { bytesToHex, hexToBytes } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import type { Address, Hex } from "../node/chain/types/primitives.ts";
import { PrecompileRevert } from "./revert.ts";
import { spanVerifier } from "./span-verifier/verifier.ts";
import { call, compiled, createTestEvm, setCode } from "./testing/evm.ts";
import { seededRandom } from "./testing/fixture.ts";
import { caseFixture, changedCases, largestProof, rightCases } from "./testing/span-cases.ts";

const TWIN: Address = "0x0000000000000000000000000000000000001a02";
const twin = compiled("SpanVerifierTwin")?.runtime;

interface Answer {
  isAnswer: boolean;
  data: Hex;
}

function ours(input: Hex): Answer {
  try {
    return { isAnswer: true, data: bytesToHex(spanVerifier(hexToBytes(input))) };
  } catch (error) {
    if (error instanceof PrecompileRevert) return { isAnswer: false, data: bytesToHex(error.data) };
    throw error;
  }
}

describe.skipIf(twin === undefined)("SpanVerifier against its Solidity twin", () => {
  let evm: EVM;
  beforeAll(async () => {
    evm = await createTestEvm();
    await setCode(evm, TWIN, twin!);
  });

  async function theirs(input: Hex): Promise<Answer> {
    const { execResult } = await call(evm, TWIN, input);
    return { isAnswer: execResult.exceptionError === undefined, data: bytesToHex(execResult.returnValue) };
  }

  it("answers alike", async () => {
    for (let seed = 0; seed < 3; seed++) {
      for (const { name, input } of rightCases(caseFixture(seed))) {
        const answer = ours(input);
        expect({ name, ...answer }).toMatchObject({ name, isAnswer: true });
        expect({ name, ...(await theirs(input)) }).toEqual({ name, ...answer });
      }
    }
  });

  it("gives the same answer or the same named error when a part of a call changes", async () => {
    const refusals = new Set<string>();
    for (const { name, input } of changedCases(caseFixture(0), 0)) {
      const answer = ours(input);
      expect({ name, ...(await theirs(input)) }).toEqual({ name, ...answer });
      if (!answer.isAnswer) refusals.add(answer.data.slice(0, 10));
    }
    // Every error of the interface but the four of the call itself.
    expect(refusals.size).toBe(15);
  });

  it("survives noise: both refuse, the precompile by name", async () => {
    const random = seededRandom(17);
    const pick = (bound: number) => Math.floor(random() * bound);
    const cases = rightCases(caseFixture(1));
    for (let i = 0; i < 600; i++) {
      const input = hexToBytes(cases[i % cases.length]!.input);
      for (let k = 0; k < 1 + pick(3); k++)
        input[4 + pick(input.length - 4)] = pick(4) === 0 ? 0xff : pick(256);
      const length = pick(3) === 0 ? pick(input.length) : input.length;
      const changed = bytesToHex(input.subarray(0, Math.max(4, length)));
      const answer = ours(changed);
      // An encoding that Solidity reads though it is not canonical may be right; it is never right for us and wrong for the twin.
      if (answer.isAnswer) expect(await theirs(changed)).toEqual(answer);
      else expect(answer.data.length).toBeGreaterThanOrEqual(10);
    }
  });

  it("takes no proof above 12,000 bytes, and answers on the largest one within its bounds", async () => {
    const largest = largestProof();
    expect(largest.length / 2 - 1).toBeLessThan(12_000);
    expect(await theirs(largest)).toEqual(ours(largest));
  });
});
