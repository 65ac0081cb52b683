import type { Hash } from "../../chain/types/primitives.ts";

const PREFIX = "session-file ";
/** Files that are kept; older ones go. */
const MOST = 50;

/** Keeps the file of a session by the root of its calls: the chain has the root alone. */
export function keepSession(root: Hash, source: string): void {
  try {
    const kept = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    for (const key of kept.slice(0, Math.max(0, kept.length + 1 - MOST))) localStorage.removeItem(key);
    localStorage.setItem(`${PREFIX}${root}`, source);
  } catch {
    // Without storage its owner opens the file again to see what it allows.
  }
}

/** The file of a session that was opened or seen in this browser. */
export function keptSession(root: Hash): string | undefined {
  try {
    return localStorage.getItem(`${PREFIX}${root}`) ?? undefined;
  } catch {
    return undefined;
  }
}
