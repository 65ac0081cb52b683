import { useSyncExternalStore } from "react";
import type { PublicAccount } from "../../api/site.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";

/** What an injected wallet offers (EIP-1193). */
export interface WalletProvider {
  request(order: { method: string; params?: readonly unknown[] }): Promise<unknown>;
  on?(event: string, listener: (...args: readonly unknown[]) => void): void;
}

/** A wallet that announced itself (EIP-6963). */
export interface Wallet {
  rdns: string;
  name: string;
  provider: WalletProvider;
}

/** Who signs what the pages send. */
export type Signer =
  | { kind: "devnet"; address: Address; account: PublicAccount }
  | { kind: "wallet"; address: Address; wallet: Wallet };

const CHOSEN = "signer";
const wallets = new Map<string, Wallet>();
let walletList: readonly Wallet[] = [];
let signer: Signer | undefined;
const listeners = new Set<() => void>();

function changed(): void {
  walletList = [...wallets.values()];
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

interface Announcement {
  detail?: { info?: { rdns?: unknown; name?: unknown }; provider?: WalletProvider };
}

/** Listens for wallets and asks those that are there already. */
export function discoverWallets(): void {
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = (event as unknown as Announcement).detail ?? {};
    if (typeof info?.rdns !== "string" || typeof info.name !== "string" || provider === undefined) return;
    wallets.set(info.rdns, { rdns: info.rdns, name: info.name.slice(0, 64), provider });
    changed();
    if (remembered() === info.rdns && signer === undefined) void reconnect(info.rdns);
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
}

/** Takes one of the devnet's public accounts. */
export function takeDevnetAccount(account: PublicAccount): void {
  take({ kind: "devnet", address: account.address as Address, account });
}

/** Asks a wallet for its account. @throws CodedError `WALLET_REFUSED`. */
export async function connectWallet(wallet: Wallet): Promise<void> {
  const accounts = await ask(wallet, "eth_requestAccounts");
  takeWallet(wallet, accounts);
  wallet.provider.on?.("accountsChanged", (list) => takeWallet(wallet, list));
}

/** Forgets who signs. */
export function forgetSigner(): void {
  signer = undefined;
  remember(undefined);
  changed();
}

/** Takes the account of the last visit up again, where it is one of the devnet's. */
export function restoreDevnetAccount(accounts: readonly PublicAccount[]): void {
  const account = accounts.find(({ address }) => address === remembered());
  if (account !== undefined && signer === undefined) takeDevnetAccount(account);
}

export function useSigner(): Signer | undefined {
  return useSyncExternalStore(subscribe, () => signer);
}

export function useWallets(): readonly Wallet[] {
  return useSyncExternalStore(subscribe, () => walletList);
}

/** One request to a wallet. @throws CodedError `WALLET_REFUSED` when its owner says no. */
export async function ask(wallet: Wallet, method: string, params: readonly unknown[] = []): Promise<unknown> {
  try {
    return await wallet.provider.request({ method, params });
  } catch (cause) {
    const { code, message } = cause as { code?: number; message?: string };
    if (code === 4902) throw cause;
    throw webError("WALLET_REFUSED", {
      message:
        code === 4001
          ? `You refused in ${wallet.name}.`
          : `${wallet.name} refuses: ${message ?? "no reason given"}`,
      fix: "Nothing was sent. Try again, and confirm in the wallet.",
      cause,
    });
  }
}

async function reconnect(rdns: string): Promise<void> {
  const wallet = wallets.get(rdns);
  if (wallet === undefined) return;
  // Without a question: only what the wallet allows already.
  const accounts = await ask(wallet, "eth_accounts").catch(() => []);
  takeWallet(wallet, accounts);
}

function takeWallet(wallet: Wallet, accounts: unknown): void {
  const [first] = Array.isArray(accounts) ? accounts : [];
  if (typeof first === "string") take({ kind: "wallet", address: first.toLowerCase() as Address, wallet });
  else if (signer?.kind === "wallet" && signer.wallet.rdns === wallet.rdns) forgetSigner();
}

function take(next: Signer): void {
  signer = next;
  remember(next.kind === "devnet" ? next.address : next.wallet.rdns);
  changed();
}

function remembered(): string | undefined {
  try {
    return localStorage.getItem(CHOSEN) ?? undefined;
  } catch {
    return undefined;
  }
}

function remember(value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(CHOSEN);
    else localStorage.setItem(CHOSEN, value);
  } catch {
    // Without storage the account is chosen again next time.
  }
}
