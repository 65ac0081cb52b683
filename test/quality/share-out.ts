/** Does a piece of work on each item, as many at a time as there are workers; the first that fails ends all others. */
export async function shareOut<T, W>(
  items: readonly T[],
  workers: readonly W[],
  work: (item: T, index: number, worker: W) => Promise<void>,
): Promise<void> {
  const waiting = [...items.entries()];
  const goOn = async (worker: W): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await work(next[1], next[0], worker);
  };
  try {
    await Promise.all(workers.map(goOn));
  } finally {
    waiting.length = 0;
  }
}
