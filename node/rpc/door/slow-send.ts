import type { Writable } from "node:stream";
import type { HeldBytes } from "./held-bytes.ts";

/** Characters that are written at once. */
export const WHOLE = 256 * 1024;

/**
 * Writes a text a piece at a time, so that a slow reader is seen. Resolves when the client has taken so much that the next may
 * be made. Rejects when it takes nothing for `sendMs`; `to` is destroyed then.
 */
export async function sendPieces(to: Writable, text: string, held: HeldBytes, sendMs: number): Promise<void> {
  held.take(text.length);
  try {
    for (let at = 0; at < text.length && !to.destroyed; at += WHOLE) {
      if (!to.write(text.slice(at, at + WHOLE))) await drained(to, sendMs);
    }
  } finally {
    held.release(text.length);
  }
}

/** Resolves when what was written is taken or the other side has gone; rejects as {@link sendPieces}. */
export function drained(to: Writable, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      to.destroy();
      reject(new Error("the client does not read"));
    }, timeoutMs);
    const end = () => {
      clearTimeout(timer);
      to.off("drain", end);
      to.off("close", end);
      resolve();
    };
    to.once("drain", end);
    to.once("close", end);
  });
}
