import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of the stores on disk, with what it means for the work that met it. */
export const STORE_ERRORS = {
  CONTENT_CORRUPT: "fatal",
  CONTENT_HASH_INVALID: "input",
  CONTENT_NOT_FOUND: "input",
  CONTENT_RANGE_INVALID: "input",
  CONTENT_TOO_LARGE: "input",
  STORE_BUSY: "temporary",
  STORE_CORRUPT: "fatal",
  STORE_LOCKED: "fatal",
  STORE_OTHER_CHAIN: "fatal",
  STORE_SCHEMA: "fatal",
  STORE_UNAVAILABLE: "fatal",
} as const;

export type StoreErrorCode = keyof typeof STORE_ERRORS;
export type StoreError = ErrorOf<typeof STORE_ERRORS>;

/** Makes the error with its severity. */
export const storeError = errorMaker(STORE_ERRORS);
