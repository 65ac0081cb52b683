import type { ProtocolAddresses } from "../../node/ai/client/chain.ts";
import type { Address } from "../../node/chain/types/primitives.ts";

/** Addresses without contracts: enough for a node whose services are never asked about the protocol. */
export const NO_CONTRACTS: ProtocolAddresses = {
  parameters: contractAt(1),
  balances: contractAt(2),
  datanets: contractAt(3),
  plagiarism: contractAt(4),
  models: contractAt(5),
  modelChallenges: contractAt(6),
  pools: contractAt(7),
  staking: contractAt(8),
  hosts: contractAt(9),
  market: contractAt(10),
  challenges: contractAt(11),
  demands: contractAt(12),
  seeds: contractAt(13),
  verifiers: contractAt(14),
  disputes: contractAt(15),
  audits: contractAt(16),
  losses: contractAt(17),
  modelDisputes: contractAt(18),
  curation: contractAt(19),
  access: contractAt(20),
  royalties: contractAt(21),
  epochs: contractAt(22),
  epochChallenges: contractAt(23),
  epochLeaves: contractAt(24),
  leafChallenges: contractAt(25),
  epochDemands: contractAt(26),
  epochAudits: contractAt(27),
  ledger: contractAt(28),
  stakes: contractAt(29),
  reviewers: contractAt(30),
  modelRegistry: contractAt(31),
};

function contractAt(number: number): Address {
  return `0x${number.toString(16).padStart(40, "0")}`;
}
