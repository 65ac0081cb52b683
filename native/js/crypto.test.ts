import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak256 as reference } from "viem";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../node/base/paths.ts";
import {
  CRYPTO_INVALID,
  CRYPTO_NOT_AVAILABLE,
  CRYPTO_OPERATIONS,
  type CryptoOperationName,
  cryptoOperation,
  cryptoSupport,
  keccak256,
  keccak256Many,
  MAX_SENDER_JOBS,
  recoverSenders,
  recoverSendersHere,
  SENDER_BYTES,
  SENDER_JOB_BYTES,
} from "./crypto.ts";
import { byteSource, concat, flipped, fromHex, hex, number, run, word } from "./crypto-testing.ts";

const TRUE = "01";
const FALSE = "00";

describe("every operation", () => {
  test("is native on the machines that the tests run on", () => {
    expect(cryptoSupport().filter(({ native }) => !native)).toEqual([]);
    expect(cryptoSupport()).toHaveLength(Object.keys(CRYPTO_OPERATIONS).length);
  });

  test("an unknown one is not available", () => {
    for (const operation of [0, 2, 9, 18, 255, 257, 0xffffffff]) {
      expect(cryptoOperation(operation, new Uint8Array(64), new Uint8Array(64))).toBe(CRYPTO_NOT_AVAILABLE);
    }
  });

  test("answers every wrong length as invalid", () => {
    const units: Record<CryptoOperationName, number> = {
      ecrecover: 97,
      modexp: 1,
      bn254Add: 128,
      bn254Mul: 96,
      bn254Pairing: 192,
      kzg: 160,
      blsG1Add: 192,
      blsG1Msm: 128,
      blsG2Add: 384,
      blsG2Msm: 224,
      blsPairing: 288,
      blsMapG1: 48,
      blsMapG2: 96,
      p256: 160,
      blob: 131_072,
      cellProofs: 131_072,
    };
    const lists: CryptoOperationName[] = ["bn254Pairing", "blsG1Msm", "blsG2Msm", "blsPairing"];
    for (const name of Object.keys(units) as CryptoOperationName[]) {
      for (const length of [0, 1, 11, 31, 95, 127, 129, 161, 193, 223, 287, 385, 1000]) {
        if (length === units[name] || (length === 0 && lists.includes(name))) continue;
        expect(run(name, new Uint8Array(length)), `${name} ${length}`).toBe(CRYPTO_INVALID);
      }
    }
  });

  test("an empty list is the neutral element", () => {
    expect(run("bn254Pairing")).toBe(TRUE);
    expect(run("blsPairing")).toBe(TRUE);
    expect(run("blsG1Msm")).toBe("00".repeat(96));
    expect(run("blsG2Msm")).toBe("00".repeat(192));
  });

  test("throws for other types and for an output that is too short", () => {
    const call = cryptoOperation as (...values: unknown[]) => number;
    expect(() => call("1", new Uint8Array(97), new Uint8Array(32))).toThrow(TypeError);
    expect(() => call(1, "text", new Uint8Array(32))).toThrow(TypeError);
    expect(() => call(1, new Uint16Array(97), new Uint8Array(32))).toThrow(TypeError);
    expect(() => call(1, new Uint8Array(97))).toThrow(TypeError);
    expect(() => cryptoOperation(6, new Uint8Array(128), new Uint8Array(63))).toThrow(TypeError);
  });

  test("works in several threads at once", async () => {
    const script = `
      const { parentPort, workerData } = require("node:worker_threads");
      const addon = require(workerData.addon);
      const output = new Uint8Array(192);
      let good = 0;
      for (let i = 0; i < 50; i++) {
        for (const [operation, input, expected] of workerData.cases) {
          const length = addon.cryptoOperation(operation, input, output);
          if (Buffer.from(output.subarray(0, length)).toString("hex") === expected) good++;
        }
      }
      parentPort.postMessage(good);`;
    const generator = concat(word(1n), word(2n));
    const signed = p256Case(byteSource("threads"));
    const cases = [
      [CRYPTO_OPERATIONS.bn254Add, concat(generator, new Uint8Array(64)), hex(generator)],
      [CRYPTO_OPERATIONS.p256, concat(signed.digest, signed.signature, signed.key), TRUE],
      [CRYPTO_OPERATIONS.blsPairing, new Uint8Array(288), TRUE],
    ];
    const addon = join(packageRoot(), "native", "build", "openledger.node");
    const results = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise((resolve, reject) => {
            const worker = new Worker(script, { eval: true, workerData: { addon, cases } });
            worker.once("message", resolve);
            worker.once("error", reject);
          }),
      ),
    );
    expect(results).toEqual([150, 150, 150]);
  });
});

