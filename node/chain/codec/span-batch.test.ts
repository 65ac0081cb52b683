import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bigIntToUnpaddedBytes, bytesToHex, concatBytes, hexToBytes } from "../../base/bytes.ts";
import { packageRoot } from "../../base/paths.ts";
import type { Hex } from "../types/primitives.ts";
import { BatchReader, Bitlist, encodeUvarint } from "./batch-reader.ts";
import { assertSpanCarries, TransactionColumnsWriter } from "./batch-transactions.ts";
import {
  encodeSpanBatch,
  joinSpanBatch,
  parseSpanBatch,
  type SpanBatch,
  type SpanBatchInput,
  type SpanElement,
  type SpanRules,
} from "./span-batch.ts";
import { decodeUnrecovered } from "./transaction.ts";
import { parseEnvelope } from "./transaction-fields.ts";

const rules: SpanRules = { genesisTime: 1_000n, blockTime: 2n, chainId: 901n };

const uint = (bits: number) =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }).map((value) => {
    const hex = value.toString(16);
    return value === 0n ? new Uint8Array() : hexToBytes(`0x${hex.length % 2 ? "0" : ""}${hex}`);
  });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const chainId = Uint8Array.of(0x03, 0x85);
const to = fc.oneof(bytes(20), fc.constant(new Uint8Array()));
const data = fc.uint8Array({ maxLength: 80 });
const parity = fc.constantFrom(new Uint8Array(), Uint8Array.of(1));
const accessList = fc.array(fc.tuple(bytes(20), fc.array(bytes(32), { maxLength: 2 })), { maxLength: 2 });
const authorizations = fc.array(fc.tuple(uint(256), bytes(20), uint(64), uint(8), uint(256), uint(256)), {
  minLength: 1,
  maxLength: 2,
});
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const below = (end: bigint) =>
  fc.bigInt({ min: 1n, max: end - 1n }).map((value) => bigIntToUnpaddedBytes(value));
const r = below(ORDER);
const s = below(ORDER / 2n);
const decoded = (raw: Uint8Array, chain = 901n) => decodeUnrecovered(raw, { l2ChainId: chain });
const common = { nonce: uint(64), gas: uint(64), value: uint(256), r, s };

const legacy = fc
  .tuple(uint(64), uint(256), uint(64), to, uint(256), data, fc.constantFrom(27, 28, 1837, 1838), r, s)
  .map(([nonce, price, gas, recipient, value, input, v, ...rest]) =>
    RLP.encode([nonce, price, gas, recipient, value, input, v, ...rest]),
  );
const typed = (
  type: number,
  fees: number,
  recipient: fc.Arbitrary<Uint8Array>,
  withAuthorizations: boolean,
) =>
  fc
    .record({
      ...common,
      fees: fc.array(uint(256), { minLength: fees, maxLength: fees }),
      recipient,
      data,
      accessList,
      authorizations,
      parity,
    })
    .map((tx) => {
      const lists = withAuthorizations ? [tx.accessList, tx.authorizations] : [tx.accessList];
      const fields = [
        chainId,
        tx.nonce,
        ...tx.fees,
        tx.gas,
        tx.recipient,
        tx.value,
        tx.data,
        ...lists,
        tx.parity,
        tx.r,
        tx.s,
      ];
      return concatBytes(Uint8Array.of(type), RLP.encode(fields as Uint8Array[]));
    });
const transaction = fc.oneof(
  legacy,
  typed(1, 1, to, false),
  typed(2, 2, to, false),
  typed(4, 2, bytes(20), true),
);

