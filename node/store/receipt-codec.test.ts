import { expect, it } from "vitest";
import { atOnce } from "../base/steps.ts";
import { logsBloom } from "../chain/codec/receipt.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "../chain/codec/rlp.ts";
import type { L1FeeReceipt, Log, Receipt } from "../chain/types/block.ts";
import { decodeStoredReceipts, encodeStoredReceipts } from "./receipt-codec.ts";

const fees: L1FeeReceipt = {
  l1GasPrice: 7n,
  l1GasUsed: 1600n,
  l1Fee: 3n,
  l1FeeScalar: undefined,
  l1BaseFeeScalar: 1368n,
  l1BlobBaseFee: 1n,
  l1BlobBaseFeeScalar: 0n,
  operatorFeeScalar: undefined,
  operatorFeeConstant: undefined,
  daFootprintGasScalar: 400n,
  blobGasUsed: 40_000n,
};

const encode = (receipts: readonly Receipt[]) => atOnce(encodeStoredReceipts(receipts));

function receipt(l1: L1FeeReceipt): Receipt {
  return {
    type: 2,
    status: 1,
    cumulativeGasUsed: 21_000n,
    logsBloom: new Uint8Array(256),
    logs: [],
    gasUsed: 21_000n,
    effectiveGasPrice: 5n,
    contractAddress: undefined,
    depositNonce: undefined,
    depositReceiptVersion: undefined,
    l1,
  };
}

it("stored receipts come back with the fee scalar of before Ecotone, and are as short as ever without it", () => {
  const scalar = { l1BaseFeeScalar: undefined, l1BlobBaseFee: undefined, l1BlobBaseFeeScalar: undefined };
  const old = receipt({ ...fees, ...scalar, daFootprintGasScalar: undefined, l1FeeScalar: 684_000n });
  const receipts = [receipt(fees), old];
  expect(decodeStoredReceipts(encode(receipts))).toEqual(receipts);
  const withZero = encode([receipt({ ...fees, l1FeeScalar: 0n })]);
  expect(encode([receipt(fees)]).length).toBe(withZero.length - 2);
});

it("stored receipts come back with the bloom filters of their logs, which take no room, and older ones as they were", () => {
  const log: Log = {
    address: `0x${"ab".repeat(20)}`,
    topics: [`0x${"cd".repeat(32)}`, `0x${"ef".repeat(32)}`],
    data: Uint8Array.of(1, 2, 3),
  };
  const receipts = [receipt(fees), { ...receipt(fees), logs: [log, log], logsBloom: logsBloom([log]) }];
  const stored = encode(receipts);
  expect(decodeStoredReceipts(stored)).toEqual(receipts);
  expect(stored.length).toBeLessThan(500);
  const older = (decodeRlp(stored) as RlpItem[][]).map((fields, i) => fields.with(3, receipts[i]!.logsBloom));
  expect(encodeRlp(older).length).toBeGreaterThan(stored.length + 512);
  expect(decodeStoredReceipts(encodeRlp(older))).toEqual(receipts);
});
