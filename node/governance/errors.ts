import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of governance, with what it means for the work that met it. */
export const GOVERNANCE_ERRORS = {
  CALL_INVALID: "input",
  GOVERNANCE_DEPLOYMENT_FAILED: "input",
  GOVERNANCE_FILE_INVALID: "input",
  HAND_OVER_REFUSED: "input",
  PROPOSAL_UNKNOWN: "input",
} as const;

export type GovernanceErrorCode = keyof typeof GOVERNANCE_ERRORS;
export type GovernanceError = ErrorOf<typeof GOVERNANCE_ERRORS>;

/** Makes the error with its severity. */
export const governanceError = errorMaker(GOVERNANCE_ERRORS);
