import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../chain/codec/frame.ts";
import { pruneFrames } from "./frame-queue.ts";

/** `a0 a1. b0`: channel, frame number, a dot for the last frame. */
function frames(text: string): Frame[] {
  return text.split(" ").map((name) => ({
    channelId: `0x${name[0]!.charCodeAt(0).toString(16).padStart(32, "0")}`,
    number: Number(name.slice(1).replace(".", "")),
    data: new Uint8Array(0),
    isLast: name.endsWith("."),
  }));
}

function text(list: readonly Frame[]): string {
  const letter = (frame: Frame) => String.fromCharCode(Number(BigInt(frame.channelId)));
  return list.map((frame) => `${letter(frame)}${frame.number}${frame.isLast ? "." : ""}`).join(" ");
}

describe("pruneFrames", () => {
  it.each([
    ["a0 a1 a2.", "a0 a1 a2."],
    ["a0 a1. a2", "a0 a1."],
    ["a0 a2 a1.", "a0 a1."],
    ["a1 a2.", "a1 a2."],
    ["a0 b1 a1.", "a0 a1."],
    ["a0 a1 b0 b1.", "b0 b1."],
    ["a0 a1. b0 b1.", "a0 a1. b0 b1."],
    ["a0. b0 b1 c0.", "a0. c0."],
    ["a0 b0 a1. b1.", "b0 b1."],
    ["a0 a0 a1.", "a0 a1."],
    ["a0 a1 b0. a2.", "b0."],
    ["a3 b0", "b0"],
    ["a0. a0 b0.", "a0. b0."],
  ])("%s -> %s", (before, after) => {
    expect(text(pruneFrames(frames(before)))).toBe(after);
  });

  it("leaves frames that can follow each other, and does not change them again", () => {
    const frame = fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(3), fc.constantFrom("", "."));
    const list = fc.array(frame, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(list, (parts) => {
        const kept = pruneFrames(frames(parts.map((part) => part.join("")).join(" ")));
        expect(pruneFrames(kept)).toEqual(kept);
        for (const [i, next] of kept.slice(1).entries()) {
          const current = kept[i]!;
          const sameChannel = current.channelId === next.channelId;
          if (sameChannel) expect([current.isLast, next.number]).toEqual([false, current.number + 1]);
          else expect([current.isLast, next.number]).toEqual([true, 0]);
        }
      }),
    );
  });
});
