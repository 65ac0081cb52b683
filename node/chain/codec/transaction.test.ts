import fc from "fast-check";
import { type Hex, parseTransaction, recoverTransactionAddress, type TransactionSerializable } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { isCodedError } from "../../base/errors.ts";
import { keccakHash, type RecoveryJob, recoverSender } from "../crypto.ts";
import type { Address } from "../types/primitives.ts";
import type { SignedTransaction } from "../types/transaction.ts";
import { encodeDeposit } from "./deposit.ts";
import { decodeTransaction, decodeTransactions, decodeUnrecovered, signingHash } from "./transaction.ts";
import { encodeTransaction, parseEnvelope } from "./transaction-fields.ts";

const account = privateKeyToAccount(`0x${"07".repeat(32)}`);
const sender = account.address.toLowerCase() as Address;
const rules = { l2ChainId: 901n };

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => bytesToHex(value));
const upTo = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
const fees = fc.tuple(upTo(256), upTo(256)).map(([a, b]) => (a < b ? [a, b] : [b, a]) as [bigint, bigint]);
const accessList = fc.array(
  fc.record({ address: hex(20), storageKeys: fc.array(hex(32), { maxLength: 3 }) }),
  { maxLength: 3 },
);
const authorizationList = fc.array(
  fc.record({
    chainId: fc.nat(1000),
    address: hex(20),
    nonce: fc.nat(1000),
    yParity: fc.nat(1),
    r: upTo(256).map((value) => `0x${value.toString(16)}` as Hex),
    s: upTo(256).map((value) => `0x${value.toString(16)}` as Hex),
  }),
  { minLength: 1, maxLength: 3 },
);

/** Requests of every type that viem can sign. */
const request = fc
  .record({
    type: fc.constantFrom("legacy", "unprotected", "eip2930", "eip1559", "eip7702"),
    nonce: fc.nat(),
    gas: upTo(64),
    value: upTo(256),
    data: fc.uint8Array({ maxLength: 100 }).map((value) => bytesToHex(value)),
    to: fc.option(hex(20), { nil: undefined }),
    fees,
    accessList,
    authorizationList,
  })
  .map(({ type, fees: [tip, cap], to, accessList: list, authorizationList: authorizations, ...rest }) => {
    const common = { ...rest, to, chainId: 901 };
    if (type === "unprotected") return { ...rest, to, type: "legacy", gasPrice: cap };
    if (type === "legacy") return { ...common, type, gasPrice: cap };
    if (type === "eip2930") return { ...common, type, gasPrice: cap, accessList: list };
    const dynamic = { ...common, type, maxFeePerGas: cap, maxPriorityFeePerGas: tip, accessList: list };
    if (type === "eip1559") return dynamic;
    return { ...dynamic, to: to ?? sender, authorizationList: authorizations };
  })
  .map((made) => made as TransactionSerializable);

const TYPES = { legacy: 0, eip2930: 1, eip1559: 2, eip7702: 4 } as const;

/** viem's parse of an envelope in our form; what it leaves out is zero or empty. */
function viemFields(raw: Uint8Array) {
  const parsed = parseTransaction(bytesToHex(raw));
  const { authorizationList: authorizations } = parsed as {
    authorizationList?: readonly Record<string, unknown>[];
  };
  const price = parsed.gasPrice ?? 0n;
  return {
    type: TYPES[parsed.type as keyof typeof TYPES],
    chainId: parsed.chainId === undefined ? undefined : BigInt(parsed.chainId),
    nonce: BigInt(parsed.nonce ?? 0),
    gasLimit: parsed.gas ?? 0n,
    to: parsed.to?.toLowerCase(),
    value: parsed.value ?? 0n,
    data: hexToBytes(parsed.data ?? "0x"),
    maxFeePerGas: parsed.maxFeePerGas ?? price,
    maxPriorityFeePerGas: parsed.maxPriorityFeePerGas ?? price,
    accessList: (parsed.accessList ?? []).map(({ address, storageKeys }) => ({
      address: address.toLowerCase(),
      storageKeys,
    })),
    authorizationList: (authorizations ?? []).map((entry) => ({
      chainId: BigInt(entry.chainId as number),
      address: (entry.address as string).toLowerCase(),
      nonce: BigInt(entry.nonce as number),
      yParity: Number(entry.yParity),
      r: BigInt(entry.r as Hex),
      s: BigInt(entry.s as Hex),
    })),
    r: BigInt(parsed.r!),
    s: BigInt(parsed.s!),
    v: parsed.type === "legacy" ? parsed.v! : BigInt(parsed.yParity!),
  };
}

