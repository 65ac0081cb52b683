import { createWalletClient, custom, type TypedDataDefinition, type Hex as ViemHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  type ChainClient,
  type SentTransaction,
  send,
  type TransactionOrder,
} from "../../ai/client/chain.ts";
import { asCodedError } from "../../ai/client/refusals.ts";
import { revertedError } from "../../ai/client/reverted.ts";
import { type SignUpload, uploadsOf } from "../../ai/content/upload-order.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import { ask, type Signer, type Wallet } from "./signer.ts";

const RECEIPT_MS = 120_000;

/** @throws CodedError `SIGNER_MISSING`. */
export function requireSigner(signer: Signer | undefined): Signer {
  if (signer !== undefined) return signer;
  throw webError("SIGNER_MISSING", {
    message: "No account is connected.",
    fix: "Choose one at the top of the page: a wallet, or on a devnet one of its accounts.",
  });
}

/**
 * Signs, sends, and waits until a block has the transaction.
 * @throws CodedError of the contract's refusal, `WALLET_REFUSED`, `CHAIN_WRONG`, `TRANSACTION_REVERTED`.
 */
export async function transact(
  client: ChainClient,
  signer: Signer,
  order: TransactionOrder,
): Promise<SentTransaction> {
  if (signer.kind === "devnet")
    return send(client, privateKeyToAccount(signer.account.privateKey as Hex), order);
  const { address, wallet } = signer;
  await toChain(wallet, client);
  const { to, data, value = 0n } = order;
  try {
    // Before the wallet asks: a refusal by the contract is told in words, not as a failed transaction.
    await client.public.call({ account: address, to, data, value });
  } catch (cause) {
    throw asCodedError(cause);
  }
  const transaction = { from: address, to, data, value: `0x${value.toString(16)}` };
  const hash = (await ask(wallet, "eth_sendTransaction", [transaction])) as ViemHex;
  const receipt = await client.public
    .waitForTransactionReceipt({ hash, timeout: RECEIPT_MS })
    .catch((cause: unknown) => {
      throw asCodedError(cause);
    });
  if (receipt.status === "success") return { hash, receipt };
  throw await revertedError(client.public, address, { to, data, value }, receipt);
}

/** Signs a text (EIP-191). @throws CodedError `WALLET_REFUSED`. */
export async function signText(client: ChainClient, signer: Signer, message: string): Promise<Hex> {
  if (signer.kind === "devnet")
    return privateKeyToAccount(signer.account.privateKey as Hex).signMessage({ message });
  const { provider } = signer.wallet;
  const wallet = createWalletClient({
    account: signer.address,
    chain: client.chain,
    transport: custom(provider as never),
  });
  return wallet.signMessage({ message }).catch((cause: unknown) => {
    throw webError("WALLET_REFUSED", {
      message: `${signer.wallet.name} did not sign.`,
      fix: "Nothing was sent. Try again, and confirm in the wallet.",
      cause,
    });
  });
}

/** Signs for room for contents (EIP-712). Its calls fail with `WALLET_REFUSED`, `CHAIN_WRONG`. */
export function signUploads(client: ChainClient, signer: Signer): SignUpload {
  return uploadsOf(client.chain, typedSigner(client, signer, "for room on the node"));
}

/** An account that signs EIP-712. @param what it signs for. Its calls fail with `WALLET_REFUSED`, `CHAIN_WRONG`. */
export function typedSigner(
  client: ChainClient,
  signer: Signer,
  what: string,
): { address: Address; signTypedData(data: TypedDataDefinition): Promise<Hex> } {
  if (signer.kind === "devnet") return privateKeyToAccount(signer.account.privateKey as Hex);
  const { address, wallet: chosen } = signer;
  const { provider, name } = chosen;
  const wallet = createWalletClient({
    account: address,
    chain: client.chain,
    transport: custom(provider as never),
  });
  const signTypedData = async (data: TypedDataDefinition): Promise<Hex> => {
    // Wallets sign EIP-712 for the chain alone that they are on.
    await toChain(chosen, client);
    return wallet.signTypedData(data).catch((cause: unknown) => {
      throw webError("WALLET_REFUSED", {
        message: `${name} did not sign ${what}.`,
        fix: "Nothing was sent. Try again, and confirm in the wallet.",
        cause,
      });
    });
  };
  return { address, signTypedData };
}

/** Brings the wallet to the node's chain; one that does not know it is told first. @throws CodedError `CHAIN_WRONG`. */
async function toChain(wallet: Wallet, { chain, rpcUrl }: ChainClient): Promise<void> {
  const chainId = `0x${chain.id.toString(16)}`;
  const isThere = async () => (await ask(wallet, "eth_chainId")) === chainId;
  if (await isThere()) return;
  try {
    await ask(wallet, "wallet_switchEthereumChain", [{ chainId }]);
  } catch (error) {
    if ((error as { code?: number }).code !== 4902) throw error;
    const { name, nativeCurrency } = chain;
    await ask(wallet, "wallet_addEthereumChain", [
      { chainId, chainName: name, nativeCurrency, rpcUrls: [rpcUrl] },
    ]);
    // Adding a chain does not always switch to it.
    await ask(wallet, "wallet_switchEthereumChain", [{ chainId }]);
  }
  if (await isThere()) return;
  throw webError("CHAIN_WRONG", {
    message: `${wallet.name} is on another chain than this page (${chain.id}).`,
    fix: `Switch it to chain ${chain.id} and try again.`,
  });
}
