import { type Abi, type Account, encodeDeployData, type Hex } from "viem";
import { type ChainClient, send } from "../ai/client/chain.ts";
import { governanceRelayAbi, pauseGuardianAbi } from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import type { L1Contracts } from "../deploy/deployment.ts";
import type { GovernanceAddresses } from "./addresses.ts";
import { governanceError } from "./errors.ts";

/** Creation codes of what governance has on L1. */
export interface RelayCodes {
  relay: Hex;
  pauseGuardian: Hex;
  storageSetter: Hex;
}

/** What is put on L1 for a chain: whose messages count, and who may pause withdrawals for how many seconds. */
export interface RelayPlan {
  contracts: L1Contracts;
  council: Address;
  pausePeriod: number;
}

/**
 * Deploys what governance has on L1 and is not there yet: the relay, the guardian of withdrawals, and code that sets storage. Anybody may:
 * they have no rights before the hand-over gives them some.
 * @throws CodedError `GOVERNANCE_DEPLOYMENT_FAILED`, and those of `send`.
 */
export async function deployRelay(
  client: ChainClient,
  account: Account,
  at: GovernanceAddresses,
  { contracts, council, pausePeriod }: RelayPlan,
  codes: RelayCodes,
): Promise<GovernanceAddresses> {
  const { timelock, l1CrossDomainMessenger, superchainConfig } = contracts;
  const make = async (there: Address | undefined, abi: Abi, bytecode: Hex, args: readonly unknown[]) => {
    if (there !== undefined && (await client.public.getCode({ address: there })) !== undefined) return there;
    const { hash, receipt } = await send(client, account, {
      data: encodeDeployData({ abi, bytecode, args }),
    });
    const created = receipt.contractAddress?.toLowerCase() as Address | undefined;
    if (created !== undefined) return created;
    throw governanceError("GOVERNANCE_DEPLOYMENT_FAILED", {
      message: `the transaction ${hash} on L1 created nothing`,
      fix: "try again",
      facts: { hash },
    });
  };
  const relayArgs = [l1CrossDomainMessenger, at.timelock, timelock];
  const guardianArgs = [superchainConfig, council, timelock, BigInt(pausePeriod)];
  return {
    ...at,
    relay: await make(at.relay, governanceRelayAbi, codes.relay, relayArgs),
    pauseGuardian: await make(at.pauseGuardian, pauseGuardianAbi, codes.pauseGuardian, guardianArgs),
    storageSetter: await make(at.storageSetter, [], codes.storageSetter, []),
  };
}

/**
 * Makes sure that the relay and the guardian are those that the hand-over may trust.
 * @throws CodedError `HAND_OVER_REFUSED` naming the one that isn't.
 */
export async function checkRelay(
  client: ChainClient,
  at: GovernanceAddresses,
  { contracts, council }: Pick<RelayPlan, "contracts" | "council">,
): Promise<void> {
  const ask = (address: Address, abi: Abi, functionName: string) =>
    client.public.readContract({ address, abi, functionName }) as Promise<Address>;
  const relay = (name: string) => ask(at.relay!, governanceRelayAbi, name);
  const guardian = (name: string) => ask(at.pauseGuardian!, pauseGuardianAbi, name);
  const wanted = [
    [await relay("MESSENGER"), contracts.l1CrossDomainMessenger, "the relay's messenger"],
    [await relay("L2_TIMELOCK"), at.timelock, "the relay's timelock on L2"],
    [await relay("L1_TIMELOCK"), contracts.timelock, "the relay's timelock on L1"],
    [await guardian("CONFIG"), contracts.superchainConfig, "the guardian's SuperchainConfig"],
    [await guardian("COUNCIL"), council, "the guardian's council"],
    [await guardian("TIMELOCK"), contracts.timelock, "the guardian's timelock"],
  ] as const;
  for (const [found, expected, what] of wanted) {
    if (found.toLowerCase() === expected) continue;
    throw governanceError("HAND_OVER_REFUSED", {
      message: `${what} is ${found}, not ${expected}`,
      fix: "deploy it again: take its address out of governance.json",
      facts: { found, expected },
    });
  }
}
