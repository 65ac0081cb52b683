/** One's work beside that of others: a thing after the other, in the order in which they were added; after one that failed, none. */
export class Lane {
  private last: Promise<unknown> = Promise.resolve();

  /** @returns what `work` gives; its error, or that of work before it, is thrown to whoever awaits it. */
  add<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done;
    // Nobody need wait for all of it.
    done.catch(() => undefined);
    return done;
  }
}
