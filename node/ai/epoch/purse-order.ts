import { monotonicMs, sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { isVoucherOf, type Purse, purseOf } from "../client/purses.ts";
import type { Question } from "../datanet/row-tokens.ts";
import { aiError } from "../errors.ts";
import { withDigits } from "../receipt/receipt.ts";
import { type KeptVoucher, type PrepaidAnswer, parsePrepaid, purseMessage } from "./prepaid.ts";
import { signVoucher, type VoucherSigner } from "./voucher.ts";

/** Seconds for which a voucher is good: far longer than a host takes to close an epoch. */
const VOUCHER_S = 7n * 86_400n;

/** Who has a purse: an account without code, by its key or by a wallet. */
export interface PurseHolder extends VoucherSigner {
  /** Of a text (EIP-191). */
  signMessage(order: { message: string }): Promise<Hex>;
}

/** What a host says that it has of a payer; wei. */
export interface HostsWord {
  host: Address;
  purse: Purse;
  taken: bigint;
  free: bigint;
  /** What the payer signed for its API keys. */
  limit: bigint | null;
  voucher: KeptVoucher | null;
}

interface ChainAt {
  client: ChainClient;
  at: ProtocolAddresses;
}

/** Asks the node's host what it has of a payer. @throws CodedError `HOST_ABSENT`, also where it is another host's node, `HOST_STARTING`. */
export async function hostsWord({ client, at }: ChainAt, payer: PurseHolder, host: Address) {
  const there = await client.rpc<Address | null>("openledger_host", []);
  if (there?.toLowerCase() !== host.toLowerCase()) {
    throw aiError("HOST_ABSENT", {
      message: `the node at ${client.rpcUrl} is not that of the host ${host}`,
      fix: "talk to that host's node with --rpc: it alone knows what it answered",
      facts: { host, there },
    });
  }
  const message = purseMessage(client.chain.id, at.epochs, host);
  const params = [payer.address, await payer.signMessage({ message })];
  const told = await client.rpc<Told>("openledger_purse", params);
  return readWord(told);
}

/**
 * What a host has taken of a payer by its word, as far as the payer signed for it: a host that says more is not believed.
 * @throws CodedError `HOST_OVERSTATES`.
 */
export async function takenOf(
  { client, at }: ChainAt,
  payer: Address,
  { host, taken, voucher }: HostsWord,
): Promise<bigint> {
  const { spent } = await purseOf(client, at, payer, host);
  if (taken <= spent) return spent;
  if (voucher !== null && taken <= voucher.cumulative) {
    const { cumulative, validUntil, signature } = voucher;
    const said = { payer, host, cumulative, validUntil };
    if (await isVoucherOf(client.chain.id, at, said, signature)) return taken;
  }
  throw aiError("HOST_OVERSTATES", {
    message: `the host ${host} says that it took ${taken} wei of ${payer}, and shows no voucher for that`,
    cause: `the chain counts ${spent} wei as spent`,
    fix: "sign it nothing more: take the purse back with `openledger purse withdraw`, and use another host",
    facts: { host, taken, spent },
  });
}

/** A question as a host is asked it, and what its answer may cost at most. */
export interface PurseOrder {
  modelId: bigint;
  question: Question;
  host: Address;
  salt: Hash;
  maxTokensOut: number;
  /** Wei. */
  escrow: bigint;
}

/**
 * Asks a host for a voucher over what it took and what this answer may cost at most.
 * @throws CodedError those of {@link hostsWord} and {@link takenOf}, and what the host refuses.
 */
export async function askByVoucher(
  chain: ChainAt,
  payer: PurseHolder,
  { modelId, question, host, salt, maxTokensOut, escrow }: PurseOrder,
  timeoutMs: number,
): Promise<{ answer: PrepaidAnswer; voucher: KeptVoucher }> {
  const { client, at } = chain;
  const word = await patiently(() => hostsWord(chain, payer, host), timeoutMs);
  // The platform's part of a sum may be a wei above the sum of the parts.
  const cumulative = (await takenOf(chain, payer.address, word)) + escrow + 1n;
  const { timestamp } = await client.public.getBlock();
  const signed = { host, cumulative, validUntil: timestamp + VOUCHER_S };
  const signature = await signVoucher(payer, client.chain.id, at.epochs, signed);
  const voucher = { cumulative, validUntil: signed.validUntil, signature };
  const params = [
    {
      ...{ modelId: String(modelId), ...question, salt, maxTokensOut },
      voucher: withDigits({ payer: payer.address.toLowerCase(), ...voucher }),
    },
  ];
  const ask = () => client.rpc<unknown>("openledger_askByVoucher", params, timeoutMs);
  return { answer: parsePrepaid(await patiently(ask, timeoutMs)), voucher };
}

/**
 * Lets the payer's API keys of `/v1` take so much more than the host took by now, in place of an earlier limit.
 * @param amount wei
 * @throws CodedError those of {@link takenOf}, and what the host refuses.
 */
export async function setKeyLimit(
  chain: ChainAt,
  payer: PurseHolder,
  { host, amount, validS }: { host: Address; amount: bigint; validS: bigint },
): Promise<KeptVoucher> {
  const { client, at } = chain;
  const word = await hostsWord(chain, payer, host);
  const cumulative = (await takenOf(chain, payer.address, word)) + amount;
  const { timestamp } = await client.public.getBlock();
  const signed = { host, cumulative, validUntil: timestamp + validS };
  const signature = await signVoucher(payer, client.chain.id, at.epochs, signed);
  const limit = { cumulative, validUntil: signed.validUntil, signature };
  await client.rpc("openledger_setKeyLimit", [withDigits({ payer: payer.address.toLowerCase(), ...limit })]);
  return limit;
}

/** A host or node that is away, or starts, may come back: the same question again is the same answer, and costs nothing more. */
const AWAY: ReadonlySet<string> = new Set(["AI_WORKER_UNREACHABLE", "HOST_STARTING", "RPC_UNREACHABLE"]);
const RETRY_MS = 1_000;

async function patiently<T>(ask: () => Promise<T>, timeoutMs: number): Promise<T> {
  for (const start = monotonicMs(); ; ) {
    try {
      return await ask();
    } catch (error) {
      const isAway = isCodedError(error) && AWAY.has(error.code);
      if (!isAway || monotonicMs() - start + RETRY_MS > timeoutMs) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** The same as JSON. */
interface Told {
  host: Address;
  purse: Record<keyof Purse, string>;
  taken: string;
  free: string;
  limit: string | null;
  voucher: { cumulative: string; validUntil: string; signature: Hex } | null;
}

function readWord({ host, purse, taken, free, limit, voucher }: Told): HostsWord {
  const { balance, leaving, spent, leavesAt } = purse;
  return {
    host,
    purse: {
      balance: BigInt(balance),
      leaving: BigInt(leaving),
      spent: BigInt(spent),
      leavesAt: BigInt(leavesAt),
    },
    taken: BigInt(taken),
    free: BigInt(free),
    limit: limit === null ? null : BigInt(limit),
    voucher: voucher && {
      cumulative: BigInt(voucher.cumulative),
      validUntil: BigInt(voucher.validUntil),
      signature: voucher.signature,
    },
  };
}