describe("an envelope that viem signed", () => {
  it("decodes to what viem reads in it, with its sender and hashes, and encodes to the same bytes", async () => {
    await fc.assert(
      fc.asyncProperty(request, async (made) => {
        const raw = hexToBytes(await account.signTransaction(made));
        const decoded = decodeTransaction(raw, rules) as SignedTransaction;
        expect(parseEnvelope(raw)).toMatchObject(viemFields(raw));
        expect(decoded).toMatchObject({ kind: "signed", raw, from: sender, hash: keccakHash(raw) });
        expect(await recoverTransactionAddress({ serializedTransaction: bytesToHex(raw) as never })).toBe(
          account.address,
        );
        expect(encodeTransaction(decoded)).toEqual(raw);
        const job: RecoveryJob = {
          digest: signingHash(decoded),
          r: hexToBytes(`0x${decoded.r.toString(16).padStart(64, "0")}`),
          s: hexToBytes(`0x${decoded.s.toString(16).padStart(64, "0")}`),
          yParity: decoded.yParity,
        };
        expect(recoverSender(job)).toBe(sender);
      }),
      { numRuns: 300 },
    );
  });
});

describe("decodeTransaction", () => {
  const raws = async () => {
    const common = { to: sender, gas: 21_000n, chainId: 901 };
    return Promise.all(
      [1, 2, 3].map(async (nonce) =>
        hexToBytes(await account.signTransaction({ ...common, type: "eip1559", nonce, maxFeePerGas: 9n })),
      ),
    );
  };
  const code = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return isCodedError(error) ? error.code : error;
    }
  };

  it("believes a sender that it is given", async () => {
    const [raw] = await raws();
    const given: Address = `0x${"22".repeat(20)}`;
    expect(decodeTransaction(raw!, rules, given).from).toBe(given);
  });

  it("refuses another chain's envelopes, blobs and unknown types by name, and what is too long before reading it", async () => {
    const [raw] = await raws();
    expect(() => decodeTransaction(raw!, { l2ChainId: 902n })).toThrow(
      /^invalid sender: invalid chain id for signer: have 901 want 902$/,
    );
    expect(() => decodeTransaction(Uint8Array.of(3, 0xc0), rules)).toThrow(/blob/);
    expect(() => decodeTransaction(Uint8Array.of(5, 0xc0), rules)).toThrow(/no type 5/);
    expect(() => decodeTransaction(Uint8Array.of(0x7d, 0xc0), rules)).toThrow(/no type 125/);
    expect(() => decodeTransaction(new Uint8Array(0), rules)).toThrow(/no bytes/);
    expect(() => decodeTransaction(raw!, { ...rules, maxBytes: raw!.length - 1 })).toThrow(/more than/);
    expect(code(() => decodeTransaction(raw!, { ...rules, maxBytes: raw!.length }))).toMatchObject({
      nonce: 1n,
    });
  });

  it("takes many at once, with their senders from elsewhere and errors in their places", async () => {
    const good = await raws();
    const deposit = encodeDeposit({
      sourceHash: `0x${"01".repeat(32)}`,
      from: sender,
      to: undefined,
      mint: undefined,
      value: 1n,
      gas: 2n,
      isSystemTx: false,
      data: new Uint8Array(0),
    });
    const list = [good[0]!, Uint8Array.of(2, 0xc0), deposit, good[1]!, Uint8Array.of(0x7e), good[2]!];
    const given = ["0x1", undefined, "0x3"] as const;
    const seen: RecoveryJob[] = [];
    const decoded = await decodeTransactions(list, rules, async (jobs) => {
      seen.push(...jobs);
      return given;
    });
    expect(seen.map((job) => recoverSender(job))).toEqual([sender, sender, sender]);
    expect(decoded.map((item) => ("kind" in item ? item.from : item.code))).toEqual([
      "0x1",
      "TRANSACTION_INVALID",
      sender,
      "TRANSACTION_INVALID",
      "DEPOSIT_ENCODING_INVALID",
      "0x3",
    ]);
    const here = await decodeTransactions(good, rules);
    expect(here.map((item) => "kind" in item && item.from)).toEqual([sender, sender, sender]);
  });

  it("compresses an envelope once", async () => {
    const [raw] = await raws();
    const transaction = decodeTransaction(raw!, rules) as SignedTransaction;
    const { daSize } = transaction;
    expect(daSize).toBe(100_000_000n);
    raw!.fill(0);
    expect(transaction.daSize).toBe(daSize);
    const large = hexToBytes(
      await account.signTransaction({
        type: "eip1559",
        chainId: 901,
        data: `0x${"0123456789abcdef".repeat(100)}`,
      }),
    );
    expect((decodeUnrecovered(large, rules) as SignedTransaction).daSize).toBeGreaterThan(0n);
  });
});
