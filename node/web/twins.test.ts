import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import * as codecHere from "../ai/codec/hash.browser.ts";
import * as codecThere from "../ai/codec/hash.ts";
import * as hexHere from "../base/hex-digits.browser.ts";
import * as hexThere from "../base/hex-digits.ts";
import * as cryptoHere from "../chain/crypto.browser.ts";
import * as cryptoThere from "../chain/crypto.ts";

// What a browser takes in place of Node's own has to give the same.
describe("browser twins", () => {
  const inputs = [0, 1, 31, 32, 64, 65, 200, 5_000].map((size) => new Uint8Array(randomBytes(size)));

  test.each([
    ["contentIdOf", codecHere.contentIdOf, codecThere.contentIdOf],
    ["keccakOf", codecHere.keccakOf, codecThere.keccakOf],
    ["hexOfBytes", codecHere.hexOfBytes, codecThere.hexOfBytes],
    ["concatBytes", codecHere.concatBytes, codecThere.concatBytes],
    ["digitsOf", hexHere.digitsOf, hexThere.digitsOf],
    ["keccak256", cryptoHere.keccak256, cryptoThere.keccak256],
    ["keccakHash", cryptoHere.keccakHash, cryptoThere.keccakHash],
    ["sha256", cryptoHere.sha256, cryptoThere.sha256],
  ] as const)("%s", (_, here, there) => {
    for (const bytes of inputs) expect(here(bytes)).toEqual(there(bytes));
  });

  test("shortDigits and writeDigits", () => {
    for (const bytes of inputs.filter(({ length }) => length <= hexThere.SHORT_BYTES))
      expect(hexHere.shortDigits(bytes)).toBe(hexThere.shortDigits(bytes));
    for (const digits of ["", "0a", "0AfF", "0a0", "zz00", "00zz", "0g", "00112233"]) {
      const [here, there] = [new Uint8Array(3), new Uint8Array(3)];
      expect([hexHere.writeDigits(digits, here), here]).toEqual([hexThere.writeDigits(digits, there), there]);
    }
  });

  test("bytesOfHex", () => {
    for (const bytes of inputs) expect(codecHere.bytesOfHex(codecThere.hexOfBytes(bytes))).toEqual(bytes);
  });
});