describe("keccak256", () => {
  test("agrees with another implementation at every length around its blocks", () => {
    const bytes = byteSource("keccak")(700);
    for (let length = 0; length <= 700; length++) {
      const message = bytes.subarray(0, length);
      expect(hex(keccak256(message))).toBe(reference(message).slice(2));
    }
  });

  test("of many is that of each", () => {
    const next = byteSource("many");
    const messages = Array.from({ length: 300 }, (_, i) => next((i * 7) % 533));
    let end = 0;
    const ends = Uint32Array.from(messages, (message) => (end += message.length));
    const expected = messages.map((message) => hex(keccak256(message))).join("");
    expect(hex(keccak256Many(concat(...messages), ends))).toBe(expected);
    expect(keccak256Many(new Uint8Array(), new Uint32Array())).toHaveLength(0);
  });

  test("of many refuses ends that fall or leave the data", () => {
    const data = new Uint8Array(10);
    expect(() => keccak256Many(data, Uint32Array.of(11))).toThrow(TypeError);
    expect(() => keccak256Many(data, Uint32Array.of(5, 4))).toThrow(TypeError);
    expect(() => keccak256Many(data, Uint32Array.of(5, 10), new Uint8Array(63))).toThrow(TypeError);
  });
});

const N = secp256k1.Point.Fn.ORDER;

/** The address that noble recovers, or undefined. */
function recovered(digest: Uint8Array, r: bigint, s: bigint, recovery: number): string | undefined {
  try {
    const point = new secp256k1.Signature(r, s, recovery).recoverPublicKey(digest);
    return reference(point.toBytes(false).slice(1)).slice(26);
  } catch {
    return undefined;
  }
}

describe("ecrecover", () => {
  test("agrees with noble for random signatures, every recovery id and high s", () => {
    const next = byteSource("ecrecover");
    for (let i = 0; i < 150; i++) {
      const digest = next(32);
      const [r, s] =
        i % 3 === 0 ? [number(next(32)) % N, number(next(32)) % N] : signature(digest, next(32), i % 3 === 2);
      for (const id of [0, 1, 2, 3]) {
        const address = recovered(digest, r, s, id);
        const expected = address === undefined ? CRYPTO_INVALID : address.padStart(64, "0");
        expect(run("ecrecover", word(r), word(s), Uint8Array.of(id), digest)).toBe(expected);
      }
    }
  });

  test("recovers with the id 2 when r plus the order is below the field's modulus", () => {
    // The smallest r for which r + n is the x of a point.
    for (let r = 1n; r < 40n; r++) {
      const digest = word(7n);
      const address = recovered(digest, r, 3n, 2);
      const expected = address === undefined ? CRYPTO_INVALID : address.padStart(64, "0");
      expect(run("ecrecover", word(r), word(3n), Uint8Array.of(2), digest)).toBe(expected);
    }
  });

  test("refuses r and s of 0, n and above, and ids above 3", () => {
    const digest = word(1n);
    const [r, s] = signature(digest, word(5n), false);
    for (const bad of [0n, N, N + 1n, 2n ** 256n - 1n]) {
      expect(run("ecrecover", word(bad), word(s), Uint8Array.of(0), digest)).toBe(CRYPTO_INVALID);
      expect(run("ecrecover", word(r), word(bad), Uint8Array.of(0), digest)).toBe(CRYPTO_INVALID);
    }
    for (const id of [4, 27, 28, 255]) {
      expect(run("ecrecover", word(r), word(s), Uint8Array.of(id), digest)).toBe(CRYPTO_INVALID);
    }
  });
});

function signature(digest: Uint8Array, key: Uint8Array, high: boolean): [bigint, bigint] {
  const { r, s } = secp256k1.Signature.fromBytes(secp256k1.sign(digest, key, { prehash: false }));
  return [r, high ? N - s : s];
}

