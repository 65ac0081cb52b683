import { bls12_381 } from "@noble/curves/bls12-381.js";
import { bn254 } from "@noble/curves/bn254.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSmallChain } from "../../../../test/support/small-chain.ts";
import { bigIntToBytes, concatBytes } from "../../../base/bytes.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { StateView } from "../../state/state-view.ts";
import { readAnswer } from "./answer.ts";
import { RequestWriter } from "./bytes.ts";
import { type CryptoOperation, moduleCrypto, nativeCrypto } from "./crypto.ts";
import { EvmInstance } from "./instance.ts";
import { blockRequest, callRequest } from "./request.ts";

const small = createSmallChain({ executor: "wasm" });
const writer = new RequestWriter();
const emptyState: StateView = {
  root: new Uint8Array(32),
  account: () => undefined,
  storage: () => new Uint8Array(0),
  code: () => new Uint8Array(0),
  storedCode: () => ({ code: new Uint8Array(0) }),
};

/** Calls precompiles with this cryptography; gives status, output and gas. */
function caller(crypto: CryptoOperation) {
  const instance = new EvmInstance(901n, [], crypto);
  return (low: number, data: Uint8Array) => {
    const to: Address = `0x${low.toString(16).padStart(40, "0")}`;
    const from: Address = `0x${"11".repeat(20)}`;
    const request = { from, to, value: 0n, data, gas: 100_000_000n, gasPrice: 0n };
    instance.openBlock(blockRequest(writer, small.rollup, small.head), {
      view: emptyState,
      blockHash: () => undefined,
    });
    const { answer } = readAnswer(instance.exec(callRequest(writer, request, 0)));
    if (answer.kind === "refused") throw new Error(answer.refusal.reason);
    return { status: answer.status, gasUsed: answer.gasUsed, output: answer.output };
  };
}

const native = caller(nativeCrypto());
const builtIn = caller(moduleCrypto);

const word = (value: bigint | number) => bigIntToBytes(BigInt(value), 32);
/** EIP-2537: field elements of 48 bytes are padded to 64. */
const field = (value: bigint) => bigIntToBytes(value, 64);
const scalar = fc.bigInt({ min: 1n, max: (1n << 250n) - 1n });

const bnG1 = scalar.map((k) => {
  const { x, y } = bn254.G1.Point.BASE.multiply(k % bn254.fields.Fr.ORDER || 1n).toAffine();
  return concatBytes(word(x), word(y));
});
const bnG2 = scalar.map((k) => {
  const { x, y } = bn254.G2.Point.BASE.multiply(k % bn254.fields.Fr.ORDER || 1n).toAffine();
  return concatBytes(word(x.c1), word(x.c0), word(y.c1), word(y.c0));
});
const blsG1 = scalar.map((k) => {
  const { x, y } = bls12_381.G1.Point.BASE.multiply(k).toAffine();
  return concatBytes(field(x), field(y));
});
const blsG2 = scalar.map((k) => {
  const { x, y } = bls12_381.G2.Point.BASE.multiply(k).toAffine();
  return concatBytes(field(x.c0), field(x.c1), field(y.c0), field(y.c1));
});
const anyBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const blsElement = anyBytes(47).map((bytes) => concatBytes(new Uint8Array(17), bytes));
const join = (...parts: fc.Arbitrary<Uint8Array>[]) => fc.tuple(...parts).map((list) => concatBytes(...list));

const modexp = fc
  .tuple(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 70 }))
  .map((parts) => concatBytes(...parts.map(({ length }) => word(length)), ...parts));
const recovery = join(anyBytes(32), fc.constantFrom(word(27), word(28), word(29)), anyBytes(64));

/** Inputs that mean something, by the precompile's address. */
const INPUTS: readonly [name: string, low: number, input: fc.Arbitrary<Uint8Array>][] = [
  ["ecrecover", 0x01, recovery],
  ["modexp", 0x05, modexp],
  ["bn254 add", 0x06, join(bnG1, bnG1)],
  ["bn254 mul", 0x07, join(bnG1, anyBytes(32))],
  ["bn254 pairing", 0x08, join(bnG1, bnG2, bnG1, bnG2)],
  ["KZG", 0x0a, anyBytes(192)],
  ["BLS G1 add", 0x0b, join(blsG1, blsG1)],
  ["BLS G1 msm", 0x0c, join(blsG1, anyBytes(32), blsG1, anyBytes(32))],
  ["BLS G2 add", 0x0d, join(blsG2, blsG2)],
  ["BLS G2 msm", 0x0e, join(blsG2, anyBytes(32))],
  ["BLS pairing", 0x0f, join(blsG1, blsG2)],
  ["BLS map to G1", 0x10, blsElement],
  ["BLS map to G2", 0x11, join(blsElement, blsElement)],
  ["P256", 0x100, anyBytes(160)],
];

describe("native cryptography", () => {
  it.each(INPUTS)("answers as the module's own: %s", { timeout: 120_000 }, (_name, low, input) => {
    const damaged = fc
      .tuple(input, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean())
      .map(([bytes, at, flip, isDamaged]) => {
        const copy = bytes.slice();
        if (isDamaged && copy.length > 0) copy[at % copy.length]! ^= flip;
        return copy;
      });
    const property = fc.property(damaged, (data) => {
      expect(native(low, data)).toEqual(builtIn(low, data));
    });
    fc.assert(property, { numRuns: 12 });
  });
});
