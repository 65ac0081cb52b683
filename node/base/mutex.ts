/** Runs one task after the other, in the order of their arrival. */
export interface Mutex {
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** A failing task does not keep the next one from running. */
export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      const result = last.then(task);
      last = result.catch(() => undefined);
      return result;
    },
  };
}
