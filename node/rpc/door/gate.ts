/**
 * How many calls the chain's thread has at once. Who finds it full waits, each client in its own queue, and the clients take
 * turns: one that sends thousands keeps nobody else from getting the next place.
 */
export interface GateLimits {
  /** At once. */
  places: number;
  /** Of one client, waiting. */
  maxWaitingPerClient: number;
  maxWaitMs: number;
}

interface Waiting {
  enter(): void;
  refuse(): void;
  timer: NodeJS.Timeout;
}

export class Gate {
  private readonly limits: GateLimits;
  private taken = 0;
  /** By client, the one whose turn it is first. */
  private readonly queues = new Map<string, Set<Waiting>>();

  constructor(limits: GateLimits) {
    this.limits = limits;
  }

  /** True: go in now, and {@link leave}. Else {@link wait}. */
  tryEnter(): boolean {
    if (this.taken >= this.limits.places) return false;
    this.taken++;
    return true;
  }

  /** Resolves to true when there is a place, which is taken then; false: too many wait, or none came free in time. */
  wait(client: string): Promise<boolean> {
    const queue = this.queues.get(client) ?? new Set();
    if (queue.size >= this.limits.maxWaitingPerClient) return Promise.resolve(false);
    this.queues.set(client, queue);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        enter: () => {
          clearTimeout(waiting.timer);
          resolve(true);
        },
        refuse: () => {
          this.forget(client, queue, waiting);
          resolve(false);
        },
        timer: setTimeout(() => waiting.refuse(), this.limits.maxWaitMs),
      };
      queue.add(waiting);
    });
  }

  leave(): void {
    const next = this.queues.entries().next().value;
    if (next === undefined) {
      this.taken--;
      return;
    }
    const [client, queue] = next;
    const [waiting] = queue;
    this.forget(client, queue, waiting!);
    if (queue.size > 0) {
      // Behind the others.
      this.queues.delete(client);
      this.queues.set(client, queue);
    }
    waiting!.enter();
  }

  private forget(client: string, queue: Set<Waiting>, waiting: Waiting): void {
    queue.delete(waiting);
    if (queue.size === 0) this.queues.delete(client);
  }
}
