import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of genesis and deployment, with what it means for the work that met it. */
export const DEPLOY_ERRORS = {
  ARTIFACT_INVALID: "fatal",
  CONTRACTS_NOT_BUILT: "fatal",
  CONTRACTS_STALE: "fatal",
  ARTIFACT_MISSING: "input",
  CHAIN_PLAN_INVALID: "input",
  GENESIS_CALL_FAILED: "fatal",
  L1_DEPLOYMENT_LOST: "fatal",
  L1_DEPLOY_FAILED: "fatal",
  L1_MULTICALL3_MISSING: "fatal",
  L1_UNAVAILABLE: "temporary",
} as const;

export type DeployErrorCode = keyof typeof DEPLOY_ERRORS;
export type DeployError = ErrorOf<typeof DEPLOY_ERRORS>;

/** Makes the error with its severity. */
export const deployError = errorMaker(DEPLOY_ERRORS);
