import { isCodedError } from "../../base/errors.ts";
import { decodeUnrecovered, type UnrecoveredTransaction } from "../../chain/codec/transaction.ts";
import type { RecoverSenders } from "../../chain/crypto.ts";
import type { MempoolJournal } from "../../store/mempool-journal.ts";
import { type AdmissionRules, type PoolCandidate, recoverCandidates } from "./candidate.ts";

/** Journalled transactions that are decoded together at the start. */
const BATCH = 256;

/** A journalled transaction, or why it is none. */
export interface Journalled {
  arrival: number;
  candidate?: PoolCandidate;
  error?: Error;
}

/** All of the journal in order of arrival, with senders. */
export async function* readJournal(
  journal: MempoolJournal,
  rules: AdmissionRules,
  recover: RecoverSenders,
): AsyncGenerator<Journalled> {
  let batch: { arrival: number; raw: Uint8Array }[] = [];
  for (const entry of journal.entries()) {
    batch.push(entry);
    if (batch.length < BATCH) continue;
    yield* await decode(batch, rules, recover);
    batch = [];
  }
  yield* await decode(batch, rules, recover);
}

async function decode(
  batch: readonly { arrival: number; raw: Uint8Array }[],
  rules: AdmissionRules,
  recover: RecoverSenders,
): Promise<Journalled[]> {
  const decoded = batch.map(({ raw }) => decodeOr(raw, rules));
  const transactions = decoded.filter((each): each is UnrecoveredTransaction => !(each instanceof Error));
  const candidates = await recoverCandidates(transactions, recover);
  let next = 0;
  return batch.map(({ arrival }, index) => {
    const transaction = decoded[index]!;
    const result = transaction instanceof Error ? transaction : candidates[next++]!;
    return result instanceof Error ? { arrival, error: result } : { arrival, candidate: result };
  });
}

function decodeOr(raw: Uint8Array, rules: AdmissionRules): UnrecoveredTransaction | Error {
  try {
    return decodeUnrecovered(raw, rules);
  } catch (error) {
    if (isCodedError(error)) return error;
    throw error;
  }
}
