import { z } from "zod";
import { addressFile } from "../chain/config/address-file.ts";
import { addressField } from "../chain/config/config-schema.ts";
import { governanceError } from "./errors.ts";

const schema = z.strictObject({
  /** On L2: OPEN staked for votes. */
  staked: addressField,
  /** On L2: proposals. */
  governor: addressField,
  /** On L2: where what was passed waits; owns the parameters, speaks for governance on L1. */
  timelock: addressField,
  /** On L2: where changes of code wait. */
  upgrades: addressField,
  /** On L2: takes the platform's fees. */
  treasury: addressField,
  /** On L1, from the hand-over on: brings what was passed to the timelock there. */
  relay: addressField.optional(),
  /** On L1, from the hand-over on: lets the council pause withdrawals for a time. */
  pauseGuardian: addressField.optional(),
  /** On L1: code by which the hand-over sets what has no setter. */
  storageSetter: addressField.optional(),
});

/** governance.json: where the contracts of governance are. */
export type GovernanceAddresses = z.output<typeof schema>;

/** Their file, and what a node answers. Fails with `GOVERNANCE_FILE_INVALID`. */
export const {
  parse: parseGovernance,
  read: readGovernanceFile,
  write: writeGovernanceFile,
} = addressFile(schema, (source, cause) =>
  governanceError("GOVERNANCE_FILE_INVALID", {
    message: `${source} does not hold the addresses of governance.`,
    fix: "Deploy governance again, or correct it.",
    cause,
  }),
);
