import { MAX_SENDER_JOBS, recoverSenders, SENDER_BYTES, SENDER_JOB_BYTES } from "../../native/js/crypto.ts";
import { bytesToHex } from "../base/bytes.ts";
import { type RecoverSenders, type RecoveryJob, recoverSender } from "../chain/crypto.ts";
import type { Address } from "../chain/types/primitives.ts";

/** Fewer signatures than this are not worth the way to another thread. */
const WORTH_A_THREAD = 4;

/** Recovers senders in native code on other threads: a block's, a span's or a tick's worth of admissions at once. */
export const recoverSendersOffThread: RecoverSenders = async (jobs) => {
  if (jobs.length < WORTH_A_THREAD) return jobs.map(recoverSender);
  const found: (Address | undefined)[] = [];
  for (let from = 0; from < jobs.length; from += MAX_SENDER_JOBS) {
    found.push(...(await recoverPiece(jobs.slice(from, from + MAX_SENDER_JOBS))));
  }
  return found;
};

async function recoverPiece(jobs: readonly RecoveryJob[]): Promise<(Address | undefined)[]> {
  const packed = new Uint8Array(SENDER_JOB_BYTES * jobs.length);
  for (const [i, { digest, r, s, yParity }] of jobs.entries()) {
    const at = SENDER_JOB_BYTES * i;
    packed.set(digest, at);
    packed.set(r, at + 32);
    packed.set(s, at + 64);
    packed[at + 96] = yParity;
  }
  const senders = await recoverSenders(packed);
  return jobs.map((_, i) => {
    const sender = senders.subarray(SENDER_BYTES * i, SENDER_BYTES * (i + 1));
    return sender[20] === 1 ? bytesToHex(sender.subarray(0, 20)) : undefined;
  });
}
