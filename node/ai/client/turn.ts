import { mkdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { lock } from "proper-lockfile";

/** Longest wait for other processes, in ms; a nonce that is taken all the same is noticed later. */
const WAIT_MS = 30_000;
const POLL_MS = 50;

/**
 * Runs `work` when no other process of this user runs its own under that name: each takes its nonce after the one before has
 * handed its transaction in. Without it two equal transfers at once would be one and the same transaction.
 */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const release = await takeTurn(name);
  try {
    return await work();
  } finally {
    await release?.().catch(() => undefined);
  }
}

/** The way to end the turn, or undefined where no lock can be made: nonces then decide alone. */
async function takeTurn(name: string): Promise<(() => Promise<void>) | undefined> {
  try {
    const folder = join(tmpdir(), `openledger-${userInfo().uid}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const retries = { retries: WAIT_MS / POLL_MS, factor: 1, minTimeout: POLL_MS, maxTimeout: POLL_MS };
    return await lock(join(folder, name.toLowerCase()), { realpath: false, retries });
  } catch {
    return undefined;
  }
}
