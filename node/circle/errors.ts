import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of OpenCircle's client, with what it means for the work that met it. */
export const CIRCLE_ERRORS = {
  APPLICATION_INVALID: "input",
  CIRCLE_DEPLOYMENT_FAILED: "input",
  CIRCLE_FILE_INVALID: "input",
  GRANT_UNKNOWN: "input",
  OFFER_UNKNOWN: "input",
  SCORE_EARLY: "temporary",
} as const;

export type CircleErrorCode = keyof typeof CIRCLE_ERRORS;
export type CircleError = ErrorOf<typeof CIRCLE_ERRORS>;

/** Makes the error with its severity. */
export const circleError = errorMaker(CIRCLE_ERRORS);
