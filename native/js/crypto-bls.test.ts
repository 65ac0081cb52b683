import { bls12_381 } from "@noble/curves/bls12-381.js";
import { describe, expect, test } from "vitest";
import { CRYPTO_INVALID, type CryptoOperationName } from "./crypto.ts";
import { byteSource, concat, hex, number, run, word } from "./crypto-testing.ts";

const { G1, G2 } = bls12_381;
const { Fp, Fp2, Fr } = bls12_381.fields;
const P = Fp.ORDER;
const R = Fr.ORDER;
type Point1 = typeof G1.Point.BASE;
type Point2 = typeof G2.Point.BASE;

const INFINITY_1 = new Uint8Array(96);
const INFINITY_2 = new Uint8Array(192);

function g1(point: Point1): Uint8Array {
  if (point.is0()) return INFINITY_1;
  const { x, y } = point.toAffine();
  return concat(word(x, 48), word(y, 48));
}

function g2(point: Point2): Uint8Array {
  if (point.is0()) return INFINITY_2;
  const { x, y } = point.toAffine();
  return concat(word(x.c0, 48), word(x.c1, 48), word(y.c0, 48), word(y.c1, 48));
}

function scalar(next: (length: number) => Uint8Array): bigint {
  return (number(next(40)) % (R - 1n)) + 1n;
}

/** A point of the curve, of whatever order, from the first x at or after the given one. */
function onCurve1(from: bigint): Point1 {
  for (let x = from; ; x++) {
    try {
      return G1.Point.fromAffine({ x, y: Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n)) });
    } catch {}
  }
}

function onCurve2(from: bigint): Point2 {
  for (let c0 = from; ; c0++) {
    const x = Fp2.create({ c0, c1: 1n });
    try {
      return G2.Point.fromAffine({ x, y: Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.Point.CURVE().b)) });
    } catch {}
  }
}

/** Malformed points for each group: out of the field, off the curve. */
function badPoints(good: Uint8Array): Uint8Array[] {
  const parts = Array.from({ length: good.length / 48 }, (_, i) => good.subarray(48 * i, 48 * i + 48));
  const replace = (at: number, part: Uint8Array) => concat(...parts.map((old, i) => (i === at ? part : old)));
  const last = parts.length - 1;
  return [
    ...parts.map((part, i) => replace(i, word((number(part) + P) % 2n ** 384n, 48))),
    replace(0, word(P, 48)),
    replace(last, word(2n ** 384n - 1n, 48)),
    replace(last, word(number(parts[last]!) ^ 1n, 48)),
    concat(word(0n, 48), good.subarray(48)),
    concat(good.subarray(0, good.length - 48), word(0n, 48)),
    // Infinity has one name.
    concat(word(P, 48), new Uint8Array(good.length - 48)),
    concat(new Uint8Array(good.length - 48), word(P, 48)),
  ];
}

describe("adding", () => {
  test("agrees with noble along chains of points", () => {
    const next = byteSource("bls add");
    let [a, b] = [G1.Point.BASE.multiply(scalar(next)), G1.Point.BASE.multiply(scalar(next))];
    for (let i = 0; i < 1000; i++) {
      const sum = a.add(b);
      expect(run("blsG1Add", g1(a), g1(b))).toBe(hex(g1(sum)));
      [a, b] = [b, sum];
    }
    let [c, d] = [G2.Point.BASE.multiply(scalar(next)), G2.Point.BASE.multiply(scalar(next))];
    for (let i = 0; i < 500; i++) {
      const sum = c.add(d);
      expect(run("blsG2Add", g2(c), g2(d))).toBe(hex(g2(sum)));
      [c, d] = [d, sum];
    }
  });

  test("takes points outside the group, doubles, opposites and infinity", () => {
    for (let i = 1n; i < 20n; i++) {
      const a = onCurve1(i);
      const b = onCurve2(i);
      expect(run("blsG1Add", g1(a), g1(a))).toBe(hex(g1(a.double())));
      expect(run("blsG1Add", g1(a), g1(a.negate()))).toBe(hex(INFINITY_1));
      expect(run("blsG1Add", g1(a), INFINITY_1)).toBe(hex(g1(a)));
      expect(run("blsG1Add", INFINITY_1, g1(a))).toBe(hex(g1(a)));
      expect(run("blsG2Add", g2(b), g2(b))).toBe(hex(g2(b.double())));
      expect(run("blsG2Add", g2(b), g2(b.negate()))).toBe(hex(INFINITY_2));
      expect(run("blsG2Add", g2(b), INFINITY_2)).toBe(hex(g2(b)));
      expect(run("blsG2Add", INFINITY_2, g2(b))).toBe(hex(g2(b)));
    }
    expect(run("blsG1Add", INFINITY_1, INFINITY_1)).toBe(hex(INFINITY_1));
    expect(run("blsG2Add", INFINITY_2, INFINITY_2)).toBe(hex(INFINITY_2));
    // (0, 2) has order 3.
    const third = concat(word(0n, 48), word(2n, 48));
    expect(run("blsG1Add", third, third)).toBe(hex(concat(word(0n, 48), word(P - 2n, 48))));
  });
});

