import { describe, expect, it } from "vitest";
import { testRollup } from "../../../test/harness/blocks.ts";
import type { Frame } from "../../chain/codec/frame.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { ChannelBank } from "./channel-bank.ts";
import { DRAINED, type L1Position } from "./types.ts";

const MEGABYTE = new Uint8Array(1_000_000);
const idOf = (letter: string): Hex => `0x${letter.charCodeAt(0).toString(16).padStart(32, "0")}`;

/** `a0 a1.`: channel, number, a dot for the last frame; a star for a megabyte of data, else the frame's own text. */
function frame(text: string): Frame {
  const number = Number(text.slice(1).replace(/[.*]/g, ""));
  const data = text.includes("*") ? MEGABYTE : new TextEncoder().encode(text.slice(0, 2));
  return { channelId: idOf(text[0]!), number, data, isLast: text.endsWith(".") };
}

/** What a bank gives for frames that come one by one, all in one L1 block; and why it left some of them aside. */
function read(text: string, fork: "regolith" | "canyon" | "fjord" = "canyon") {
  const plain = testRollup();
  const late = 10n ** 9n;
  const canyon = fork === "regolith" ? late : 0n;
  const rollup = { ...plain, forkTimes: { regolith: 0n, canyon, fjord: fork === "fjord" ? 0n : late } };
  const waiting = text.split(" ").map(frame);
  const notes: string[] = [];
  const source = {
    next: () => {
      const item = waiting.shift();
      return item === undefined ? DRAINED : ({ kind: "item", item } as const);
    },
  };
  const bank = new ChannelBank(source, rollup, ({ reason }) => notes.push(reason));
  const l1: L1Position = { number: 10n, timestamp: 5_000n };
  const channels: string[] = [];
  for (let next = bank.next(l1); next.kind !== "drained"; next = bank.next(l1)) {
    if (next.kind === "item")
      channels.push(new TextDecoder().decode(next.item.subarray(0, 12)).split("\0")[0]!);
  }
  return { channels, notes };
}

describe("channel bank", () => {
  it.each([
    ["a0 a1.", ["a0a1"], []],
    ["a1. a0", ["a0a1"], []],
    ["a2. a0 a1", ["a0a1a2"], []],
    ["a0 a0 a1.", ["a0a1"], ["a frame that is there already"]],
    ["a1. a2. a0", ["a0a1"], ["a second last frame"]],
    ["a1. a3 a0", ["a0a1"], ["a frame behind the last one"]],
    // A last frame throws out those beyond it.
    ["a3 a2 a1. a0", ["a0a1"], []],
    ["a1 a1. a0.", ["a0"], ["a frame that is there already"]],
    ["a0. a0.", ["a0", "a0"], []],
  ])("%s", (text, channels, notes) => {
    expect(read(text)).toEqual({ channels, notes });
  });

  it("reads the oldest channel first, from Canyon on the first that is complete", () => {
    expect(read("a0 b0. a1.", "regolith").channels).toEqual(["a0a1", "b0"]);
    expect(read("a0 b0. a1.").channels).toEqual(["b0", "a0a1"]);
  });

  it("drops the oldest channels when all together are too large, after Fjord ten times later", () => {
    const large = Array.from({ length: 50 }, (_, i) => `a${i + 1}* b${i + 1}*`).join(" ");
    const text = `a0 b0 ${large} b51. a51.`;
    const reason = "the channels are too large together";
    expect(read(text)).toEqual({ channels: ["b0"], notes: [reason] });
    expect(read(text, "fjord")).toEqual({ channels: ["b0", "a0"], notes: [] });
  });

  it("counts a channel's bytes as op-node does: none of those that came before a last frame below them", () => {
    // 60 megabytes of b are forgotten with its frame 61, so that a's 60 stay.
    const b = Array.from({ length: 60 }, (_, i) => `b${i + 1}*`).join(" ");
    const a = Array.from({ length: 60 }, (_, i) => `a${i + 1}*`).join(" ");
    expect(read(`a0 b62 ${b} b61. ${a} a61. b0`).notes).toEqual([]);
    expect(read(`a0 ${b} b61. ${a} a61. b0`).notes).toEqual(["the channels are too large together"]);
  });
});
