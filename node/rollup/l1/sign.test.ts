import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { bytesToHex } from "../../base/bytes.ts";
import { Random } from "../../base/random.ts";
import { signL1Transaction } from "./sign.ts";

test("signs as viem's account does, to the byte", async () => {
  const random = new Random(7);
  const bytes = (length: number) => bytesToHex(Uint8Array.from({ length }, () => random.next() & 0xff));
  for (let round = 0; round < 100; round++) {
    const privateKey = bytes(32);
    const transaction = {
      type: "eip1559",
      chainId: 1 + (random.next() % 100_000),
      nonce: random.next() % 3,
      to: round % 4 === 0 ? undefined : bytes(20),
      data: bytes(random.next() % 300),
      value: BigInt(random.next() % 2) * BigInt(random.next()),
      gas: BigInt(21_000 + random.next()),
      maxFeePerGas: BigInt(random.next()) + 5n,
      maxPriorityFeePerGas: 5n,
    } as const;
    const expected = await privateKeyToAccount(privateKey).signTransaction(transaction);
    const chainId = BigInt(transaction.chainId);
    const nonce = BigInt(transaction.nonce);
    expect(signL1Transaction(privateKey, { ...transaction, chainId, nonce })).toBe(expected);
  }
});
