import { parseTransaction } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import { bytesToHex, concatBytes, equalsBytes, hexToBytes } from "../../base/bytes.ts";
import { isCodedError } from "../../base/errors.ts";
import { Random } from "../../base/random.ts";
import { assertSpanCarries } from "./batch-transactions.ts";
import { decodeTransaction, decodeUnrecovered } from "./transaction.ts";
import { encodeTransaction, parseEnvelope } from "./transaction-fields.ts";

const MUTANTS = 100_000;
const rules = { l2ChainId: 901n };
const account = privateKeyToAccount(`0x${"07".repeat(32)}`);

async function samples(): Promise<Uint8Array[]> {
  const random = new Random(1);
  const hex = (length: number) => bytesToHex(Uint8Array.from({ length }, () => random.below(256)));
  const list = () => [
    { address: hex(20), storageKeys: [hex(32), hex(32)] },
    { address: hex(20), storageKeys: [] },
  ];
  const signed: Uint8Array[] = [];
  for (let i = 0; i < 40; i++) {
    const common = {
      chainId: 901,
      nonce: random.below(300),
      gas: BigInt(random.next()),
      to: hex(20),
      value: BigInt(random.next()),
      data: hex(random.below(80)),
    };
    const fees = {
      maxFeePerGas: 10n ** 9n + BigInt(random.next()),
      maxPriorityFeePerGas: BigInt(random.below(200)),
    };
    const authorization = await account.signAuthorization({ address: hex(20), chainId: 901, nonce: i });
    const requests = [
      { ...common, type: "legacy", gasPrice: 7n },
      { ...common, type: "legacy", gasPrice: 7n, chainId: undefined, to: undefined },
      { ...common, type: "eip2930", gasPrice: 7n, accessList: list() },
      { ...common, type: "eip1559", ...fees, accessList: i % 2 ? list() : [] },
      { ...common, type: "eip7702", ...fees, accessList: list(), authorizationList: [authorization] },
    ] as const;
    for (const request of requests) signed.push(hexToBytes(await account.signTransaction(request)));
  }
  return signed;
}

/** Places where an RLP item begins, with its payload's start and end. */
function itemsOf(raw: Uint8Array): { at: number; start: number; end: number }[] {
  const items: { at: number; start: number; end: number }[] = [];
  const walk = (from: number, to: number) => {
    for (let at = from; at < to; ) {
      const prefix = raw[at]!;
      const short = prefix & 0x3f;
      let start = at + 1;
      let length = prefix < 0x80 ? 0 : short;
      if (prefix >= 0x80 && short > 55) {
        start += short - 55;
        length = 0;
        for (let i = at + 1; i < start; i++) length = length * 256 + raw[i]!;
      }
      items.push({ at, start, end: start + length });
      if (prefix >= 0xc0) walk(start, start + length);
      at = start + length;
    }
  };
  walk(raw[0]! >= 0xc0 ? 0 : 1, raw.length);
  return items;
}

/** Puts `bytes` in place of raw[from, to), and corrects the length of the outermost list if it can. */
function splice(raw: Uint8Array, from: number, to: number, bytes: Uint8Array): Uint8Array {
  const first = raw[0]! >= 0xc0 ? 0 : 1;
  const body = raw.subarray(raw[first]! > 0xf7 ? first + 1 + raw[first]! - 0xf7 : first + 1);
  const offset = raw.length - body.length;
  if (from < offset) return concatBytes(raw.subarray(0, from), bytes, raw.subarray(to));
  const payload = concatBytes(body.subarray(0, from - offset), bytes, body.subarray(to - offset));
  const { length } = payload;
  const prefix =
    length < 56 ? [0xc0 + length] : length < 256 ? [0xf8, length] : [0xf9, length >> 8, length & 0xff];
  return concatBytes(raw.subarray(0, first), Uint8Array.from(prefix), payload);
}

