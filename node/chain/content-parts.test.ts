import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { extended, noParts, PART_BYTES, PartStates, type PartsEnd, partBefore } from "./content-parts.ts";
import type { Hash } from "./types/primitives.ts";

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 19) * 31) & 255);
const sha256 = (bytes: Uint8Array): Hash => `0x${createHash("sha256").update(bytes).digest("hex")}`;

/** The parts of a content and the states before them. */
function cut(bytes: Uint8Array) {
  const made = new PartStates();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PART_BYTES) parts.push(bytes.subarray(at, at + PART_BYTES));
  for (const part of parts) made.add(part);
  return { parts, states: made.states, whole: made.whole() };
}

describe("parts of a content", () => {
  test.each([1, 63, 64, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 5])(
    "are checked alone from the last to the first, for %i bytes",
    (length) => {
      const bytes = bytesOf(length);
      const { parts, states, whole } = cut(bytes);
      expect(whole).toBe(sha256(bytes));
      let end: PartsEnd | undefined = noParts(sha256(bytes), length);
      for (let i = parts.length - 1; i >= 0; i--) {
        expect(partBefore(end!.from)).toBe(i * PART_BYTES);
        end = extended(end!, parts[i]!, i === 0 ? undefined : states[i]);
        expect(end).toMatchObject({ total: length, from: i * PART_BYTES });
      }
    },
  );

  test("that are others, elsewhere, of another length, or come with another state are refused at once", () => {
    const bytes = bytesOf(3 * PART_BYTES + 5);
    const { parts, states } = cut(bytes);
    const none = noParts(sha256(bytes), bytes.length);
    const last = parts[3]!;
    const flipped = Uint8Array.from(last, (byte, i) => (i === 2 ? byte ^ 1 : byte));
    expect(extended(none, flipped, states[3])).toBeUndefined();
    expect(extended(none, last, states[2])).toBeUndefined();
    expect(extended(none, last, undefined)).toBeUndefined();
    expect(extended(none, last, "0x12")).toBeUndefined();
    expect(extended(none, parts[2]!, states[2])).toBeUndefined();
    // The length is hashed with the last part: who names another one is found out by it.
    const longer = noParts(none.expects, bytes.length + 1);
    expect(extended(longer, Uint8Array.of(...last, 0), states[3])).toBeUndefined();
    const one = extended(none, last, states[3])!;
    expect(extended(one, parts[1]!, states[2])).toBeUndefined();
    const two = extended(one, parts[2]!, states[2])!;
    const three = extended(two, parts[1]!, states[1])!;
    // The first part begins at the standard's own state, whatever is said.
    expect(extended(three, parts[1]!, states[1])).toBeUndefined();
    expect(extended(three, parts[0]!, states[1])).toMatchObject({ from: 0 });
  });
});
