import { z } from "zod";
import { addressFile } from "../chain/config/address-file.ts";
import { addressField } from "../chain/config/config-schema.ts";
import { agentError } from "./errors.ts";

const schema = z.strictObject({
  /** Where agents are registered; a vote changes its code. */
  registry: addressField,
  /** Who agents are, their policies and stakes. */
  stakes: addressField,
  /** What they did. */
  deeds: addressField,
  /** Code of every agent's account. */
  account: addressField,
  /** Verdicts on deeds. */
  verdicts: addressField,
  /** On devnets: a small market to trade on. */
  pool: addressField.optional(),
});

/** agents.json: where the contracts of agents are, all on L2. */
export type AgentAddresses = z.output<typeof schema>;

/** Their file, and what a node answers. Fails with `AGENTS_FILE_INVALID`. */
export const {
  parse: parseAgents,
  read: readAgentsFile,
  write: writeAgentsFile,
} = addressFile(schema, (source, cause) =>
  agentError("AGENTS_FILE_INVALID", {
    message: `${source} does not hold the addresses of the agents' contracts.`,
    fix: "Deploy them again, or correct it.",
    cause,
  }),
);
