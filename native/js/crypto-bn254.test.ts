import { bn254 } from "@noble/curves/bn254.js";
import { describe, expect, test } from "vitest";
import { CRYPTO_INVALID } from "./crypto.ts";
import { byteSource, concat, fromHex, hex, number, run, word } from "./crypto-testing.ts";

const { G1, G2 } = bn254;
const { Fp, Fp2 } = bn254.fields;
const P = Fp.ORDER;
const R = bn254.fields.Fr.ORDER;
type Point1 = typeof G1.Point.BASE;
type Point2 = typeof G2.Point.BASE;

const INFINITY = new Uint8Array(64);

function g1(point: Point1): Uint8Array {
  if (point.is0()) return INFINITY;
  const { x, y } = point.toAffine();
  return concat(word(x), word(y));
}

/** EIP-197: the imaginary part first. */
function g2(point: Point2): Uint8Array {
  if (point.is0()) return new Uint8Array(128);
  const { x, y } = point.toAffine();
  return concat(word(x.c1), word(x.c0), word(y.c1), word(y.c0));
}

function scalar(next: (length: number) => Uint8Array): bigint {
  return (number(next(40)) % (R - 1n)) + 1n;
}

describe("bn254 add and mul", () => {
  test("adding agrees with noble along a chain of points", () => {
    const next = byteSource("bn254 add");
    let a = G1.Point.BASE.multiply(scalar(next));
    let b = G1.Point.BASE.multiply(scalar(next));
    for (let i = 0; i < 2000; i++) {
      const sum = a.add(b);
      expect(run("bn254Add", g1(a), g1(b))).toBe(hex(g1(sum)));
      [a, b] = [b, sum];
    }
  });

  test("doubles, opposite points, infinity and sums that come back", () => {
    const next = byteSource("bn254 edges");
    for (let i = 0; i < 20; i++) {
      const a = G1.Point.BASE.multiply(scalar(next));
      expect(run("bn254Add", g1(a), g1(a))).toBe(hex(g1(a.double())));
      expect(run("bn254Add", g1(a), g1(a.negate()))).toBe(hex(INFINITY));
      expect(run("bn254Add", g1(a), INFINITY)).toBe(hex(g1(a)));
      expect(run("bn254Add", INFINITY, g1(a))).toBe(hex(g1(a)));
      expect(run("bn254Add", g1(a.double()), g1(a.negate()))).toBe(hex(g1(a)));
    }
    expect(run("bn254Add", INFINITY, INFINITY)).toBe(hex(INFINITY));
  });

  test("multiplying agrees with noble, scalars above the group's order included", () => {
    const next = byteSource("bn254 mul");
    const edges = [0n, 1n, 2n, 3n, 15n, 16n, 17n, R - 1n, R, R + 1n, 2n * R, 2n ** 256n - 1n, 2n ** 255n, P];
    const random = Array.from({ length: 300 }, () => number(next(32)));
    for (const k of [...edges, ...random]) {
      const a = G1.Point.BASE.multiply(scalar(next));
      const product = k % R === 0n ? G1.Point.ZERO : a.multiply(k % R);
      expect(run("bn254Mul", g1(a), word(k))).toBe(hex(g1(product)));
      expect(run("bn254Mul", INFINITY, word(k))).toBe(hex(INFINITY));
    }
  });

  test("refuses coordinates of p and above, and points off the curve", () => {
    const generator = g1(G1.Point.BASE);
    for (const bad of [
      concat(word(P), word(0n)),
      concat(word(0n), word(P)),
      concat(word(P + 1n), word(2n)),
      concat(word(1n), word(P + 2n)),
      concat(word(2n ** 256n - 1n), word(2n)),
      concat(word(1n), word(3n)),
      concat(word(0n), word(1n)),
      concat(word(1n), word(0n)),
    ]) {
      expect(run("bn254Add", bad, generator)).toBe(CRYPTO_INVALID);
      expect(run("bn254Add", generator, bad)).toBe(CRYPTO_INVALID);
      expect(run("bn254Mul", bad, word(0n))).toBe(CRYPTO_INVALID);
      expect(run("bn254Pairing", bad, g2(G2.Point.BASE))).toBe(CRYPTO_INVALID);
      expect(run("bn254Pairing", bad, new Uint8Array(128))).toBe(CRYPTO_INVALID);
    }
  });
});

/** A point of the twist, of whatever order, from the first x at or after the given one. */
function onTwist(x: bigint): Point2 {
  for (let c0 = x; ; c0++) {
    const at = Fp2.create({ c0, c1: 5n });
    const square = Fp2.add(Fp2.mul(Fp2.sqr(at), at), G2.Point.CURVE().b);
    try {
      return G2.Point.fromAffine({ x: at, y: Fp2.sqrt(square) });
    } catch {}
  }
}

