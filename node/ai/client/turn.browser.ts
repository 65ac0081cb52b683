/**
 * Runs `work` when no other page of this browser runs its own under that name: each takes its nonce after the one before has
 * handed its transaction in. Where the browser has no locks (a page that is neither local nor over HTTPS) nonces decide alone.
 */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks: LockManager | undefined = navigator.locks;
  if (locks === undefined) return work();
  return await locks.request(`openledger-${name.toLowerCase()}`, async () => await work());
}
