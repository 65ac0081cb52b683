import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { CRYPTO_OPERATIONS, cryptoOperation } from "../../../native/js/crypto.ts";
import { ANVIL_KEYS, startAnvil } from "../../../test/harness/anvil.ts";
import { bytesToHex, concatBytes, hexToBytes } from "../../base/bytes.ts";
import { randomBytes } from "../../base/clock.ts";
import { silentLogger } from "../../base/logger.ts";
import { decodeBlob, encodeBlob, MAX_BLOB_DATA_BYTES } from "../../chain/codec/blob.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "../../chain/codec/rlp.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { commitmentOf } from "../../execution/blob-hash.ts";
import { signBlobTransaction } from "../l1/blob-transaction.ts";
import { createAnvilLookup, createBlobReader } from "../l1/blobs.ts";
import { createL1Rpc, type L1Rpc } from "../l1/rpc.ts";
import { createL1Sender, type L1Sender } from "../l1/sender.ts";
import { blobOpening, blobProof } from "./blob-proof.ts";
import { makeSidecars } from "./sidecars.ts";

const word = (value: bigint) => hexToBytes(`0x${value.toString(16).padStart(64, "0")}` as Hex);
/** The check of EIP-4844's precompile. */
const isProven = (z: bigint, y: bigint, commitment: Uint8Array, proof: Uint8Array) => {
  const answer = new Uint8Array(1);
  cryptoOperation(CRYPTO_OPERATIONS.kzg, concatBytes(word(z), word(y), commitment, proof), answer);
  return answer[0] === 1;
};

test("a blob's proof holds by the point evaluation of L1, and no other does", () => {
  for (const length of [0, 1, 5_000, MAX_BLOB_DATA_BYTES]) {
    const data = new Uint8Array(length).map((_, i) => (i * 31) & 0xff);
    if (length > 1_000) data.set(randomBytes(1_000));
    const blob = encodeBlob(data);
    const commitment = commitmentOf(blob)!;
    const { z, y } = blobOpening(blob, commitment);
    const proof = blobProof(blob, commitment);
    expect(isProven(z, y, commitment, proof), `${length} bytes`).toBe(true);
    expect(isProven(z, y + 1n, commitment, proof)).toBe(false);
  }
});

test("the reference library makes the same proof", () => {
  // c-kzg-4844's, of the blob whose element i is 7919 i mod 2^24.
  const blob = new Uint8Array(131_072);
  const view = new DataView(blob.buffer);
  for (let i = 0; i < 4_096; i++) view.setUint32(i * 32 + 28, (i * 7_919) % 16_777_216);
  const commitment = hexToBytes(
    "0xb4a756b3be87bd4d8ccbeac912d6d99cab9fc61c96cac5ad83530fe3606411ba35df77eeaeba09bf684c17ead77fd67f",
  );
  const proof = hexToBytes(
    "0x9129c5a8f2ff236de354b2bfd24253242acb9b90f77ab7c4dadafa7808a4bfa5a1755a6fea169a526250313abf8d8a1d",
  );
  expect(commitmentOf(blob)).toEqual(commitment);
  expect(blobProof(blob, commitment)).toEqual(proof);
});

test("a thread makes the blobs of several payloads", async () => {
  const payloads = [Uint8Array.of(0, 1, 2), new Uint8Array(MAX_BLOB_DATA_BYTES).fill(7)];
  const sidecars = await makeSidecars(payloads, "blob");
  expect(sidecars.map(({ blob }) => decodeBlob(blob))).toEqual(payloads);
  expect(sidecars.every(({ hash }) => hash.startsWith("0x01"))).toBe(true);
  await expect(makeSidecars([new Uint8Array(MAX_BLOB_DATA_BYTES + 1)], "blob")).rejects.toThrow(
    /too much data/,
  );
});

const to = "0x00000000000000000000000000000000000000aa";

/** A sender on an L1 with this hardfork; an anvil reads the whole ceremony before its first blob transaction. */
async function onL1(hardfork: string, run: (rpc: L1Rpc, sender: L1Sender) => Promise<void>): Promise<void> {
  const anvil = await startAnvil({ automine: true, extra: ["--hardfork", hardfork] });
  const controller = new AbortController();
  try {
    const rpc = createL1Rpc({ url: anvil.url, timeoutMs: 200_000 });
    const { signal } = controller;
    const options = { rpc, privateKey: ANVIL_KEYS[0], chainId: 900n, logger: silentLogger, signal };
    await run(rpc, createL1Sender(options));
  } finally {
    controller.abort();
    await anvil.kill();
  }
}