type Mutation = (raw: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** A zero byte in front of a string: no number may have it. */
function padNumber(raw: Uint8Array, random: Random): Uint8Array {
  const { at, start, end } = random.pick(itemsOf(raw));
  const payload = start === end && raw[at]! < 0x80 ? raw.subarray(at, at + 1) : raw.subarray(start, end);
  if (payload.length > 54) return raw.subarray(1);
  const padded = concatBytes(Uint8Array.of(0x81 + payload.length, 0), payload);
  return splice(raw, at, Math.max(end, at + 1), padded);
}

const MUTATIONS: readonly Mutation[] = [
  function flipBit(raw, random) {
    const copy = raw.slice();
    copy[random.below(copy.length)]! ^= 1 << random.below(8);
    return copy;
  },
  function changeLength(raw, random) {
    const copy = raw.slice();
    const { at } = random.pick(itemsOf(raw));
    copy[at] = copy[at]! + random.between(-2, 2);
    return copy;
  },
  function cutOrGrow(raw, random) {
    return random.chance(50)
      ? raw.subarray(0, raw.length - random.between(1, 3))
      : concatBytes(raw, new Uint8Array(random.between(1, 3)));
  },
  padNumber,
  function otherItem(raw, random, other) {
    const { at, end } = random.pick(itemsOf(raw));
    const source = random.pick(itemsOf(other));
    return splice(
      raw,
      at,
      Math.max(end, at + 1),
      other.subarray(source.at, Math.max(source.end, source.at + 1)),
    );
  },
  function emptyItem(raw, random) {
    const { at, end } = random.pick(itemsOf(raw));
    const empty = random.pick([[0x80], [0xc0], [0x00], [0x81, 0x00], [], [0x80, 0x80]]);
    return splice(raw, at, Math.max(end, at + 1), Uint8Array.from(empty));
  },
  function changeByte(raw, random) {
    const copy = raw.slice();
    const { start, end } = random.pick(itemsOf(raw));
    copy[Math.min(random.between(start, Math.max(start, end - 1)), copy.length - 1)] = random.below(256);
    return copy;
  },
];

function check(mutant: Uint8Array): "accepted" | "refused" {
  let accepted: ReturnType<typeof decodeUnrecovered>;
  try {
    accepted = decodeUnrecovered(mutant, rules);
  } catch (error) {
    if (!isCodedError(error, "TRANSACTION_INVALID")) throw error;
    return "refused";
  }
  if (!equalsBytes(encodeTransaction(accepted), mutant)) throw new Error("it encodes to other bytes");
  assertSpanCarries(accepted, rules.l2ChainId);
  return "accepted";
}

/** viem's own limits: nonces and chain ids are doubles, the tip is not above the cap. */
function viemTakes(mutant: Uint8Array): boolean {
  const { nonce, authorizationList, maxFeePerGas, maxPriorityFeePerGas } = parseEnvelope(mutant);
  const safe = (value: bigint) => value <= BigInt(Number.MAX_SAFE_INTEGER);
  return (
    safe(nonce) &&
    maxPriorityFeePerGas <= maxFeePerGas &&
    authorizationList.every((entry) => safe(entry.nonce) && safe(entry.chainId) && entry.yParity <= 1)
  );
}

describe("mutated envelopes", () => {
  let originals: Uint8Array[];
  beforeAll(async () => {
    originals = await samples();
  });

  it("decode to what encodes to the same bytes and a batch carries, or are refused with a coded error", () => {
    const random = new Random(2);
    const counts = { accepted: 0, refused: 0 };
    for (let i = 0; i < MUTANTS; i++) {
      const raw = random.pick(originals);
      const mutate = random.pick(MUTATIONS);
      const mutant = mutate(raw, random, random.pick(originals));
      let outcome: keyof typeof counts;
      try {
        outcome = check(mutant);
      } catch (cause) {
        throw new Error(`mutant ${i} of ${mutate.name}: ${bytesToHex(mutant)}`, { cause });
      }
      counts[outcome]++;
      if (outcome === "refused") continue;
      // Only data may begin with a zero byte.
      if (mutate === padNumber) expect(parseEnvelope(mutant).data[0]).toBe(0);
      if (counts.accepted % 20 !== 0 || !viemTakes(mutant)) continue;
      const parsed = parseTransaction(bytesToHex(mutant));
      const fields = parseEnvelope(mutant);
      expect([parsed.value ?? 0n, parsed.gas ?? 0n, BigInt(parsed.nonce ?? 0)]).toEqual([
        fields.value,
        fields.gasLimit,
        fields.nonce,
      ]);
      expect([parsed.to?.toLowerCase(), BigInt(parsed.r!), BigInt(parsed.s!)]).toEqual([
        fields.to,
        fields.r,
        fields.s,
      ]);
      expect(parsed.accessList ?? []).toHaveLength(fields.accessList.length);
      expect(hexToBytes(parsed.data ?? "0x")).toEqual(fields.data);
    }
    // Both happen often enough to mean something.
    expect(counts.accepted).toBeGreaterThan(MUTANTS / 10);
    expect(counts.refused).toBeGreaterThan(MUTANTS / 10);
  }, 40_000);

  it("recover to an address or are refused", () => {
    const random = new Random(3);
    for (let i = 0; i < 2_000; i++) {
      const mutant = MUTATIONS[0]!(random.pick(originals), random, originals[0]!);
      try {
        expect(decodeTransaction(mutant, rules).from).toMatch(/^0x[0-9a-f]{40}$/);
      } catch (error) {
        if (!isCodedError(error)) throw error;
      }
    }
  });
});
