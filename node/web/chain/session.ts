import { useSyncExternalStore } from "react";
import { getAddress } from "viem";
import { createSiweMessage } from "viem/siwe";
import { isCodedError } from "../../base/errors.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { type ApiOrder, askApi } from "../site/site.ts";
import type { Connection } from "./connection.tsx";
import type { Signer } from "./signer.ts";
import { signText } from "./transact.ts";

/** A sign-in of this tab at the node that serves the page. */
export interface Session {
  token: string;
  address: Address;
  /** Seconds since 1970. */
  expires: number;
}

const KEY = "session";
const listeners = new Set<() => void>();
let current: Session | undefined = restore();

function change(next: Session | undefined): void {
  current = next;
  try {
    if (next === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Without storage a reload asks for the signature again.
  }
  for (const listener of listeners) listener();
}

function restore(): Session | undefined {
  try {
    const text = sessionStorage.getItem(KEY);
    const found = text === null ? undefined : (JSON.parse(text) as Session);
    return found !== undefined && found.expires > Date.now() / 1000 ? found : undefined;
  } catch {
    return undefined;
  }
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The sign-in of the connected account; undefined where it has none. */
export function useSession(signer: Signer | undefined): Session | undefined {
  const session = useSyncExternalStore(subscribe, () => current);
  return session !== undefined && session.address === signer?.address ? session : undefined;
}

/** Signs in with the account: one signature, no transaction. @throws CodedError `WALLET_REFUSED`, `SIGN_IN_REFUSED`. */
export async function signIn({ client }: Connection, signer: Signer): Promise<void> {
  const { nonce, chainId } = await askApi<{ nonce: string; chainId: number }>("/api/sign-in/nonce", {
    method: "POST",
    body: {},
  });
  const message = createSiweMessage({
    address: getAddress(signer.address),
    chainId,
    nonce,
    domain: window.location.host,
    uri: window.location.origin,
    version: "1",
    statement: "Sign in to use this node's machine. Nothing is paid.",
    issuedAt: new Date(),
  });
  const signature = await signText(client, signer, message);
  change(await askApi<Session>("/api/sign-in", { method: "POST", body: { message, signature } }));
}

/** Asks a door as who signed in. A sign-in that is over is forgotten. */
export async function askSigned<T>(session: Session, path: string, order: ApiOrder = {}): Promise<T> {
  try {
    return await askApi<T>(path, { ...order, token: session.token });
  } catch (error) {
    if (isCodedError(error, "API_NOT_SIGNED_IN") && current?.token === session.token) change(undefined);
    throw error;
  }
}
