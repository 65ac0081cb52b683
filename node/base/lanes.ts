/** Lets some pieces of work run at once, and others wait for them in order of arrival. */
export class Lanes {
  private readonly most: number;
  private readonly mostWaiting: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** `most` at once; `mostWaiting` behind them. */
  constructor(most: number, mostWaiting: number) {
    this.most = most;
    this.mostWaiting = mostWaiting;
  }

  /** True where one more could not even wait. */
  get isFull(): boolean {
    return this.waiting.length >= this.mostWaiting;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.most) this.running++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Who waits takes the lane over.
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
