import { p256 } from "@noble/curves/nist.js";
import { bytesToHex, concatHex, type Hex, hexToBytes } from "viem";
import { SENDER } from "../../support/small-chain.ts";
import { answerOf, digits, fillMemory, type Item, loop, staticCall, word } from "./assembler.ts";
import { type Work, type WorstCase, workCase } from "./case.ts";

export interface PrecompileInput {
  /** Its first bytes, as calldata. */
  input: Hex;
  /** Bytes in all: the input is repeated; its own length unless given. */
  size?: number;
}

export interface PrecompileOptions extends Work {
  /** Calls between two jumps. */
  times?: number;
  /** Gas of each call; all there is unless given. */
  gas?: Item;
  /** Whether the call succeeds. */
  wants?: 0 | 1;
}

/** A precompile called over and over with the same input. */
export function precompileCase(
  name: string,
  at: Item,
  make: () => PrecompileInput | Promise<PrecompileInput>,
  { times = 20, gas = "GAS", wants = 1, ...more }: PrecompileOptions = {},
): WorstCase {
  return workCase(name, async () => {
    const { input, size = (input.length - 2) / 2 } = await make();
    const before = inputMemory((input.length - 2) / 2, size);
    const each = staticCall(at, { gas, inLength: size });
    return {
      ...loop(before, [each, "POP"], times),
      data: input,
      probe: { code: answerOf(before, each), want: wants },
      ...more,
    };
  });
}

/** Calldata into memory, again and again up to `size`. */
function inputMemory(unit: number, size: number): Item {
  const items: Item[] = ["CALLDATASIZE", 0, 0, "CALLDATACOPY"];
  for (let have = unit; have < size; ) {
    const more = Math.min(have, size - have);
    items.push(more, 0, have, "MCOPY");
    have += more;
  }
  return items;
}

export const hex = (...parts: readonly string[]): Hex => `0x${parts.join("")}`;

async function signedHash(): Promise<Hex> {
  const signature = await SENDER.sign({ hash: hex("5a".repeat(32)) });
  return hex("5a".repeat(32), word(BigInt(hex(signature.slice(130)))), signature.slice(2, 130));
}

const p256Key = hexToBytes(hex("17".repeat(32)));
function p256Input(last: string): Hex {
  const hash = hexToBytes(hex("5a".repeat(32)));
  const signature = p256.sign(hash, p256Key, { prehash: false, format: "compact" });
  const key = bytesToHex(p256.getPublicKey(p256Key, false)).slice(4);
  return concatHex([hex("5a".repeat(31), last), bytesToHex(signature), hex(key)]);
}

const SIGNATURES: readonly WorstCase[] = [
  precompileCase("ecrecover", 1, async () => ({ input: await signedHash() })),
  precompileCase("ecrecover, bad signature", 1, () => ({
    input: hex("5a".repeat(32), word(27), "ff".repeat(64)),
  })),
  precompileCase("ecrecover, r of no point", 1, () => ({
    input: hex("5a".repeat(32), word(27), word(5), word(7)),
  })),
  precompileCase("P256VERIFY", 0x100, () => ({ input: p256Input("5a") })),
  precompileCase("P256VERIFY, wrong signature", 0x100, () => ({ input: p256Input("5b") })),
];

const blake = (rounds: number): Hex => hex(digits(rounds, 4), "ab".repeat(208), "01");

const HASHES: readonly WorstCase[] = [
  ...[32, 1024, 65_536, 1_048_576]
    .flatMap((size) => [
      precompileCase(`sha256 of ${size} bytes`, 2, () => ({ input: hex("ab".repeat(32)), size })),
      precompileCase(`ripemd160 of ${size} bytes`, 3, () => ({ input: hex("ab".repeat(32)), size })),
      precompileCase(`identity of ${size} bytes`, 4, () => ({ input: hex("ab".repeat(32)), size })),
    ])
    .map(({ name, make }) =>
      workCase(name, async () => ({
        least: name.includes("1048576") ? 6_000_000 : undefined,
        ...(await make()),
      })),
    ),
  workCase("blake2f, all gas in one call", {
    ...loop(["CALLDATASIZE", 0, 0, "CALLDATACOPY"], [staticCall(9, { inLength: 213 }), "POP"], 20),
    data: (gas) => blake(Math.floor(gas * 0.95 - 60_000)),
  }),
  precompileCase("blake2f, 1 round", 9, () => ({ input: blake(1) })),
  precompileCase("blake2f, 0 rounds", 9, () => ({ input: blake(0) })),
];

