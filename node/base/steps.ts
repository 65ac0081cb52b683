import { Turns } from "./turns.ts";

/** Work that stops between its steps, none of them longer than a millisecond or so. */
export type Steps<T> = Generator<undefined, T>;

/** Does the work at once. @throws what it throws. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does the work and lets others have the thread in between. Rejects with what it throws. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  const turns = new Turns();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (turns.isOver) await turns.next();
  }
}
