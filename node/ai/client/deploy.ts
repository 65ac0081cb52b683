import { type Abi, type Account, encodeDeployData } from "viem";
import {
  datanetRegistryAbi,
  inferenceMarketAbi,
  modelRegistryAbi,
  modelStakingAbi,
  protocolParametersAbi,
  rewardBalancesAbi,
} from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { type ChainClient, type ProtocolAddresses, send } from "./chain.ts";

/** What governance sets; see the contract ProtocolParameters. Amounts in wei, times in seconds, parts in 1/10000. */
export interface ProtocolSettings {
  treasury: Address;
  platformBps: number;
  claimBond: bigint;
  challengeWindow: number;
  claimTimeout: number;
  reviewPeriod: number;
  stakePeriod: number;
  unstakeDelay: number;
}

export interface SplitBounds {
  contributorsMin: number;
  ownerMax: number;
  hostMax: number;
  stakersMax: number;
}

/** Short periods, so that a whole inference with its challenge window is over in seconds. */
export const DEVNET_SETTINGS: Omit<ProtocolSettings, "treasury"> = {
  platformBps: 1000,
  claimBond: 10n ** 18n,
  challengeWindow: 8,
  claimTimeout: 600,
  reviewPeriod: 3600,
  stakePeriod: 3600,
  unstakeDelay: 3600,
};

export const DEFAULT_BOUNDS: SplitBounds = {
  contributorsMin: 3000,
  ownerMax: 4000,
  hostMax: 4000,
  stakersMax: 3000,
};

/**
 * Deploys the protocol's contracts one after the other from `account`, which governs them.
 * @param creationCode gives a contract's creation code without constructor arguments.
 */
export async function deployProtocol(
  client: ChainClient,
  account: Account,
  settings: ProtocolSettings,
  bounds: SplitBounds,
  creationCode: (contract: string) => Hex,
): Promise<ProtocolAddresses> {
  const deploy = async (contract: string, abi: Abi, args: readonly unknown[]): Promise<Address> => {
    const data = encodeDeployData({ abi, bytecode: creationCode(contract), args });
    const { hash, receipt } = await send(client, account, { data });
    if (receipt.contractAddress) return receipt.contractAddress.toLowerCase() as Address;
    throw aiError("DEPLOYMENT_FAILED", {
      message: `the transaction ${hash} did not create ${contract}`,
      facts: { contract, hash },
    });
  };
  const parameters = await deploy("ProtocolParameters", protocolParametersAbi, [
    account.address,
    settings,
    bounds,
  ]);
  const balances = await deploy("RewardBalances", rewardBalancesAbi, []);
  const datanets = await deploy("DatanetRegistry", datanetRegistryAbi, [parameters, balances]);
  const models = await deploy("ModelRegistry", modelRegistryAbi, [parameters, datanets]);
  const staking = await deploy("ModelStaking", modelStakingAbi, [parameters, models, balances]);
  const market = await deploy("InferenceMarket", inferenceMarketAbi, [parameters, models, staking, balances]);
  return { parameters, balances, datanets, models, staking, market };
}
