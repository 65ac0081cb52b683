import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { hexToBytes } from "../base/bytes.ts";
import { type RecoveryJob, recoverSendersHere } from "../chain/crypto.ts";
import { recoverSendersOffThread } from "./senders.ts";

const account = privateKeyToAccount(`0x${"42".repeat(32)}`);

async function job(seed: number): Promise<RecoveryJob> {
  const digest = new Uint8Array(32).fill(seed);
  const signature = await account.sign({ hash: `0x${Buffer.from(digest).toString("hex")}` });
  const bytes = hexToBytes(signature);
  return { digest, r: bytes.slice(0, 32), s: bytes.slice(32, 64), yParity: bytes[64] === 27 ? 0 : 1 };
}

describe("senders recovered off the thread", () => {
  it("are those recovered here, in order, also where no key signed", async () => {
    const good = await Promise.all(Array.from({ length: 40 }, (_, i) => job(i + 1)));
    const property = fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(39), fc.boolean(), fc.nat(63)), { maxLength: 60 }),
      async (picks) => {
        const jobs = picks.map(([which, isBroken, at]) => {
          const { digest, r, s, yParity } = good[which]!;
          const signature = Uint8Array.of(...r, ...s);
          if (isBroken) signature[at] = signature[at]! ^ 0xff;
          return { digest, r: signature.slice(0, 32), s: signature.slice(32), yParity };
        });
        expect(await recoverSendersOffThread(jobs)).toEqual(await recoverSendersHere(jobs));
      },
    );
    await fc.assert(property, { numRuns: 50 });
    expect(await recoverSendersOffThread(good)).toEqual(good.map(() => account.address.toLowerCase()));
  });
});
