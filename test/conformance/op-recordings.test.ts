import { join } from "node:path";
import { bytesToHex, hexToBytes } from "@ethereumjs/util";
import { describe, expect, it } from "vitest";
import { decodeBlock } from "../../node/chain/codec/block.ts";
import { decodeExtraData } from "../../node/chain/codec/extra-data.ts";
import type { Block } from "../../node/chain/types/block.ts";
import type { PayloadAttributes, RollupConfig } from "../../node/chain/types/rollup.ts";
import { Verifier } from "../actions/verifier.ts";
import { readRecording } from "../support/recordings.ts";
import { vectorsFolder } from "./group.ts";
import { runOpRecordings } from "./op-recordings.ts";
import { readRecordedL1 } from "./recording.ts";

const vectors = vectorsFolder();

/** What the attributes that led to a block must have been, eip1559 and minimum base fee as the block shows them. */
function attributesOf({ header, transactions }: Block, rollup: RollupConfig) {
  const { denominator, elasticity, minBaseFee } = decodeExtraData(header.extraData, rollup, header.timestamp);
  return {
    timestamp: header.timestamp,
    prevRandao: header.mixHash,
    suggestedFeeRecipient: header.miner,
    parentBeaconBlockRoot: header.parentBeaconBlockRoot,
    transactions: transactions.map(({ raw }) => bytesToHex(raw)),
    gasLimit: header.gasLimit,
    eip1559: { denominator, elasticity },
    minBaseFee,
  };
}

function comparable({ noTxPool, eip1559, transactions, ...rest }: PayloadAttributes, rollup: RollupConfig) {
  expect(noTxPool).toBe(true);
  const isDefault = eip1559?.denominator === 0 && eip1559.elasticity === 0;
  const defaults = { denominator: rollup.eip1559DenominatorCanyon, elasticity: rollup.eip1559Elasticity };
  return {
    ...rest,
    transactions: transactions.map((raw) => bytesToHex(raw)),
    eip1559: isDefault ? defaults : eip1559,
  };
}

describe.skipIf(!vectors)("derivation from recorded L1 blocks, without execution", () => {
  it("gives the attributes of every recorded block, and the safe head after every L1 block", async () => {
    const folder = join(vectors!, "op-recordings/jovian-span-brotli");
    const { rollup, blocks: recorded } = readRecording(folder);
    const { l1Chain, blocks: l1, safe } = readRecordedL1(folder);
    const blocks = recorded.map(({ raw }) => decodeBlock(hexToBytes(raw), rollup));
    const verifier = new Verifier({
      rollup,
      l1Chain,
      genesis: blocks[0]!,
      l1: (number) => l1[Number(number)],
      build: async (parent, attributes) => {
        const block = blocks[Number(parent.header.number) + 1]!;
        expect(comparable(attributes, rollup)).toEqual(attributesOf(block, rollup));
        return { block, receipts: [] };
      },
    });
    for (const [l1Number, , l2Number, l2Hash] of safe) {
      await verifier.derive(BigInt(l1Number));
      expect([l1Number, Number(verifier.safe.ref.number), verifier.safe.ref.hash]).toEqual([
        l1Number,
        l2Number,
        l2Hash,
      ]);
    }
    expect(verifier.safe.ref.number).toBe(111n);
    expect(verifier.notes).toEqual([]);
  });
});

describe.skipIf(!vectors)("op-recordings", () => {
  it("passes jovian-span-brotli, blobs and fork-ladder whole", async () => {
    const results = await runOpRecordings(join(vectors!, "op-recordings"));
    for (const { failed } of results) expect(failed).toEqual([]);
    const jovian = results.find(({ name }) => name === "op-recordings/jovian-span-brotli");
    expect(jovian).toMatchObject({ passed: 1 + 43 + 3 * 112, skipped: [] });
    const blobs = results.find(({ name }) => name === "op-recordings/blobs");
    expect(blobs).toMatchObject({ passed: 1 + 33 + 3 * 82, skipped: [] });
    const ladder = results.find(({ name }) => name === "op-recordings/fork-ladder");
    expect(ladder).toMatchObject({ passed: 1 + 65 + 3 * 181, skipped: [] });
  }, 600_000);
});