test("every operation refuses malformed points", () => {
  const one = word(1n);
  const left = g1(G1.Point.BASE);
  const right = g2(G2.Point.BASE);
  for (const bad of badPoints(left)) {
    const cases: [CryptoOperationName, Uint8Array[]][] = [
      ["blsG1Add", [bad, left]],
      ["blsG1Add", [left, bad]],
      ["blsG1Msm", [bad, one]],
      ["blsG1Msm", [left, one, bad, word(0n)]],
      ["blsPairing", [bad, right]],
      ["blsPairing", [bad, INFINITY_2]],
    ];
    for (const [name, input] of cases)
      expect(run(name, ...input), `${name} ${hex(bad)}`).toBe(CRYPTO_INVALID);
  }
  for (const bad of badPoints(right)) {
    const cases: [CryptoOperationName, Uint8Array[]][] = [
      ["blsG2Add", [bad, right]],
      ["blsG2Add", [right, bad]],
      ["blsG2Msm", [bad, one]],
      ["blsG2Msm", [right, one, bad, word(0n)]],
      ["blsPairing", [left, bad]],
      ["blsPairing", [INFINITY_1, bad]],
    ];
    for (const [name, input] of cases)
      expect(run(name, ...input), `${name} ${hex(bad)}`).toBe(CRYPTO_INVALID);
  }
});

test("multiplication and pairing refuse points outside the group", () => {
  for (let i = 1n; i < 30n; i++) {
    const a = g1(onCurve1(i * 1000n));
    const b = g2(onCurve2(i * 1000n));
    expect(run("blsG1Msm", a, word(1n))).toBe(CRYPTO_INVALID);
    expect(run("blsG1Msm", a, word(0n))).toBe(CRYPTO_INVALID);
    expect(run("blsG2Msm", b, word(1n))).toBe(CRYPTO_INVALID);
    expect(run("blsPairing", a, g2(G2.Point.BASE))).toBe(CRYPTO_INVALID);
    expect(run("blsPairing", a, INFINITY_2)).toBe(CRYPTO_INVALID);
    expect(run("blsPairing", g1(G1.Point.BASE), b)).toBe(CRYPTO_INVALID);
    expect(run("blsPairing", INFINITY_1, b)).toBe(CRYPTO_INVALID);
  }
  const third = concat(word(0n, 48), word(2n, 48));
  expect(run("blsG1Msm", third, word(3n))).toBe(CRYPTO_INVALID);
});

describe("multi-scalar multiplication", () => {
  /** Sums of multiples of the generator, whose factors are known, so that one multiplication by noble is the answer. */
  function check<T extends Point1 | Point2>(
    name: CryptoOperationName,
    base: T,
    encode: (point: T) => Uint8Array,
    count: number,
    seed: string,
  ): void {
    const next = byteSource(seed);
    const step = base.multiply(scalar(next)) as T;
    let point = base.multiply(3n) as T;
    const factor = (number(byteSource(seed)(40)) % (R - 1n)) + 1n;
    let known = 3n;
    let sum = 0n;
    const parts: Uint8Array[] = [];
    const edges = [0n, 1n, 2n, R - 1n, R, R + 1n, 2n ** 256n - 1n, 2n ** 255n, 2n ** 128n];
    for (let i = 0; i < count; i++) {
      const k = i % 3 === 1 ? edges[(i * 7 + count) % edges.length]! : number(next(32));
      if (i % 11 === 5) {
        parts.push(new Uint8Array(encode(base).length), word(k));
        continue;
      }
      parts.push(encode(point), word(k));
      sum = (sum + known * k) % R;
      point = point.add(step as never) as T;
      known = (known + factor) % R;
    }
    const expected = sum === 0n ? new Uint8Array(encode(base).length) : encode(base.multiply(sum) as T);
    expect(run(name, ...parts)).toBe(hex(expected));
  }

  test("agrees with noble for lists of many lengths", () => {
    for (const count of [1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 32, 33, 64, 128, 200]) {
      check("blsG1Msm", G1.Point.BASE, g1, count, `g1 ${count}`);
    }
    for (const count of [1, 2, 3, 4, 5, 8, 9, 16, 32, 64, 128]) {
      check("blsG2Msm", G2.Point.BASE, g2, count, `g2 ${count}`);
    }
  });

  test("single pairs with any scalar", () => {
    const next = byteSource("bls single");
    const a = G1.Point.BASE.multiply(scalar(next));
    const b = G2.Point.BASE.multiply(scalar(next));
    const edges = [0n, 1n, 2n, R - 1n, R, R + 1n, 2n * R, 2n * R + 5n, 2n ** 256n - 1n, 2n ** 255n];
    for (const k of [...edges, ...Array.from({ length: 60 }, () => number(next(32)))]) {
      const left = k % R === 0n ? G1.Point.ZERO : a.multiply(k % R);
      const right = k % R === 0n ? G2.Point.ZERO : b.multiply(k % R);
      expect(run("blsG1Msm", g1(a), word(k))).toBe(hex(g1(left)));
      expect(run("blsG2Msm", g2(b), word(k))).toBe(hex(g2(right)));
    }
  });

  test("equal and opposite points in one list", () => {
    const a = G1.Point.BASE.multiply(77n);
    const b = G2.Point.BASE.multiply(77n);
    for (const count of [2, 6, 40, 300]) {
      const k = word(2n ** 200n + 1n);
      const lefts = Array.from({ length: count }, (_, i) => [g1(i % 2 === 0 ? a : a.negate()), k]).flat();
      expect(run("blsG1Msm", ...lefts)).toBe(hex(INFINITY_1));
      const rights = Array.from({ length: count }, () => [g2(b), word(5n)]).flat();
      expect(run("blsG2Msm", ...rights)).toBe(hex(g2(b.multiply(5n * BigInt(count)))));
    }
  });
});

