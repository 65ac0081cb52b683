import { bytesToHex, hexToBytes } from "viem";
import type { Hex } from "../../node/chain/types/primitives.ts";
import { PrecompileRevert } from "../revert.ts";
import { spanVerifier, spanVerifierGas } from "../span-verifier/verifier.ts";
import { caseFixture, changedCases, rightCases } from "./span-cases.ts";
import {
  committed,
  disorderProof,
  documentProof,
  inverseOf,
  inverseProof,
  type SpanFixture,
  valueProof,
} from "./spans.ts";

export interface SpanVector {
  name: string;
  input: Hex;
  gas: number;
  output?: Hex;
  revert?: Hex;
}

/** SpanVerifier's vectors: every function with right and unsound arrays, every error once, encodings that are not canonical. */
export function spanVectors(): SpanVector[] {
  const fixture = caseFixture(0);
  const right = rightCases(fixture);
  const vectors = [...right, ...unsoundCases(fixture)].map(({ name, input }) => vectorOf(name, input));
  const seen = new Set<string>();
  for (const { name, input } of changedCases(fixture, 0)) {
    const vector = vectorOf(name, input);
    const error = vector.revert?.slice(0, 10);
    if (error === undefined || seen.has(error)) continue;
    seen.add(error);
    vectors.push(vector);
  }
  const first = right[1]!.input;
  const malformed: [string, Hex][] = [
    ["no input", "0x"],
    ["unknown selector", "0x01020304"],
    ["a byte after the end", `${first}00`],
    ["a byte short", first.slice(0, -2) as Hex],
    ["an offset elsewhere", first.replace(/(?<=^0x[0-9a-f]{392})[0-9a-f]{64}/, "f".repeat(64)) as Hex],
  ];
  return [...vectors, ...malformed.map(([name, input]) => vectorOf(name, input))];
}

function unsoundCases(sound: SpanFixture): { name: string; input: Hex }[] {
  const array = [...sound.array];
  [array[70], array[71]] = [array[71]!, array[70]!];
  const exchanged = committed({ ...sound, array, inverse: inverseOf(array) });
  const size = array.length;
  const text = sound.text.map((symbol, i) => (i === size - 1 ? 3 : symbol));
  const outside = sound.array.map((position, i) => (i === 9 ? size : position));
  const table = sound.table.map((record) => Uint8Array.from(record));
  new DataView(table[2]!.buffer).setUint32(0, 7);
  return [
    { name: "disorder shown", input: disorderProof(exchanged, 70) },
    { name: "notInverse shown", input: inverseProof(committed({ ...sound, array }), 70) },
    { name: "badValue shown: text", input: valueProof(committed({ ...sound, text }), 0, size - 1) },
    { name: "badValue shown: array", input: valueProof(committed({ ...sound, array: outside }), 1, 9) },
    { name: "badDocument shown", input: documentProof(committed({ ...sound, table }), 1) },
  ];
}

function vectorOf(name: string, input: Hex): SpanVector {
  const bytes = hexToBytes(input);
  const gas = Number(spanVerifierGas(bytes.length));
  try {
    return { name, input, gas, output: bytesToHex(spanVerifier(bytes)) };
  } catch (error) {
    if (!(error instanceof PrecompileRevert)) throw error;
    return { name, input, gas, revert: bytesToHex(error.data) };
  }
}
