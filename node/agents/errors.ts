import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of the agents' client, with what it means for the work that met it. */
export const AGENT_ERRORS = {
  AGENTS_DEPLOYMENT_FAILED: "input",
  AGENTS_FILE_INVALID: "input",
  AGENT_UNKNOWN: "input",
  CALL_OUTSIDE_SESSION: "input",
  DEED_UNKNOWN: "input",
  DEED_UNSETTLED: "input",
  POLICY_ABSENT: "input",
  POLICY_INVALID: "input",
  RATIONALE_INVALID: "input",
  RUN_FILE_INVALID: "input",
  SESSION_INVALID: "input",
  SIGNED_ACT_INVALID: "input",
} as const;

export type AgentErrorCode = keyof typeof AGENT_ERRORS;
export type AgentError = ErrorOf<typeof AGENT_ERRORS>;

/** Makes the error with its severity. */
export const agentError = errorMaker(AGENT_ERRORS);