describe("senders", () => {
  const next = byteSource("senders");
  const jobs = Array.from({ length: 400 }, (_, i) => {
    const digest = next(32);
    const [r, s] = signature(digest, next(32), false);
    const job = concat(digest, word(r), word(s), Uint8Array.of(i % 2));
    if (i % 10 === 3) job.fill(0, 32, 64);
    if (i % 10 === 7) job[96] = 2 + (i % 5);
    // s R - m G with R = G and s = m: the point at infinity is no key.
    if (i % 10 === 9) job.set(concat(word(5n), word(secp256k1.Point.BASE.x), word(5n), Uint8Array.of(0)));
    return job;
  });

  test("a batch is what each job alone gives, in order, with any number of threads", async () => {
    const single = jobs.map((job) => hex(recoverSendersHere(job)));
    expect(hex(recoverSendersHere(concat(...jobs)))).toBe(single.join(""));
    for (const threads of [1, 2, 8]) {
      const batch = await recoverSenders(concat(...jobs), { threads });
      expect(hex(batch)).toBe(single.join(""));
    }
    expect(single.filter((sender) => sender === "00".repeat(SENDER_BYTES)).length).toBe(120);
    const job = jobs[0]!;
    const address = recovered(
      job.subarray(0, 32),
      number(job.subarray(32, 64)),
      number(job.subarray(64, 96)),
      0,
    );
    expect(single[0]).toBe(`${address}01`);
  });

  test("the jobs may be changed while they are worked on", async () => {
    const bytes = concat(...jobs);
    const expected = await recoverSenders(bytes);
    const pending = recoverSenders(bytes);
    bytes.fill(0);
    expect(hex(await pending)).toBe(hex(expected));
  });

  test("refuses wrong lengths, too many jobs and no thread", async () => {
    expect(await recoverSenders(new Uint8Array())).toHaveLength(0);
    await expect(recoverSenders(new Uint8Array(96))).rejects.toThrow(TypeError);
    await expect(recoverSenders(jobs[0]!, { threads: 0 })).rejects.toThrow(TypeError);
    const tooMany = new Uint8Array((MAX_SENDER_JOBS + 1) * SENDER_JOB_BYTES);
    await expect(recoverSenders(tooMany)).rejects.toThrow(/65536/);
    expect(recoverSendersHere(new Uint8Array())).toHaveLength(0);
    expect(() => recoverSendersHere(new Uint8Array(96))).toThrow(TypeError);
    expect(() => recoverSendersHere(new Uint8Array(98))).toThrow(TypeError);
    expect(() => recoverSendersHere(tooMany)).toThrow(/65536/);
  });
});

const Q = p256.Point.Fn.ORDER;
const P = p256.Point.Fp.ORDER;

function p256Case(next: (length: number) => Uint8Array) {
  const secret = word((number(next(32)) % (Q - 1n)) + 1n);
  const digest = next(32);
  const signed = p256.sign(digest, secret, { prehash: false, lowS: false });
  return { digest, signature: signed, key: p256.getPublicKey(secret, false).slice(1) };
}

describe("p256", () => {
  const next = byteSource("p256");

  test("takes good signatures, their high s as well, and refuses any changed bit", () => {
    for (let i = 0; i < 100; i++) {
      const { digest, signature: rs, key } = p256Case(next);
      expect(run("p256", digest, rs, key)).toBe(TRUE);
      const other = concat(rs.subarray(0, 32), word(Q - number(rs.subarray(32))));
      expect(run("p256", digest, other, key)).toBe(TRUE);
      for (let j = 0; j < 10; j++) {
        const bad = flipped(concat(digest, rs, key), (i * 131 + j * 257) % (160 * 8));
        expect(run("p256", bad)).toBe(FALSE);
      }
    }
  });

  test("refuses r and s out of range, coordinates out of the field, infinity and points off the curve", () => {
    const { digest, signature: rs, key } = p256Case(next);
    const [r, s] = [rs.subarray(0, 32), rs.subarray(32)];
    for (const bad of [0n, Q, Q + 1n, 2n ** 256n - 1n]) {
      expect(run("p256", digest, word(bad), s, key)).toBe(FALSE);
      expect(run("p256", digest, r, word(bad), key)).toBe(FALSE);
    }
    // The key (0, y) would have a second name with x written as p. A signature of digest 0 by it: R = 2 key, s = r / 2.
    const y = p256.Point.Fp.sqrt(p256.Point.CURVE().b);
    const point = p256.Point.fromAffine({ x: 0n, y }).double();
    const good = concat(new Uint8Array(32), word(point.x), word((point.x * ((Q + 1n) / 2n)) % Q));
    expect(run("p256", good, word(0n), word(y))).toBe(TRUE);
    expect(run("p256", good, word(P), word(y))).toBe(FALSE);
    expect(run("p256", digest, rs, key.subarray(0, 32), word(P))).toBe(FALSE);
    expect(run("p256", digest, rs, new Uint8Array(64))).toBe(FALSE);
    expect(run("p256", digest, rs, key.subarray(0, 32), word(number(key.subarray(32)) ^ 1n))).toBe(FALSE);
  });

  test("does not reduce r, which may equal an x above the order only after reduction", () => {
    // With digest z = 0 the point is (r / s) key: choose the key so that its x exceeds the order.
    const found = pointAboveOrder();
    const r = found.x - Q;
    expect(run("p256", new Uint8Array(32), word(r), word(r), word(found.x), word(found.y))).toBe(TRUE);
  });

  test("takes the vector of RFC 6979, A.2.5, with SHA-256 of 'sample'", () => {
    const vector = fromHex(
      "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf" +
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" +
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    );
    expect(run("p256", vector)).toBe(TRUE);
  });
});

function pointAboveOrder(): { x: bigint; y: bigint } {
  for (let x = Q + 1n; ; x++) {
    try {
      const point = p256.Point.fromHex(`02${hex(word(x))}`);
      return point.toAffine();
    } catch {}
  }
}
