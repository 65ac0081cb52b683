import { type Account, encodeFunctionData, type Hex, parseAbi, zeroHash } from "viem";
import { type ChainClient, send } from "../ai/client/chain.ts";
import {
  l1TimelockAbi,
  liquidityControllerAbi,
  openCircleAbi,
  parametersTimelockAbi,
  protocolParametersAbi,
  proxyAdminAbi,
  upgradeableRegistryAbi as registryAbi,
  systemConfigAbi,
} from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import { LIQUIDITY_CONTROLLER, PROXY_ADMIN } from "../deploy/addresses.ts";
import { governanceError } from "./errors.ts";
import { type Batch, l1Batch, l2Batch } from "./hand-over-batches.ts";
import { listPowers, type Power, type Realm } from "./powers.ts";

/** A step of the hand-over. */
export interface HandOverStep {
  what: string;
  chain: "L1" | "L2";
  /** Undefined: anybody's key will do. */
  who: Address | undefined;
  /** Seconds of the chain's clock from which on it can be done; 0: now. */
  from: bigint;
  act(account: Account): Promise<unknown>;
}

/** Both chains to send to, and all that {@link listPowers} asks. */
export interface HandOverRealm extends Realm {
  l1Client: ChainClient;
  l2Client: ChainClient;
  /** Who cancels and pauses afterwards. */
  council: Address;
}

/**
 * What is left of the hand-over, each with who can do it and when; empty once it is whole. The contracts on L1 have to be there
 * (see deployRelay). An owner's right goes with its own transaction; what only a timelock can change is scheduled there by whoever
 * may still propose, takes its proposer's rights away with the last calls, and waits as long as every change.
 * @throws CodedError `HAND_OVER_REFUSED` when an owner is neither the expected timelock nor a key.
 */
export async function remainingSteps(realm: HandOverRealm): Promise<HandOverStep[]> {
  const powers = await listPowers(realm);
  const steps: HandOverStep[] = [];
  const { contracts, protocol, at, l1Client, l2Client } = realm;
  const give = (found: Found, to: Address, what: string, client: ChainClient, data: Hex) => {
    const { holder, chain, address } = found;
    if (holder === to) return;
    requirePerson(powers, found, to);
    const act = (account: Account) => send(client, account, { to: address, data });
    steps.push({ what, chain, who: holder, from: 0n, act });
  };
  const owner = (chain: Power["chain"], contract: string, address: Address): Found => {
    const holder = powers.find(
      (one) => one.chain === chain && one.contract === contract && one.power === "owner",
    );
    return { chain, contract, address, holder: holder!.holder };
  };
  give(
    owner("L1", "systemConfig", contracts.systemConfig),
    contracts.timelock,
    "SystemConfig to the timelock on L1",
    l1Client,
    transfer(systemConfigAbi, contracts.timelock),
  );
  give(
    owner("L2", "proxyAdmin", PROXY_ADMIN),
    at.upgrades,
    "ProxyAdmin to the timelock of upgrades",
    l2Client,
    transfer(proxyAdminAbi, at.upgrades),
  );
  give(
    owner("L2", "liquidityController", LIQUIDITY_CONTROLLER),
    at.upgrades,
    "LiquidityController to the timelock of upgrades",
    l2Client,
    transfer(liquidityControllerAbi, at.upgrades),
  );
  for (const [name, address] of registries(realm)) {
    const what = `code of ${name} to the timelock of upgrades`;
    give(owner("L2", name, address), at.upgrades, what, l2Client, transfer(registryAbi, at.upgrades));
  }
  const parameters = owner("L2", "parameters", protocol.parameters);
  const isPending = powers.some(({ power, holder }) => power === "pendingOwner" && holder === at.timelock);
  if (!isPending) {
    give(
      parameters,
      at.timelock,
      "ProtocolParameters to the timelock, which accepts below",
      l2Client,
      transfer(protocolParametersAbi, at.timelock),
    );
  }
  for (const [name, address] of circleContracts(realm)) {
    const what = `${name} of OpenCircle to the timelock`;
    give(owner("L2", name, address), at.timelock, what, l2Client, transfer(openCircleAbi, at.timelock));
  }
  const onL1 = await l1Batch(realm, powers);
  if (onL1) steps.push(await batchStep(realm, onL1));
  const onL2 = l2Batch(realm, powers);
  // Accepting before the offer is there would fail.
  if (onL2 && (isPending || parameters.holder === at.timelock)) steps.push(await batchStep(realm, onL2));
  else if (onL2) steps.push(afterTheOffer(onL2));
  return steps;
}