describe("bn254 pairing", () => {
  test("is bilinear: products of scalars decide", () => {
    const next = byteSource("bn254 pairing");
    for (let i = 0; i < 150; i++) {
      const [a, b] = [scalar(next), scalar(next)];
      const left = G1.Point.BASE.multiply(a);
      const right = G2.Point.BASE.multiply(b);
      const joined = G1.Point.BASE.multiply((a * b) % R).negate();
      expect(run("bn254Pairing", g1(left), g2(right), g1(joined), g2(G2.Point.BASE))).toBe("01");
      expect(run("bn254Pairing", g1(left), g2(right), g1(joined.negate()), g2(G2.Point.BASE))).toBe("00");
      expect(run("bn254Pairing", g1(left), g2(right))).toBe("00");
    }
  });

  test("agrees with noble on lists that are neutral or off by a little", () => {
    const next = byteSource("bn254 lists");
    for (let i = 0; i < 12; i++) {
      const count = 2 + (i % 4);
      const rights = Array.from({ length: count }, () => scalar(next));
      const lefts = rights.map(() => scalar(next));
      let sum = 0n;
      for (let j = 1; j < count; j++) sum = (sum + lefts[j]! * rights[j]!) % R;
      lefts[0] = (invert(rights[0]!) * (R - sum + (i % 3 === 0 ? 1n : 0n))) % R;
      const pairs = lefts.map((k, j) => ({
        g1: G1.Point.BASE.multiply(k),
        g2: G2.Point.BASE.multiply(rights[j]!),
      }));
      const one = bn254.fields.Fp12.eql(bn254.pairingBatch(pairs), bn254.fields.Fp12.ONE);
      expect(one).toBe(i % 3 !== 0);
      const input = pairs.flatMap((pair) => [g1(pair.g1), g2(pair.g2)]);
      expect(run("bn254Pairing", ...input)).toBe(one ? "01" : "00");
    }
  });

  test("infinity on either side adds nothing, but its partner is still checked", () => {
    const left = g1(G1.Point.BASE);
    const right = g2(G2.Point.BASE);
    const off = concat(word(1n), word(2n), word(3n), word(4n));
    expect(run("bn254Pairing", INFINITY, right)).toBe("01");
    expect(run("bn254Pairing", left, new Uint8Array(128))).toBe("01");
    expect(run("bn254Pairing", INFINITY, new Uint8Array(128))).toBe("01");
    expect(run("bn254Pairing", INFINITY, off)).toBe(CRYPTO_INVALID);
    expect(run("bn254Pairing", left, right, INFINITY, right)).toBe("00");
    const opposite = g1(G1.Point.BASE.negate());
    expect(run("bn254Pairing", left, right, INFINITY, right, opposite, right)).toBe("01");
  });

  test("refuses points of the twist that are not in the group", () => {
    for (let i = 0n; i < 60n; i++) {
      const point = onTwist(1000n * i);
      expect(run("bn254Pairing", g1(G1.Point.BASE), g2(point))).toBe(CRYPTO_INVALID);
      expect(run("bn254Pairing", INFINITY, g2(point))).toBe(CRYPTO_INVALID);
    }
    // Multiplying by the group's order leaves what is outside the group, alone and added to a point of the group.
    const outside = times(onTwist(7n), R);
    expect(run("bn254Pairing", g1(G1.Point.BASE), g2(outside))).toBe(CRYPTO_INVALID);
    expect(run("bn254Pairing", g1(G1.Point.BASE), g2(outside.add(G2.Point.BASE)))).toBe(CRYPTO_INVALID);
  });

  test("refuses points of small order", () => {
    // 10069 and 5864401 divide the cofactor of the twist.
    const cofactor = 2n * P - R;
    for (const order of [10069n, 5864401n]) {
      expect(cofactor % order).toBe(0n);
      const point = times(onTwist(3n), (cofactor / order) * R);
      expect(point.is0()).toBe(false);
      expect(times(point, order).is0()).toBe(true);
      expect(run("bn254Pairing", g1(G1.Point.BASE), g2(point))).toBe(CRYPTO_INVALID);
    }
  });

  test("refuses coordinates of p and above", () => {
    const good = [...Array(4).keys()].map((i) => g2(G2.Point.BASE).subarray(32 * i, 32 * i + 32));
    for (let i = 0; i < 4; i++) {
      const bad = good.map((part, j) => (i === j ? word(number(part) + P) : part));
      expect(run("bn254Pairing", g1(G1.Point.BASE), ...bad)).toBe(CRYPTO_INVALID);
    }
  });

  test("a long list", () => {
    const next = byteSource("bn254 long");
    let a = G1.Point.BASE.multiply(scalar(next));
    const parts: Uint8Array[] = [];
    const right = g2(G2.Point.BASE.multiply(scalar(next)));
    for (let i = 0; i < 60; i++) {
      parts.push(g1(a), right, g1(a.negate()), right);
      a = a.double().add(G1.Point.BASE);
    }
    expect(run("bn254Pairing", ...parts)).toBe("01");
    expect(run("bn254Pairing", ...parts, g1(a), right)).toBe("00");
  });
});

/** Double and add without noble's limits on scalars. */
function times(point: Point2, scalarValue: bigint): Point2 {
  let sum = G2.Point.ZERO;
  for (const bit of scalarValue.toString(2)) {
    sum = sum.double();
    if (bit === "1") sum = sum.add(point);
  }
  return sum;
}

function invert(value: bigint): bigint {
  return bn254.fields.Fr.inv(value);
}

test("the example of EIP-197's first tests: two equal pairings cancel", () => {
  const vector =
    "1c76476f4def4bb94541d57ebba1193381ffa7aa76ada664dd31c16024c43f59" +
    "3034dd2920f673e204fee2811c678745fc819b55d3e9d294e45c9b03a76aef41" +
    "209dd15ebff5d46c4bd888e51a93cf99a7329636c63514396b4a452003a35bf7" +
    "04bf11ca01483bfa8b34b43561848d28905960114c8ac04049af4b6315a41678" +
    "2bb8324af6cfc93537a2ad1a445cfd0ca2a71acd7ac41fadbf933c2a51be344d" +
    "120a2a4cf30c1bf9845f20c6fe39e07ea2cce61f0c9bb048165fe5e4de877550" +
    "111e129f1cf1097710d41c4ac70fcdfa5ba2023c6ff1cbeac322de49d1b6df7c" +
    "2032c61a830e3c17286de9462bf242fca2883585b93870a73853face6a6bf411" +
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2" +
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed" +
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b" +
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
  expect(run("bn254Pairing", fromHex(vector))).toBe("01");
});