describe("pairing", () => {
  test("is bilinear, for lists below and above the sizes it works in", () => {
    const next = byteSource("bls pairing");
    for (const count of [1, 2, 3, 15, 16, 17, 33]) {
      let sum = 0n;
      const parts: Uint8Array[] = [];
      for (let i = 0; i < count; i++) {
        const [a, b] = [scalar(next), scalar(next)];
        sum = (sum + a * b) % R;
        parts.push(g1(G1.Point.BASE.multiply(a)), g2(G2.Point.BASE.multiply(b)));
        if (i % 5 === 2) parts.push(INFINITY_1, g2(G2.Point.BASE), g1(G1.Point.BASE), INFINITY_2);
      }
      const closing = G1.Point.BASE.multiply(R - sum);
      expect(run("blsPairing", ...parts, g1(closing), g2(G2.Point.BASE))).toBe("01");
      expect(run("blsPairing", ...parts, g1(closing.negate()), g2(G2.Point.BASE))).toBe("00");
      expect(run("blsPairing", ...parts)).toBe("00");
    }
  });

  test("agrees with noble", () => {
    const next = byteSource("bls noble");
    for (let i = 0; i < 6; i++) {
      const [a, b] = [scalar(next), scalar(next)];
      const pairs = [
        { g1: G1.Point.BASE.multiply(a), g2: G2.Point.BASE.multiply(b) },
        { g1: G1.Point.BASE.multiply((a * b + BigInt(i % 2)) % R).negate(), g2: G2.Point.BASE },
      ];
      const one = bls12_381.fields.Fp12.eql(bls12_381.pairingBatch(pairs), bls12_381.fields.Fp12.ONE);
      expect(one).toBe(i % 2 === 0);
      const input = pairs.flatMap((pair) => [g1(pair.g1), g2(pair.g2)]);
      expect(run("blsPairing", ...input)).toBe(one ? "01" : "00");
    }
  });

  test("infinity alone is neutral", () => {
    expect(run("blsPairing", INFINITY_1, g2(G2.Point.BASE))).toBe("01");
    expect(run("blsPairing", g1(G1.Point.BASE), INFINITY_2)).toBe("01");
    expect(run("blsPairing", INFINITY_1, INFINITY_2)).toBe("01");
  });
});

describe("mapping of field elements", () => {
  const next = byteSource("bls map");
  const edges = [0n, 1n, 2n, P - 1n, P - 2n];
  // noble's declarations have one shape for both groups, that of the map before the cofactor is cleared.
  const toG1 = G1 as unknown as { mapToCurve(element: bigint): Point1 };
  const toG2 = G2 as unknown as { mapToCurve(element: [bigint, bigint]): Point2 };

  test("agrees with noble", () => {
    const random = Array.from({ length: 60 }, () => number(next(60)) % P);
    for (const a of [...edges, ...random]) {
      const point = toG1.mapToCurve(a);
      expect(run("blsMapG1", word(a, 48))).toBe(hex(g1(point)));
    }
    for (const a of [...edges, ...random.slice(0, 30)]) {
      const b = (a * 7n + 3n) % P;
      const point = toG2.mapToCurve([a, b]);
      expect(run("blsMapG2", word(a, 48), word(b, 48))).toBe(hex(g2(point)));
    }
  });

  test("refuses p and above", () => {
    for (const bad of [P, P + 1n, 2n ** 384n - 1n]) {
      expect(run("blsMapG1", word(bad, 48))).toBe(CRYPTO_INVALID);
      expect(run("blsMapG2", word(bad, 48), word(1n, 48))).toBe(CRYPTO_INVALID);
      expect(run("blsMapG2", word(1n, 48), word(bad, 48))).toBe(CRYPTO_INVALID);
    }
  });
});
