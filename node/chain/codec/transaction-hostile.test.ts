import { RLP } from "@ethereumjs/rlp";
import secp256k1 from "secp256k1";
import { describe, expect, it } from "vitest";
import { isCodedError } from "../../base/errors.ts";
import { keccak256 } from "../crypto.ts";
import { decodeTransaction } from "./transaction.ts";

type Field = Uint8Array | readonly Field[];

const rules = { l2ChainId: 901n };
const CHAIN_ID = Uint8Array.of(0x03, 0x85);
const KEY = new Uint8Array(32).fill(7);
const TO = new Uint8Array(20).fill(0x11);
const EMPTY = new Uint8Array(0);
const ONE = Uint8Array.of(1);

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function rlp(fields: Field): Uint8Array {
  return RLP.encode(fields as Uint8Array[]);
}

function unpadded(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

/** An envelope with a valid signature over exactly these fields, whatever they are. */
function signed(type: number, fields: readonly Field[]): Uint8Array {
  const prefix = type === 0 ? EMPTY : Uint8Array.of(type);
  const digest = keccak256(join(prefix, rlp(fields)));
  const { signature, recid } = secp256k1.ecdsaSign(digest, KEY);
  const v = type === 0 ? Uint8Array.of(27 + recid) : recid === 0 ? EMPTY : ONE;
  const rs = [unpadded(signature.subarray(0, 32)), unpadded(signature.subarray(32))];
  return join(prefix, rlp([...fields, v, ...rs]));
}

const authorization: Field = [CHAIN_ID, TO, EMPTY, ONE, Uint8Array.of(5), Uint8Array.of(6)];

/** Fields in the order of the type's payload, some of them replaced by index. */
function fields(type: number, replaced: Readonly<Record<number, Field>> = {}): Field[] {
  const gas = Uint8Array.of(0xff, 0xff);
  const typed = (fees: Field[], lists: Field[]) => [CHAIN_ID, ONE, ...fees, gas, TO, ONE, EMPTY, ...lists];
  const all: Record<number, Field[]> = {
    0: [ONE, ONE, gas, TO, ONE, EMPTY],
    1: typed([ONE], [[]]),
    2: typed([ONE, ONE], [[]]),
    4: typed([ONE, ONE], [[], [authorization]]),
  };
  return all[type]!.map((field, index) => replaced[index] ?? field);
}

/** Where a typed payload has its access list. */
const ACCESS_LIST: Readonly<Record<number, number>> = { 1: 7, 2: 8, 4: 8 };
const TYPED = [1, 2, 4];

function refusal(raw: Uint8Array): unknown {
  try {
    decodeTransaction(raw, rules);
  } catch (error) {
    return isCodedError(error) ? error.code : error;
  }
  return "accepted";
}

describe("decodeTransaction refuses", () => {
  it.each([0, 1, 2, 4])("nothing of a plain type %i", (type) => {
    expect(refusal(signed(type, fields(type)))).toBe("accepted");
  });

  it.each(TYPED)("an access list that is the empty string, type %i", (type) => {
    expect(refusal(signed(type, fields(type, { [ACCESS_LIST[type]!]: EMPTY })))).toBe("TRANSACTION_INVALID");
  });

  it.each(TYPED)("storage keys that are the empty string, type %i", (type) => {
    const list: Field = [[TO, EMPTY]];
    expect(refusal(signed(type, fields(type, { [ACCESS_LIST[type]!]: list })))).toBe("TRANSACTION_INVALID");
  });

  it.each(TYPED)("a chain id with a leading zero, type %i", (type) => {
    const padded = Uint8Array.of(0, 0x03, 0x85);
    expect(refusal(signed(type, fields(type, { 0: padded })))).toBe("TRANSACTION_INVALID");
  });

  it.each([
    ["chain id", 0],
    ["nonce", 2],
    ["y parity", 3],
    ["r", 4],
    ["s", 5],
  ])("an authorization whose %s has a leading zero", (_, index) => {
    const entry = (authorization as Field[]).map((field, i) =>
      i === index ? join(Uint8Array.of(0), field as Uint8Array) : field,
    );
    expect(refusal(signed(4, fields(4, { 9: [entry] })))).toBe("TRANSACTION_INVALID");
  });

  it.each([0, 1, 2, 4])("integers with leading zeros, type %i", (type) => {
    const integers: Record<number, number[]> = {
      0: [0, 1, 2, 4],
      1: [1, 2, 3, 5],
      2: [1, 2, 3, 4, 6],
      4: [1, 2, 3, 4, 6],
    };
    for (const index of integers[type]!) {
      const raw = signed(type, fields(type, { [index]: Uint8Array.of(0, 1) }));
      expect(refusal(raw), `field ${index}`).toBe("TRANSACTION_INVALID");
      const zero = signed(type, fields(type, { [index]: Uint8Array.of(0) }));
      expect(refusal(zero), `field ${index} as a zero byte`).toBe("TRANSACTION_INVALID");
    }
  });

  it("an access list's address or key of a wrong length", () => {
    const lists: Field[] = [[[TO.subarray(1), []]], [[TO, [ONE]]], [[TO]], [[TO, [], []]], [TO]];
    for (const list of lists) expect(refusal(signed(2, fields(2, { 8: list })))).toBe("TRANSACTION_INVALID");
  });

  it("a set-code transaction without recipient or without authorizations", () => {
    expect(refusal(signed(4, fields(4, { 5: EMPTY })))).toBe("TRANSACTION_INVALID");
    expect(refusal(signed(4, fields(4, { 9: [] })))).toBe("TRANSACTION_INVALID");
    expect(refusal(signed(4, fields(4, { 9: EMPTY })))).toBe("TRANSACTION_INVALID");
  });

  it("trailing bytes, missing and additional fields", () => {
    for (const type of [0, 1, 2, 4]) {
      const raw = signed(type, fields(type));
      expect(refusal(join(raw, Uint8Array.of(0)))).toBe("TRANSACTION_INVALID");
      expect(refusal(signed(type, [...fields(type), EMPTY]))).toBe("TRANSACTION_INVALID");
      expect(refusal(signed(type, fields(type).slice(1)))).toBe("TRANSACTION_INVALID");
    }
  });

  it("lengths that are not in their shortest form", () => {
    const raw = signed(2, fields(2));
    const payload = raw.subarray(3);
    expect(raw[1]).toBe(0xf8);
    expect(refusal(join(Uint8Array.of(2, 0xf9, 0, raw[2]!), payload))).toBe("TRANSACTION_INVALID");
    // The nonce 1 as a string of one byte.
    const nonce = raw.subarray(3 + 3);
    const longer = join(raw.subarray(3, 6), Uint8Array.of(0x81), nonce);
    expect(refusal(join(Uint8Array.of(2, 0xf8, longer.length), longer))).toBe("TRANSACTION_INVALID");
  });
});

describe("a signature", () => {
  const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const bytes = (value: bigint) => new Uint8Array(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));

  it("with the high one of the two s is refused", () => {
    for (const type of [0, 1, 2, 4]) {
      const decoded = RLP.decode(type === 0 ? signed(0, fields(0)) : signed(type, fields(type)).subarray(1));
      const list = decoded as Uint8Array[];
      const [v, r, s] = list.slice(-3) as [Uint8Array, Uint8Array, Uint8Array];
      const high = bytes(ORDER - BigInt(`0x${Buffer.from(s).toString("hex")}`));
      const parity = type === 0 ? Uint8Array.of(55 - v[0]!) : v.length === 0 ? ONE : EMPTY;
      const raw = rlp([...list.slice(0, -3), parity, r, high]);
      expect(refusal(type === 0 ? raw : join(Uint8Array.of(type), raw))).toBe("TRANSACTION_INVALID");
    }
  });

  it("with r or s of 0 or not below the order, or another chain's v, is refused", () => {
    const unsigned = fields(2);
    for (const [r, s] of [
      [EMPTY, ONE],
      [ONE, EMPTY],
      [bytes(ORDER), ONE],
      [ONE, bytes(ORDER)],
    ]) {
      expect(refusal(join(Uint8Array.of(2), rlp([...unsigned, EMPTY, r!, s!])))).toBe("TRANSACTION_INVALID");
    }
    for (const v of [EMPTY, ONE, Uint8Array.of(29), Uint8Array.of(37), Uint8Array.of(0x07, 0x2f)]) {
      expect(refusal(rlp([...fields(0), v, ONE, ONE]))).toBe("TRANSACTION_INVALID");
    }
    expect(refusal(join(Uint8Array.of(2), rlp([...unsigned, Uint8Array.of(2), ONE, ONE])))).toBe(
      "TRANSACTION_INVALID",
    );
  });
});

/** `size` bytes of lists in lists, each with the right length. */
function nested(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let end = size;
  let at = 0;
  while (end - at > 5) {
    const rest = end - at - 4;
    bytes.set([0xfa, rest >> 16, (rest >> 8) & 0xff, rest & 0xff], at);
    if (rest < 0x10000) {
      // The innermost lists would need shorter lengths: one string takes their place.
      bytes.set([0xba, rest >> 16, (rest >> 8) & 0xff, rest & 0xff], at);
      if (rest < 0x10000) bytes.set([0xb9, (rest + 1) >> 8, (rest + 1) & 0xff], at);
      break;
    }
    at += 4;
  }
  end = at;
  return bytes;
}

describe("deep nesting", () => {
  it.each([250_000, 2_500_000])("of %i bytes is refused in milliseconds and without memory", (size) => {
    for (const raw of [nested(size), join(Uint8Array.of(2), nested(size - 1))]) {
      const before = process.memoryUsage();
      const start = performance.now();
      expect(refusal(raw)).toBe("TRANSACTION_INVALID");
      const took = performance.now() - start;
      const after = process.memoryUsage();
      expect(took).toBeLessThan(250);
      expect(after.rss - before.rss).toBeLessThan(50e6);
    }
  });
});
