import { queryOptions } from "@tanstack/react-query";
import type { SentTransaction } from "../../ai/client/chain.ts";
import { fillOrder } from "../../ai/client/epochs.ts";
import {
  hostsOfPurses,
  type Purse,
  purseOf,
  startWithdrawOrder,
  withdrawDelay,
  withdrawOrder,
} from "../../ai/client/purses.ts";
import type { PrepaidAnswer } from "../../ai/epoch/prepaid.ts";
import {
  askByVoucher,
  type HostsWord,
  hostsWord,
  type PurseHolder,
  setKeyLimit,
} from "../../ai/epoch/purse-order.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { PrepaidQuestion } from "./chat-thread.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import type { Signer } from "./signer.ts";
import { signText, transact, typedSigner } from "./transact.ts";

const ANSWER_MS = 120_000;
const DAY = 86_400n;
/** Purses that are shown, those that were filled first: anybody may fill one for anybody. */
const MOST = 20;

/** What an account has laid by for one host. */
export interface HeldPurse extends Purse {
  host: Address;
}

/** All purses of an account, the node's own host's first, and how many seconds a withdrawal takes. */
export const pursesQuery = ({ client, at }: Protocol, account: Address, here: Address | undefined) =>
  queryOptions({
    queryKey: [LIVE, "purses", account, here ?? ""],
    queryFn: async (): Promise<{ purses: HeldPurse[]; delay: bigint; now: bigint }> => {
      const filled = (await hostsOfPurses(client, at, account)).slice(0, MOST);
      const hosts = [...new Set(here === undefined ? filled : [here, ...filled])];
      const [delay, { timestamp: now }] = await Promise.all([
        withdrawDelay(client, at),
        client.public.getBlock(),
      ]);
      const purses = await Promise.all(
        hosts.map(async (host) => ({ host, ...(await purseOf(client, at, account, host)) })),
      );
      return { purses, delay, now };
    },
  });

/** Lays OPEN by for a host. */
export function fillPurse(
  { client, at }: Protocol,
  signer: Signer,
  host: Address,
  amount: bigint,
): Promise<SentTransaction> {
  return transact(client, signer, fillOrder(at, { payer: signer.address, host, amount }));
}

/** Begins to take OPEN back from a host's purse. */
export function startWithdraw(
  { client, at }: Protocol,
  signer: Signer,
  host: Address,
  amount: bigint,
): Promise<SentTransaction> {
  return transact(client, signer, startWithdrawOrder(at, host, amount));
}

/** Moves what has waited to the account's rewards. */
export function withdrawPurse(
  { client, at }: Protocol,
  signer: Signer,
  host: Address,
): Promise<SentTransaction> {
  return transact(client, signer, withdrawOrder(at, signer.address, host));
}

/** Signatures by which purses and answers are read: the same text is asked for once while the page is open. */
const read = new Map<string, Hex>();

/** The account as who has purses. */
function holderOf({ client }: Protocol, signer: Signer): PurseHolder {
  const { address } = signer;
  const typed = typedSigner(client, signer, "what may be taken out of the purse");
  return {
    address,
    signTypedData: (data) => typed.signTypedData({ ...data, message: { ...data.message } }),
    async signMessage({ message }) {
      const key = `${address} ${message}`;
      const known = read.get(key) ?? (await signText(client, signer, message));
      read.set(key, known);
      return known;
    },
  };
}

/** What the node's host says that it has of the account: one signature the first time. @throws CodedError as {@link hostsWord}. */
export function wordOf(protocol: Protocol, signer: Signer, host: Address): Promise<HostsWord> {
  return hostsWord(protocol, holderOf(protocol, signer), host);
}

/** Lets the account's API keys take so much more out of the purse for `days`. @throws CodedError as {@link setKeyLimit}. */
export async function limitKeys(
  protocol: Protocol,
  signer: Signer,
  host: Address,
  { amount, days }: { amount: bigint; days: bigint },
): Promise<void> {
  await setKeyLimit(protocol, holderOf(protocol, signer), { host, amount, validS: days * DAY });
}

/** Has a question answered out of the purse: a signature, no transaction. Asked again it is the same answer. @throws CodedError as {@link askByVoucher}. */
export async function askFromPurse(
  protocol: Protocol,
  signer: Signer,
  { host, modelId, salt, maxTokensOut, escrow, prompt, before }: PrepaidQuestion,
): Promise<PrepaidAnswer> {
  const order = {
    ...{ modelId: BigInt(modelId), question: { prompt, before }, maxTokensOut, escrow: BigInt(escrow) },
    ...{ host: host as Address, salt: salt as Hash },
  };
  return (await askByVoucher(protocol, holderOf(protocol, signer), order, ANSWER_MS)).answer;
}
