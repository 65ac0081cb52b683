import {
  MAX_SENDER_JOBS,
  recoverSenders,
  recoverSendersHere,
  SENDER_BYTES,
  SENDER_JOB_BYTES,
} from "../../native/js/crypto.ts";
import { bytesToHex } from "../base/bytes.ts";
import type { RecoverSenders, RecoveryJob } from "../chain/crypto.ts";
import type { Address } from "../chain/types/primitives.ts";

/** Fewer signatures than this are not worth the way to another thread. */
const WORTH_A_THREAD = 9;
/** Fewer are not worth a second one: to wake it takes as long as a signature or two. */
const WORTH_TWO = 32;

/** Recovers senders in native code, many of them on other threads: a block's, a span's or a tick's worth of admissions at once. */
export const recoverSendersOffThread: RecoverSenders = async (jobs) => {
  if (jobs.length < WORTH_A_THREAD) return sendersOf(recoverSendersHere(pack(jobs)));
  const found: (Address | undefined)[] = [];
  for (let from = 0; from < jobs.length; from += MAX_SENDER_JOBS) {
    const piece = jobs.slice(from, from + MAX_SENDER_JOBS);
    const threads = piece.length < WORTH_TWO ? { threads: 1 } : {};
    found.push(...sendersOf(await recoverSenders(pack(piece), threads)));
  }
  return found;
};

function pack(jobs: readonly RecoveryJob[]): Uint8Array {
  const packed = new Uint8Array(SENDER_JOB_BYTES * jobs.length);
  for (const [i, { digest, r, s, yParity }] of jobs.entries()) {
    const at = SENDER_JOB_BYTES * i;
    packed.set(digest, at);
    packed.set(r, at + 32);
    packed.set(s, at + 64);
    packed[at + 96] = yParity;
  }
  return packed;
}

function sendersOf(recovered: Uint8Array): (Address | undefined)[] {
  return Array.from({ length: recovered.length / SENDER_BYTES }, (_, i) => {
    const sender = recovered.subarray(SENDER_BYTES * i, SENDER_BYTES * (i + 1));
    return sender[20] === 1 ? bytesToHex(sender.subarray(0, 20)) : undefined;
  });
}
