import { hexToBytes } from "@ethereumjs/util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTRACTS, call, program } from "../../../test/support/random-programs.ts";
import { createSmallChain, SENDER, signed } from "../../../test/support/small-chain.ts";
import { isCodedError } from "../../base/errors.ts";
import { packBlock } from "../../chain/codec/packed-block.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import type { TracerSpec } from "./tracers/spec.ts";

const STRUCT_LOGS: TracerSpec = {
  name: "structLogger",
  memory: true,
  stack: true,
  storage: true,
  returnData: true,
  limit: 0,
};
const sender = SENDER.address.toLowerCase() as Address;

function chainOf(programs: readonly Hex[]) {
  return createSmallChain({
    executor: "both",
    accounts: CONTRACTS.map((address, i) => ({
      address,
      balance: 10n,
      nonce: 1n,
      codeHex: programs[i]!,
    })),
  });
}

/** Some programs have no estimate or no settled list; then both must refuse them alike. */
async function unlessRefused(answer: Promise<unknown>): Promise<void> {
  await answer.catch((error: unknown) => {
    if (!isCodedError(error, "CALL_GAS") && !isCodedError(error, "ACCESS_LIST_UNSTABLE")) throw error;
  });
}

// Each chain here runs on both executors and throws where they differ.
describe("both executors", () => {
  const programs = fc.tuple(program, program, program);

  it("make the same blocks, receipts and traces of random programs", { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(
      programs,
      fc.array(call, { minLength: 1, maxLength: 4 }),
      async (codes, calls) => {
        const small = chainOf(codes);
        const parent = small.head;
        const envelopes = await Promise.all(calls.map((fields, nonce) => signed({ ...fields, nonce })));
        const { block } = await small.advance(envelopes);
        const subject = { kind: "block", block: packBlock(block) } as const;
        const logs = JSON.parse(await small.executor.trace(parent, { subject, tracer: STRUCT_LOGS }));
        expect(logs).toHaveLength(block.transactions.length);
        const gas = logs.reduce(
          (sum: number, { result }: { result: { gas: number } }) => sum + result.gas,
          0,
        );
        expect(BigInt(gas)).toBe(block.header.gasUsed);
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it("answer calls, estimates and access lists of random programs alike", { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(programs, call, async (codes, { to, value, gas }) => {
      const small = chainOf(codes);
      await small.advance();
      const data = to === null ? hexToBytes(codes[0]) : new Uint8Array(0);
      const request = { from: sender, to: to ?? undefined, value, data, gas, gasPrice: 0n };
      await small.executor.call(small.head, request);
      await unlessRefused(small.executor.estimateGas(small.head, request));
      await unlessRefused(small.executor.createAccessList(small.head, request));
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it("name code that they don't run alike, however little gas is left", { timeout: 120_000 }, async () => {
    const [named, self, delegated] = CONTRACTS as [Address, Address, Address];
    const targets = [
      named,
      self,
      delegated,
      sender,
      `0x${"00".repeat(19)}04`,
      `0x${"ab".repeat(20)}`,
      `0x${"00".repeat(18)}0100`,
    ];
    // sstore(0, extcodesize(calldata)), extcodecopy(calldata, 3, 1, 40), sstore(1, mload(0))
    const code = "0x5f353b5f55 6028600160035f353c 5f51600155".replaceAll(" ", "") as Hex;
    const property = fc.asyncProperty(
      fc.constantFrom(...targets),
      fc.bigInt({ min: 22_000n, max: 75_000n }),
      async (target, gas) => {
        const small = chainOf([`0x${"5b61".repeat(50)}`, code, `0xef0100${named.slice(2)}`]);
        const data = `0x${target.slice(2).padStart(64, "0")}` as Hex;
        const tx = await signed({ nonce: 0, to: self, gas, data });
        const again = await signed({ nonce: 1, to: self, gas, data });
        const { receipts } = await small.advance([tx, again]);
        expect(receipts).toHaveLength(3);
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it("see the hashes of the last 256 blocks, and none beyond", async () => {
    // sstore(0, blockhash(number - 1)), sstore(1, blockhash(number)), sstore(2, blockhash(number - 300))
    const code = "0x6001430340 5f55 4340 6001 55 61012c430340 6002 55".replaceAll(" ", "") as Hex;
    const small = chainOf([code, "0x", "0x"]);
    await small.advance();
    await small.advance([await signed({ nonce: 0, to: CONTRACTS[0]!, gas: 200_000n })]);
  });
});
