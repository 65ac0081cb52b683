import { expect, it } from "vitest";
import type { L1FeeReceipt, Receipt } from "../chain/types/block.ts";
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
  expect(decodeStoredReceipts(encodeStoredReceipts(receipts))).toEqual(receipts);
  const withZero = encodeStoredReceipts([receipt({ ...fees, l1FeeScalar: 0n })]);
  expect(encodeStoredReceipts([receipt(fees)]).length).toBe(withZero.length - 2);
});
