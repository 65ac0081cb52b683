import { monotonicMs } from "./clock.ts";

/** How long a long piece of work may keep the page's thread, in ms. */
const TURN_MS = 4;

/** Lets the page have its thread between the steps of a long piece of work. */
export class Turns {
  private start = monotonicMs();

  /** True once it is somebody else's turn: then await {@link next}. */
  get isOver(): boolean {
    return monotonicMs() - this.start >= TURN_MS;
  }

  /** Resolves when everybody else has had a turn. */
  async next(): Promise<void> {
    // A message comes sooner than a timer, which browsers hold back by 4 ms.
    await new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    });
    this.start = monotonicMs();
  }
}