function registries({ protocol, agents }: HandOverRealm): (readonly [name: string, address: Address])[] {
  return [
    ["datanets", protocol.datanets],
    ["modelRegistry", protocol.modelRegistry],
    ...(agents ? [["agentRegistry", agents.registry] as const] : []),
  ];
}

function circleContracts({ circle }: HandOverRealm): (readonly [name: string, address: Address])[] {
  if (circle === undefined) return [];
  return [
    ["circle", circle.circle],
    ["circleFund", circle.fund],
    ["circleReviewers", circle.reviewers],
  ];
}

interface Found {
  chain: Power["chain"];
  contract: string;
  address: Address;
  holder: Address;
}

function transfer(
  abi:
    | typeof systemConfigAbi
    | typeof proxyAdminAbi
    | typeof liquidityControllerAbi
    | typeof protocolParametersAbi
    | typeof openCircleAbi
    | typeof registryAbi,
  to: Address,
): Hex {
  return encodeFunctionData({
    abi: abi as typeof proxyAdminAbi,
    functionName: "transferOwnership",
    args: [to],
  });
}

function requirePerson(powers: readonly Power[], { chain, contract, holder }: Found, to: Address): void {
  if (powers.some((one) => one.holder === holder && one.isPerson)) return;
  throw governanceError("HAND_OVER_REFUSED", {
    message: `${contract} on ${chain} belongs to the contract ${holder}, not to a key and not to ${to}`,
    fix: "that contract has to give it away itself",
    facts: { chain, contract, holder },
  });
}

const GATE_ABI = parseAbi([
  "function hashOperationBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) pure returns (bytes32)",
  "function getTimestamp(bytes32 id) view returns (uint256)",
]);

/** Scheduling, or once that is done executing, a batch in its timelock. */
async function batchStep(realm: HandOverRealm, batch: Batch): Promise<HandOverStep> {
  const { chain, timelock, proposer, what, targets, payloads } = batch;
  const client = chain === "L1" ? realm.l1Client : realm.l2Client;
  const abi = chain === "L1" ? l1TimelockAbi : parametersTimelockAbi;
  const values = targets.map(() => 0n);
  const order = [targets, values, payloads, zeroHash, batch.salt] as const;
  const read = { address: timelock, abi: GATE_ABI } as const;
  const id = await client.public.readContract({ ...read, functionName: "hashOperationBatch", args: order });
  const ready = await client.public.readContract({ ...read, functionName: "getTimestamp", args: [id] });
  if (ready > 1n) {
    const data = encodeFunctionData({ abi: l1TimelockAbi, functionName: "executeBatch", args: order });
    const act = (account: Account) => send(client, account, { to: timelock, data });
    return { what: `${what}: execute`, chain, who: undefined, from: ready, act };
  }
  const act = async (account: Account) => {
    const delay = await client.public.readContract({ address: timelock, abi, functionName: "getMinDelay" });
    const args = [...order, delay] as const;
    const data = encodeFunctionData({ abi: l1TimelockAbi, functionName: "scheduleBatch", args });
    await send(client, account, { to: timelock, data });
  };
  return { what: `${what}: schedule`, chain, who: proposer, from: 0n, act };
}

/** Nobody can do it yet: it shows what is coming. */
function afterTheOffer({ what, chain, proposer }: Batch): HandOverStep {
  const act = () => Promise.resolve();
  return { what: `${what}: schedule, after the step above`, chain, who: proposer, from: NEVER, act };
}

/** Later than any clock: the list has to be made again first. */
export const NEVER = 2n ** 64n - 1n;
