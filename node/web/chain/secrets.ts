import type { RowMessage } from "../../ai/datanet/rows.ts";
import type { Hash } from "../../chain/types/primitives.ts";

/** What opens the hash of a paid request: without it the answer can't be had. */
export interface Secret {
  salt: Hash;
  prompt: string;
  /** The conversation before the prompt; absent where there is none. */
  before?: readonly RowMessage[];
}

const PREFIX = "question";
/** Questions that are kept; older ones go. */
const MOST = 50;

const keyOf = (genesis: Hash, requestHash: Hash) => `${PREFIX} ${genesis.slice(0, 18)} ${requestHash}`;

/** Keeps it in this browser, so that a reload in the middle loses nothing. */
export function keepSecret(genesis: Hash, requestHash: Hash, secret: Secret): void {
  try {
    const kept = Object.keys(localStorage).filter((key) => key.startsWith(`${PREFIX} `));
    for (const key of kept.slice(0, Math.max(0, kept.length + 1 - MOST))) localStorage.removeItem(key);
    localStorage.setItem(keyOf(genesis, requestHash), JSON.stringify(secret));
  } catch {
    // Without storage the answer has to come before the page is closed.
  }
}

/** What opens that request, where it was asked in this browser. */
export function secretOf(genesis: Hash, requestHash: Hash): Secret | undefined {
  try {
    const text = localStorage.getItem(keyOf(genesis, requestHash));
    return text === null ? undefined : (JSON.parse(text) as Secret);
  } catch {
    return undefined;
  }
}
