import { isCodedError } from "../../base/errors.ts";
import { authorizationJob } from "../../chain/codec/authorization.ts";
import { assertSpanCarries } from "../../chain/codec/batch-transactions.ts";
import { DEPOSIT_TYPE, decodeDeposit } from "../../chain/codec/deposit.ts";
import {
  decodeUnrecovered,
  recoveryJob,
  type TransactionRules,
  type UnrecoveredTransaction,
  withSender,
} from "../../chain/codec/transaction.ts";
import { transactionInvalid } from "../../chain/codec/transaction-fields.ts";
import type { RecoverSenders, RecoveryJob } from "../../chain/crypto.ts";
import { MAX_INITCODE_BYTES } from "../../chain/rules/chain-spec.ts";
import { gasSubjectOf, minimumGas } from "../../chain/rules/gas.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { refuse } from "./limits.ts";

/** A transaction that passed all checks which need no state, with everybody who signed something in it. */
export interface PoolCandidate {
  transaction: SignedTransaction;
  /** Signers of its authorizations (EIP-7702) as far as anybody signed them; each once. */
  authorities: readonly Address[];
}

/** What decides whether the pool looks at an envelope at all. */
export interface AdmissionRules extends TransactionRules {
  /** Takes legacy transactions that are valid on every chain; geth's `--rpc.allow-unprotected-txs`. */
  allowUnprotected?: boolean;
}

/** Largest envelope that the pool takes, in bytes; as geth. */
export const MAX_TRANSACTION_BYTES = 128 * 1024;
const MAX_NONCE = BigInt(Number.MAX_SAFE_INTEGER);
const NOBODY: readonly Address[] = [];

/**
 * Decodes an envelope and checks all that needs neither sender nor state, the cheap things first.
 * @throws CodedError `TRANSACTION_INVALID`, `DEPOSIT_ENCODING_INVALID`, `TXPOOL_SIZE`, `TXPOOL_TYPE`, `TXPOOL_UNPROTECTED`,
 * `TXPOOL_INITCODE_SIZE`, `TXPOOL_INTRINSIC_GAS`, `TXPOOL_TIP_ABOVE_FEE_CAP`, `TXPOOL_NONCE_TOO_HIGH`.
 */
export function readEnvelope(raw: Uint8Array, rules: AdmissionRules): UnrecoveredTransaction {
  if (raw.length > MAX_TRANSACTION_BYTES) {
    const reason = `oversized data: transaction size ${raw.length}, limit ${MAX_TRANSACTION_BYTES}`;
    throw refuse("TXPOOL_SIZE", reason, `Keep it under ${MAX_TRANSACTION_BYTES} bytes.`);
  }
  if (raw[0] === DEPOSIT_TYPE) {
    decodeDeposit(raw);
    const reason = "transaction type not supported: deposits come from L1 only";
    throw refuse("TXPOOL_TYPE", reason, "Send it through the portal on L1.");
  }
  const transaction = decodeUnrecovered(raw, rules);
  if (transaction.chainId === undefined && rules.allowUnprotected !== true) {
    const reason = "only replay-protected (EIP-155) transactions allowed over RPC";
    throw refuse("TXPOOL_UNPROTECTED", reason, `Sign it for chain ${rules.l2ChainId}.`);
  }
  checkFees(transaction);
  checkGas(transaction);
  assertCarried(transaction, rules);
  return transaction;
}

function checkFees({ maxFeePerGas, maxPriorityFeePerGas, nonce }: UnrecoveredTransaction): void {
  if (maxPriorityFeePerGas > maxFeePerGas) {
    const reason = `max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: ${maxPriorityFeePerGas}, maxFeePerGas: ${maxFeePerGas}`;
    throw refuse("TXPOOL_TIP_ABOVE_FEE_CAP", reason, "Lower the tip or raise the fee cap.");
  }
  if (nonce >= MAX_NONCE) {
    throw refuse("TXPOOL_NONCE_TOO_HIGH", `nonce has max value: ${nonce}`, "Use the account's next nonce.");
  }
}

function checkGas(transaction: UnrecoveredTransaction): void {
  const { data, to, gasLimit } = transaction;
  if (to === undefined && data.length > MAX_INITCODE_BYTES) {
    const reason = `max initcode size exceeded: code size ${data.length}, limit ${MAX_INITCODE_BYTES}`;
    throw refuse("TXPOOL_INITCODE_SIZE", reason, "Split the contract.");
  }
  const needed = minimumGas(gasSubjectOf(transaction));
  if (gasLimit >= needed) return;
  const reason = `intrinsic gas too low: gas ${gasLimit}, minimum needed ${needed}`;
  throw refuse("TXPOOL_INTRINSIC_GAS", reason, "Raise the gas limit, or let eth_estimateGas set it.");
}

/** A block with a transaction that no batch brings back as it was would be nobody else's. */
function assertCarried(transaction: UnrecoveredTransaction, { l2ChainId }: TransactionRules): void {
  try {
    assertSpanCarries(transaction, l2ChainId);
  } catch (cause) {
    if (isCodedError(cause))
      throw transactionInvalid("no batch can carry it", { hash: transaction.hash }, cause);
    throw cause;
  }
}

/**
 * Recovers everybody's signatures in one batch. A transaction that nobody has signed gives its error (`TRANSACTION_INVALID`)
 * in its place.
 */
export async function recoverCandidates(
  transactions: readonly UnrecoveredTransaction[],
  recover: RecoverSenders,
): Promise<(PoolCandidate | Error)[]> {
  const jobs = transactions.map(recoveryJob);
  const authorizations = transactions.map((transaction) => addAuthorizationJobs(transaction, jobs));
  const signers = await recover(jobs);
  return transactions.map((transaction, index) => {
    try {
      const [from, to] = authorizations[index]!;
      const authorities = from === to ? NOBODY : known(signers.slice(from, to));
      return { transaction: withSender(transaction, signers[index]), authorities };
    } catch (error) {
      if (isCodedError(error)) return error;
      throw error;
    }
  });
}

/** Gives the range of the jobs that it added. */
function addAuthorizationJobs(
  { authorizationList }: UnrecoveredTransaction,
  jobs: RecoveryJob[],
): [number, number] {
  const from = jobs.length;
  for (const authorization of authorizationList) {
    const job = authorizationJob(authorization);
    if (job !== undefined) jobs.push(job);
  }
  return [from, jobs.length];
}

function known(signers: readonly (Address | undefined)[]): Address[] {
  return [...new Set(signers.filter((signer) => signer !== undefined))];
}
