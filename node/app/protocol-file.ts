import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ProtocolAddresses } from "../ai/client/chain.ts";
import { addressField } from "../chain/config/config-schema.ts";
import { appError } from "./errors.ts";

const schema = z.strictObject({
  parameters: addressField,
  balances: addressField,
  datanets: addressField,
  ledger: addressField,
  stakes: addressField,
  reviewers: addressField,
  losses: addressField,
  plagiarism: addressField,
  models: addressField,
  modelRegistry: addressField,
  modelChallenges: addressField,
  modelDisputes: addressField,
  curation: addressField,
  access: addressField,
  royalties: addressField,
  pools: addressField,
  staking: addressField,
  hosts: addressField,
  market: addressField,
  challenges: addressField,
  demands: addressField,
  seeds: addressField,
  verifiers: addressField,
  disputes: addressField,
  audits: addressField,
  epochs: addressField,
  epochChallenges: addressField,
  epochLeaves: addressField,
  leafChallenges: addressField,
  epochDemands: addressField,
  epochAudits: addressField,
});

/** The addresses of the protocol's contracts, as a deployment wrote them. @throws CodedError `PROTOCOL_FILE_INVALID`. */
export function readProtocolFile(file: string): ProtocolAddresses {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw appError("PROTOCOL_FILE_INVALID", {
      message: `${file} does not hold the addresses of the protocol's contracts.`,
      fix: "Deploy the protocol again, or correct the file.",
      facts: { file },
      cause,
    });
  }
}
