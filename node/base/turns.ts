import { setImmediate } from "node:timers/promises";
import { monotonicMs } from "./clock.ts";

/** How long a long piece of work may keep its thread, in ms. */
const TURN_MS = 2;

/** Lets others have the thread between the steps of a long piece of work. */
export class Turns {
  private start = monotonicMs();

  /** True once it is somebody else's turn: then await {@link next}. */
  get isOver(): boolean {
    return monotonicMs() - this.start >= TURN_MS;
  }

  /** Resolves when everybody else has had a turn. */
  async next(): Promise<void> {
    await setImmediate();
    this.start = monotonicMs();
  }
}
