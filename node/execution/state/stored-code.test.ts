import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTRACTS } from "../../../test/support/random-programs.ts";
import { createSmallChain, signed } from "../../../test/support/small-chain.ts";
import { keccak256 } from "../../chain/crypto.ts";
import { MemoryDatabase } from "./memory-database.ts";
import { NodeStore } from "./node-store.ts";
import { analyseCode, codeWrite, readAnalysed } from "./stored-code.ts";
import { codeKey } from "./types.ts";

/** Code with many jump destinations and pushes. */
const code = fc.array(fc.oneof(fc.constantFrom(0x5b, 0x60, 0x61, 0x7f, 0x00), fc.nat(255)), {
  minLength: 1,
  maxLength: 300,
});

describe("stored code", () => {
  it("is read back as it was, also from a database that has it as it is", () => {
    const property = fc.property(code, (bytes) => {
      const plain = Uint8Array.from(bytes);
      const hash = keccak256(plain);
      const { analysed, code: read } = readAnalysed(analyseCode(plain));
      expect(read).toEqual(plain);
      expect(analysed).toHaveLength(plain.length + 34 + Math.ceil(plain.length / 8));
      for (const write of [codeWrite(hash, plain), { key: codeKey(hash), value: plain }]) {
        const database = new MemoryDatabase();
        database.write([write]);
        expect(new NodeStore(database).code(hash)).toEqual(plain);
      }
    });
    fc.assert(property);
  });

  it("knows jump destinations, and no data of pushes among them", () => {
    const bits = (bytes: number[]) => [...analyseCode(Uint8Array.from(bytes)).subarray(bytes.length + 34)];
    expect(bits([0x5b, 0x60, 0x5b, 0x5b])).toEqual([0b1001]);
    expect(bits([0x7f, ...Array<number>(32).fill(0x5b), 0x5b])).toEqual([0, 0, 0, 0, 0b10]);
    expect(bits([...Array<number>(8).fill(0), 0x5b, 0x61, 0x5b])).toEqual([0, 1]);
    expect(bits([0x5f, 0x5b, 0x80, 0x5b])).toEqual([0b1010]);
  });

  it("begins with 0xef only where it isn't run, and is kept as it is then", () => {
    const delegation = Uint8Array.from([0xef, 1, 0, ...Array<number>(20).fill(7)]);
    expect(codeWrite(keccak256(delegation), delegation)).toEqual({
      key: codeKey(keccak256(delegation)),
      value: delegation,
    });
  });

  it("runs the same on both executors wherever a jump goes", { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(code, fc.nat(320), async (tail, to) => {
      // Jumps to a place in itself, then stores 1 at slot 1 wherever the rest lets it.
      const jump = [0x61, to >> 8, to & 0xff, 0x56, ...tail, 0x5b, 0x60, 1, 0x60, 1, 0x55, 0x00];
      const codeHex = `0x${Buffer.from(jump).toString("hex")}` as const;
      const small = createSmallChain({
        executor: "both",
        accounts: [{ address: CONTRACTS[0]!, nonce: 1n, balance: 1n, codeHex }],
      });
      await small.advance([await signed({ nonce: 0, to: CONTRACTS[0]!, gas: 90_000n })]);
    });
    await fc.assert(property, { numRuns: 40 });
  });
});
