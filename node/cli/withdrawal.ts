import type { Account } from "viem";
import { send, type TransactionOrder } from "../ai/client/chain.ts";
import {
  finalizeOrder,
  findWithdrawal,
  proveOrder,
  type Withdrawal,
  withdrawOrder,
} from "../ai/client/withdrawals.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { Bridge } from "./bridge.ts";
import { cliError } from "./errors.ts";
import { sendOnL1 } from "./l1.ts";

/** Burns OPEN on L2 for `to` on L1. @throws CodedError of {@link send}. */
export async function startWithdrawal(
  { sender }: Bridge,
  account: Account,
  to: Address,
  value: bigint,
): Promise<Hash> {
  return (await send(sender, account, { ...withdrawOrder(to), value })).hash;
}

/** The withdrawal that the L2 transaction made; the first, if it made several. @throws CodedError WITHDRAWAL_ABSENT. */
export async function readWithdrawal(bridge: Bridge, transaction: Hash): Promise<Withdrawal> {
  const found = await findWithdrawal(bridge, transaction);
  if (found !== undefined) return found;
  throw cliError("WITHDRAWAL_ABSENT", {
    message: `the transaction ${transaction} on L2 withdrew no OPEN`,
    fix: "give the hash that `openledger account withdraw` printed, or none: `openledger account withdrawals` lists them",
    facts: { transaction },
  });
}

/** Proves the withdrawal on L1 against the first output after its block. @throws CodedError L1_TRANSACTION_FAILED. */
export function prove(
  bridge: Bridge,
  account: Account,
  withdrawal: Pick<Withdrawal, "message" | "block">,
): Promise<Hash> {
  return onL1(bridge, account, "proving the withdrawal", () => proveOrder(bridge, withdrawal));
}

/**
 * Finalizes a message on L1, which runs it there and so gives out the OPEN of a withdrawal; where that failed before, replays it.
 * @throws CodedError L1_TRANSACTION_FAILED.
 */
export function finalize(
  bridge: Bridge,
  account: Account,
  withdrawal: Pick<Withdrawal, "message" | "state">,
): Promise<Hash> {
  const what = withdrawal.state === "failed" ? "replaying the message" : "finalizing the withdrawal";
  return onL1(bridge, account, what, async () => finalizeOrder(bridge, withdrawal));
}

function onL1(
  { l1Sender }: Bridge,
  account: Account,
  what: string,
  order: () => Promise<TransactionOrder>,
): Promise<Hash> {
  const fix =
    "look at `openledger account withdrawals`; the account needs ether on L1, and withdrawals there may be paused";
  return sendOnL1(l1Sender, account, order, { what, fix });
}
