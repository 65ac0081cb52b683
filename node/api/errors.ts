import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of the doors for pages, with what it means for the work that met it. */
export const API_ERRORS = {
  API_ACCOUNT_REFUSED: "input",
  API_BODY_INVALID: "input",
  API_BODY_TOO_LARGE: "input",
  API_BUSY: "temporary",
  API_NOT_FOUND: "input",
  API_NOT_SIGNED_IN: "input",
  API_ORIGIN_REFUSED: "input",
  SIGN_IN_REFUSED: "input",
  WEB_ACCOUNTS_INVALID: "input",
  WEB_LISTEN_FAILED: "input",
  WEB_NOT_BUILT: "input",
  WEB_PORT_BUSY: "input",
} as const;

export type ApiError = ErrorOf<typeof API_ERRORS>;

/** Makes the error with its severity. */
export const apiError = errorMaker(API_ERRORS);