interface Modexp {
  /** Lengths in bytes. */
  base: number;
  exponent: number;
  modulus: number;
  /** First byte of an exponent whose others are 0; all ones unless given. */
  first?: number;
  /** Last byte of the modulus; odd unless given. */
  last?: number;
  gas?: number;
}

/** All of the input is one pattern in memory, but for the lengths. */
function modexpCase(shape: Modexp): WorstCase {
  const { base, exponent, modulus, first, last, gas } = shape;
  const size = 96 + base + exponent + modulus;
  const named = `base ${base} exponent ${exponent} modulus ${modulus} bytes`;
  const exponents = first === undefined ? "" : `, exponent ${first} and zeros`;
  const even = last === undefined ? "" : last === 0 ? ", even modulus" : `, modulus ends in ${last}`;
  const before: Item = [
    fillMemory(96, Math.max(32, size - 96), `0x${"ff".repeat(31)}fd`),
    first === undefined ? [] : exponentOf(96 + base, exponent, first),
    last === undefined || modulus === 0 ? [] : [last, size - 1, "MSTORE8"],
    [base, 0, "MSTORE", exponent, 32, "MSTORE", modulus, 64, "MSTORE"],
  ];
  const each = staticCall(5, { inLength: size, gas: gas ?? "GAS" });
  const words = Math.ceil(size / 32);
  return workCase(`modexp, ${named}${exponents}${even}`, {
    ...loop(before, [each, "POP"], exponent > 4096 ? 1 : 10),
    least:
      150_000 +
      3 * words +
      Math.floor((words * words) / 512) +
      (exponent > 4096 ? 4 * exponent * Math.ceil(Math.max(base, modulus, 1) / 8) ** 2 : 0),
    probe: { code: answerOf(before, each), want: 1 },
    unused: 0.5,
  });
}

/** Zeros with a first byte. CALLDATACOPY beyond the calldata's end gives zeros. */
function exponentOf(at: number, length: number, first: number): Item {
  return length === 0
    ? []
    : [
        [length, 0, at, "CALLDATACOPY"],
        [first, at, "MSTORE8"],
      ];
}

const MODEXPS: readonly Modexp[] = [
  ...[
    [8, 32, 8],
    [8, 72, 8],
    [8, 1024, 8],
    [8, 4096, 8],
    [16, 26, 16],
    [24, 16, 24],
    [32, 32, 32],
    [40, 4, 40],
    [64, 64, 64],
    [192, 1, 192],
    [256, 3, 256],
    [256, 256, 256],
    [512, 512, 512],
    [1024, 1, 1024],
    [1024, 32, 1024],
    [1024, 512, 1024],
    [2048, 2, 2048],
    [4096, 1, 4096],
  ].flatMap(([base, exponent, modulus]) => {
    const shape = { base: base!, exponent: exponent!, modulus: modulus! };
    return [shape, { ...shape, last: 0 }];
  }),
  { base: 192, exponent: 1, modulus: 192, first: 3 },
  { base: 192, exponent: 1, modulus: 192, first: 3, last: 0 },
  { base: 192, exponent: 1, modulus: 192, first: 2 },
  { base: 192, exponent: 0, modulus: 192 },
  { base: 192, exponent: 32, modulus: 192, first: 0 },
  { base: 192, exponent: 1, modulus: 1, first: 3 },
  { base: 192, exponent: 1, modulus: 8, first: 3 },
  { base: 1, exponent: 1, modulus: 192, first: 3 },
  { base: 0, exponent: 32, modulus: 8 },
  { base: 8, exponent: 32, modulus: 1 },
  { base: 1, exponent: 72, modulus: 1 },
  { base: 8, exponent: 32, modulus: 0 },
  { base: 1024, exponent: 1, modulus: 8, first: 3 },
  { base: 4096, exponent: 1, modulus: 32, first: 3 },
  { base: 4096, exponent: 1, modulus: 32, first: 3, last: 0 },
  { base: 0, exponent: 1_048_576, modulus: 0 },
  { base: 0, exponent: 65_536, modulus: 0 },
  ...[16_384, 65_536, 131_072, 524_288].flatMap((exponent) => [
    { base: 8, exponent, modulus: 8 },
    { base: 8, exponent, modulus: 8, last: 0 },
    { base: 8, exponent, modulus: 8, first: 128 },
  ]),
  { base: 8, exponent: 2_097_152, modulus: 8 },
  { base: 32, exponent: 131_072, modulus: 32 },
  { base: 1, exponent: 131_072, modulus: 1 },
];

/** Precompiles of signatures, hashes and powers. */
export const PRECOMPILE_CASES: readonly WorstCase[] = [...SIGNATURES, ...HASHES, ...MODEXPS.map(modexpCase)];