const hex20 = bytes(20).map((value) => bytesToHex(value) as Hex);
const batch: fc.Arbitrary<SpanBatchInput> = fc
  .record({
    parentCheck: hex20,
    originCheck: hex20,
    first: fc.nat(1000),
    blocks: fc.array(
      fc.record({ advance: fc.boolean(), transactions: fc.array(transaction, { maxLength: 4 }) }),
      {
        minLength: 1,
        maxLength: 20,
      },
    ),
    opensEpoch: fc.boolean(),
  })
  .map(({ parentCheck, originCheck, first, blocks, opensEpoch }) => {
    let epochNumber = 50n;
    const elements = blocks.map(({ advance, transactions }, i) => {
      if (i > 0 && advance) epochNumber += 1n;
      return {
        epochNumber,
        timestamp: 1_000n + 2n * BigInt(first + i),
        transactions: transactions.map((raw) => decoded(raw)),
      };
    });
    return { parentCheck, originCheck, elements, opensEpoch };
  });

function rawElement(element: SpanBatchInput["elements"][number]): SpanElement {
  return { ...element, transactions: element.transactions.map(({ raw }) => raw) };
}

/** A span that was read, as it is written. */
function inputOf(span: SpanBatch, opensEpoch: boolean, chain: bigint): SpanBatchInput {
  const elements = span.elements.map((element) => ({
    ...element,
    transactions: element.transactions.map((raw) => decoded(raw, chain)),
  }));
  return { ...span, elements, opensEpoch };
}

describe("span batch", () => {
  it("comes back as it was, with every transaction type", () => {
    fc.assert(
      fc.property(batch, (input) => {
        const { opensEpoch, ...given } = input;
        const span = { ...given, elements: given.elements.map(rawElement) };
        const parsed = parseSpanBatch(encodeSpanBatch(input, rules));
        expect(joinSpanBatch(parsed, rules)).toEqual(span);
        expect(parsed.originBits.get(0)).toBe(opensEpoch);
      }),
    );
  });

  it("is refused with a coded error when truncated anywhere", () => {
    fc.assert(
      fc.property(batch, fc.double({ min: 0, max: 0.999, noNaN: true }), (input, share) => {
        const encoded = encodeSpanBatch(input, rules);
        const cut = encoded.subarray(0, Math.floor(encoded.length * share));
        expect(() => parseSpanBatch(cut)).toThrowError(expect.objectContaining({ code: "BATCH_INVALID" }));
      }),
    );
  });

  it("never throws anything but its own errors on damaged bytes", () => {
    fc.assert(
      fc.property(batch, fc.nat(), fc.nat(255), (input, position, value) => {
        const encoded = encodeSpanBatch(input, rules);
        encoded[position % encoded.length] = value;
        try {
          joinSpanBatch(parseSpanBatch(encoded), rules);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^BATCH_(TRANSACTION_)?INVALID$/) });
        }
      }),
      { numRuns: 500 },
    );
  });

  const empty = (blockCount: Uint8Array, rest: Uint8Array) =>
    concatBytes(Uint8Array.of(1, 0, 5), new Uint8Array(40), blockCount, rest);

  it("accepts varints that are not in their shortest form and bytes after the end", () => {
    const parsed = parseSpanBatch(empty(Uint8Array.of(0x81, 0x00), Uint8Array.of(0x01, 0x00, 0xff, 0xff)));
    expect(parsed.transactionCounts).toEqual([0]);
    expect(parsed.lastOrigin).toBe(5n);
  });

  it("refuses no blocks, too many blocks and set bits beyond a bit list's end", () => {
    expect(() => parseSpanBatch(empty(Uint8Array.of(0), new Uint8Array(9)))).toThrowError(/no blocks/);
    expect(() => parseSpanBatch(empty(encodeUvarint(10_000_001n), new Uint8Array(9)))).toThrowError(
      /too many/,
    );
    expect(() => parseSpanBatch(empty(Uint8Array.of(1), Uint8Array.of(0x02, 0)))).toThrowError(/beyond/);
    expect(() => parseSpanBatch(Uint8Array.of(7))).toThrowError(/unknown batch type/);
  });

  it("parses a blob transaction's data and then refuses the batch alone", () => {
    const blobData = concatBytes(Uint8Array.of(3), RLP.encode([1, 2, 3]));
    const columns = concatBytes(
      Uint8Array.of(0, 0),
      new Uint8Array(64),
      new Uint8Array(20),
      blobData,
      Uint8Array.of(1, 1),
    );
    const parsed = parseSpanBatch(empty(Uint8Array.of(1), concatBytes(Uint8Array.of(1, 1), columns)));
    expect(() => joinSpanBatch(parsed, rules)).toThrowError(
      expect.objectContaining({ code: "BATCH_TRANSACTION_INVALID" }),
    );
  });

  it("does not encode another chain's transactions", () => {
    const [foreign] = fc.sample(typed(2, 2, to, false), 1);
    expect(() => new TransactionColumnsWriter(902n).add(decoded(foreign!))).toThrowError(
      expect.objectContaining({ code: "BATCH_TRANSACTION_INVALID" }),
    );
  });

  it("does not encode what would not come back byte for byte", () => {
    const refused = expect.objectContaining({ code: "BATCH_TRANSACTION_INVALID" });
    for (const raw of fc.sample(transaction, 50)) {
      const fields = parseEnvelope(raw);
      new TransactionColumnsWriter(901n).add({ ...fields, raw });
      const longer = concatBytes(raw, Uint8Array.of(0));
      expect(() => new TransactionColumnsWriter(901n).add({ ...fields, raw: longer })).toThrowError(refused);
      const later = { ...fields, nonce: fields.nonce ^ 1n, raw };
      expect(() => new TransactionColumnsWriter(901n).add(later)).toThrowError(refused);
      assertSpanCarries({ ...fields, raw }, 901n);
      expect(() => assertSpanCarries({ ...fields, raw: longer }, 901n)).toThrowError(refused);
      expect(() => assertSpanCarries(later, 901n)).toThrowError(refused);
    }
  });
});