test("L1 takes a transaction with them, and its fee is counted", { timeout: 240_000 }, () =>
  onL1("prague", async (rpc, sender) => {
    const sidecars = await makeSidecars([Uint8Array.of(0, 1, 2), Uint8Array.of(3)], "blob");
    const { hash, status, fee } = await sender.send({ to, data: "0x", gas: 21_000n, sidecars });
    expect(status).toBe(1);
    const mined = (await rpc("eth_getTransactionByHash", [hash])) as { blobVersionedHashes: string[] };
    expect(mined.blobVersionedHashes).toEqual(sidecars.map((sidecar) => sidecar.hash));
    const receipt = (await rpc("eth_getTransactionReceipt", [hash])) as Record<string, string>;
    const paid = (gas: string, price: string) => BigInt(receipt[gas]!) * BigInt(receipt[price]!);
    expect(fee).toBe(paid("gasUsed", "effectiveGasPrice") + paid("blobGasUsed", "blobGasPrice"));
  }),
);

test(
  "an L1 with Osaka takes one with cell proofs, and gives its blobs to derivation",
  { timeout: 240_000 },
  () =>
    onL1("osaka", async (rpc, sender) => {
      const payloads = [Uint8Array.of(0, 1, 2), new Uint8Array(MAX_BLOB_DATA_BYTES).fill(7)];
      const sidecars = await makeSidecars(payloads, "cells");
      expect(sidecars.map(({ proofs }) => proofs.length)).toEqual([128, 128]);
      const { hash, status } = await sender.send({ to, data: "0x", gas: 21_000n, sidecars });
      expect(status).toBe(1);
      const receipt = (await rpc("eth_getTransactionReceipt", [hash])) as {
        blockNumber: Hex;
        blockHash: Hex;
      };
      const block = { number: BigInt(receipt.blockNumber), hash: receipt.blockHash, timestamp: 0n };
      const hashes = sidecars.map((sidecar) => sidecar.hash);
      const blobs = await createBlobReader([createAnvilLookup(rpc)]).blobs(block, hashes);
      expect(blobs.map(decodeBlob)).toEqual(payloads);
    }),
);

test("a blob transaction is wrapped as the other library wraps it", async () => {
  const account = privateKeyToAccount(ANVIL_KEYS[0]);
  const sidecars = await makeSidecars([Uint8Array.of(1), Uint8Array.of(2)], "blob");
  const fees = { maxFeePerGas: 9n, maxPriorityFeePerGas: 2n, maxFeePerBlobGas: 3n };
  const plain = { chainId: 900n, nonce: 7n, to, gas: 21_000n, fees, sidecars } as const;
  const { raw, canonical } = await signBlobTransaction(account, plain);
  const theirs = { chainId: 900, nonce: 7, to, gas: 21_000n, ...fees, type: "eip4844" } as const;
  const blobVersionedHashes = sidecars.map(({ hash }) => hash);
  const sealed = sidecars.map(({ blob, commitment, proofs }) => ({
    blob: bytesToHex(blob),
    commitment: bytesToHex(commitment),
    proof: bytesToHex(proofs[0]!),
  }));
  expect(raw).toBe(await account.signTransaction({ ...theirs, blobVersionedHashes, sidecars: sealed }));
  // EIP-7594: rlp([tx, 1, blobs, commitments, cell proofs]).
  const cells = sidecars.map((one) => ({
    ...one,
    form: "cells" as const,
    proofs: Array(128).fill(one.proofs[0]),
  }));
  const wrapped = await signBlobTransaction(account, { ...plain, sidecars: cells });
  expect(wrapped.canonical).toBe(canonical);
  const [inner, version, blobs, commitments, proofs] = decodeRlp(
    hexToBytes(wrapped.raw).subarray(1),
  ) as RlpItem[];
  expect(encodeRlp(inner!, 3)).toEqual(hexToBytes(canonical));
  expect(version).toEqual(Uint8Array.of(1));
  expect([blobs, commitments, proofs].map((list) => list?.length)).toEqual([2, 2, 256]);
});
