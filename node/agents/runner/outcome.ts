import type { Stop } from "./limits.ts";

/** What a step came to. */
export type Outcome =
  /** The next step can be taken at once. */
  | { kind: "going on" }
  /** The round is over: `what` in a word, for which request and by which deed. */
  | { kind: "round over"; what: RoundEnd; requestId?: bigint; deedId?: bigint }
  | ({ kind: "stopped" } & Stop);

export type RoundEnd =
  | "acted"
  | "held"
  | "ignored"
  | "no answer"
  | "refused"
  | "late"
  | "not yet"
  | "answer too old";
