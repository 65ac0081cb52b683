import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of the pages' own, with what it means for the work that met it. */
export const WEB_ERRORS = {
  AGENTS_MISSING: "temporary",
  CHAIN_WRONG: "input",
  CHAT_BROKEN_OFF: "temporary",
  CHAT_FULL: "input",
  CHAT_INVALID: "temporary",
  CIRCLE_MISSING: "temporary",
  CONTENT_REPEATED: "input",
  EPOCH_MISSING: "input",
  FIGURES_HIDDEN: "input",
  GOVERNANCE_MISSING: "temporary",
  HELD_OUT_TOO_LARGE: "input",
  L1_ABSENT: "input",
  NODE_OFFLINE: "temporary",
  PROTOCOL_MISSING: "temporary",
  QUERY_WITHHELD: "temporary",
  SIGNER_MISSING: "input",
  VOTE_HIDDEN: "input",
  WALLET_REFUSED: "input",
  WALLET_TOO_SLOW: "input",
} as const;

export type WebError = ErrorOf<typeof WEB_ERRORS>;

/** Makes the error with its severity. */
export const webError = errorMaker(WEB_ERRORS);