describe("bit list and varint", () => {
  it("puts bit 0 into the lowest bit of the last byte", () => {
    const bits = [true, false, false, false, false, false, false, false, false, true];
    expect(Bitlist.from(bits).bytes).toEqual(Uint8Array.of(0x02, 0x01));
  });

  it("reads what it writes and stops at 64 bits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
        expect(new BatchReader(encodeUvarint(value)).uvarint()).toBe(value);
      }),
    );
    const overflow = new Uint8Array(10).fill(0xff);
    overflow[9] = 0x02;
    expect(() => new BatchReader(overflow).uvarint()).toThrowError(/64 bits/);
  });
});

const folder = join(process.env.OPENLEDGER_VECTORS ?? join(packageRoot(), "../shared/vectors"), "derivation");

describe.skipIf(!existsSync(folder))("recorded batches of OP mainnet", () => {
  const mainnet: SpanRules = { genesisTime: 1_686_789_347n, blockTime: 2n, chainId: 10n };

  it("parses and re-encodes a raw span batch byte for byte", () => {
    const raw = concatBytes(Uint8Array.of(1), new Uint8Array(readFileSync(join(folder, "raw_batch.hex"))));
    const parsed = parseSpanBatch(raw);
    const span = joinSpanBatch(parsed, mainnet);
    expect(span.elements.length).toBeGreaterThan(1);
    expect(span.elements.flatMap((element) => element.transactions).length).toBeGreaterThan(10);
    expect(encodeSpanBatch(inputOf(span, parsed.originBits.get(0), 10n), mainnet)).toEqual(raw);
  });

  it("parses and re-encodes every batch of a real channel", () => {
    const channel = Buffer.from(readFileSync(join(folder, "batch.hex"), "utf8").trim(), "hex");
    let rest = new Uint8Array(inflateSync(channel));
    let batches = 0;
    while (rest.length > 0) {
      const item = RLP.decode(rest, true);
      const raw = item.data as Uint8Array;
      rest = item.remainder as Uint8Array<ArrayBuffer>;
      const parsed = parseSpanBatch(raw);
      const span = joinSpanBatch(parsed, mainnet);
      expect(encodeSpanBatch(inputOf(span, parsed.originBits.get(0), 10n), mainnet)).toEqual(raw);
      batches++;
    }
    expect(batches).toBeGreaterThan(0);
  });
});
