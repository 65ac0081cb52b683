import type { Hash } from "../../chain/types/primitives.ts";
import type { PoolCandidate } from "../../execution/mempool/candidate.ts";

/** Batches that the chain's thread has at once: of those before, it waits for the journal's write. */
const MAX_UNDER_WAY = 4;
/** Candidates of one message. */
const MOST = 512;

/** Takes candidates in; gives each one's hash or why it is refused. Never rejects. */
export type Admit = (candidates: readonly PoolCandidate[]) => Promise<readonly (Hash | Error)[]>;

interface Held {
  candidates: readonly PoolCandidate[];
  resolve(outcomes: readonly (Hash | Error)[]): void;
}

/**
 * What arrives while the chain's thread is busy with earlier candidates goes to it as one: the more there is to do, the fewer
 * messages and journal writes it takes. In order.
 */
export class AdmissionPipe {
  private readonly forward: Admit;
  private readonly held: Held[] = [];
  private underWay = 0;

  constructor(forward: Admit) {
    this.forward = forward;
  }

  admit(candidates: readonly PoolCandidate[]): Promise<readonly (Hash | Error)[]> {
    return new Promise((resolve) => {
      this.held.push({ candidates, resolve });
      this.next();
    });
  }

  private next(): void {
    if (this.underWay >= MAX_UNDER_WAY || this.held.length === 0) return;
    const taken: Held[] = [];
    let count = 0;
    while (this.held.length > 0 && (count === 0 || count + this.held[0]!.candidates.length <= MOST)) {
      const held = this.held.shift()!;
      count += held.candidates.length;
      taken.push(held);
    }
    this.underWay++;
    void this.forward(taken.flatMap(({ candidates }) => candidates)).then((outcomes) => {
      this.underWay--;
      let from = 0;
      for (const { candidates, resolve } of taken) {
        resolve(outcomes.slice(from, from + candidates.length));
        from += candidates.length;
      }
      this.next();
    });
  }
}
