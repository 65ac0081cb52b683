import { bytesToHex, decodeFunctionResult, encodeFunctionData, keccak256, numberToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Epoch, EpochTerms } from "../../node/ai/epoch/epoch.ts";
import { type Closing, closingOf } from "../../node/ai/epoch/shown.ts";
import { signVoucher } from "../../node/ai/epoch/voucher.ts";
import { announcementsAbi, inferenceEpochsAbi } from "../../node/chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../node/chain/types/primitives.ts";
import { addressOfNext, call, deploy, setBalance } from "./evm.ts";
import { addresses, COIN, HOST, must, PARAMETERS, type Protocol, WATCHER } from "./protocol.ts";

/** Epochs beside the protocol's contracts, with payers that have keys and filled purses. */

const DELAY = 3_600n;
const AUDITED_LEAVES = 4n;
const NO_AUDITS: Address = `0x${"00".repeat(20)}`;
/** Of the test EVM. */
const CHAIN_ID = 1;
export const PURSE = 1_000n * COIN;
export const PAYERS = [1, 2, 3].map((key) => privateKeyToAccount(numberToHex(key, { size: 32 })));
export const CONTENTS: Hash = keccak256("0x09");

/** Terms of the model that the protocol's HOST serves. */
export const TERMS: EpochTerms = {
  modelId: 1n,
  rateIn: COIN,
  rateOut: 3n * COIN,
  platformBps: PARAMETERS.platformBps,
  contributorsBps: 5_000,
};

export interface EpochContracts {
  epochs: Address;
  challenges: Address;
  leaves: Address;
  demands: Address;
}

export const epochsCall = (functionName: string, args: readonly unknown[]): Hex =>
  encodeFunctionData({ abi: inferenceEpochsAbi, functionName, args } as never);

export async function deployEpochs(p: Protocol): Promise<EpochContracts> {
  const { parameters, models, ledger, staking, hosts, pools } = p.at;
  const next = await Promise.all([1, 2, 3, 4].map((steps) => addressOfNext(p.evm, steps)));
  const parts = addresses(
    parameters,
    models,
    ledger,
    staking,
    hosts,
    pools,
    p.balances,
    next[0]!,
    next[1]!,
    next[2]!,
    NO_AUDITS,
  );
  const numbers = [AUDITED_LEAVES, DELAY].map((value) => numberToHex(value, { size: 32 }).slice(2));
  const epochs = await deploy(p.evm, "InferenceEpochs", `${parts}${numbers.join("")}` as Hex);
  const named = addresses(parameters, p.balances, models, epochs);
  const challenges = await deploy(p.evm, "EpochChallenges", named);
  const leaves = await deploy(p.evm, "EpochLeaves", addresses(epochs, next[3]!));
  const demands = await deploy(p.evm, "EpochDemands", addresses(parameters, p.balances, epochs));
  await deploy(p.evm, "ClaimChallenges", addresses(parameters, p.balances, models, leaves));
  for (const { address } of PAYERS) {
    await setBalance(p.evm, address.toLowerCase() as Address, PURSE);
    const fill = epochsCall("fill", [address, HOST]);
    await must(p, epochs, fill, { from: address.toLowerCase() as Address, value: PURSE });
  }
  await setBalance(p.evm, HOST, 10n ** 24n);
  await setBalance(p.evm, WATCHER, 1_000n * COIN);
  return { epochs, challenges, leaves, demands };
}

/** Reads from InferenceEpochs. */
export async function readEpochs<T>(
  p: Protocol,
  epochs: Address,
  functionName: string,
  args: readonly unknown[],
): Promise<T> {
  const { execResult } = await call(p.evm, epochs, epochsCall(functionName, args), { timestamp: p.now });
  const data = bytesToHex(execResult.returnValue);
  return decodeFunctionResult({ abi: inferenceEpochsAbi, functionName, data } as never) as T;
}

/** Closes an epoch as HOST, true or not, with vouchers over what each payer has spent and spends now. Returns its gas. */
export async function closeEpoch(
  p: Protocol,
  { epochs }: EpochContracts,
  epoch: Epoch,
  changed: Partial<Closing> = {},
): Promise<bigint> {
  const closing = { ...closingOf(epoch, TERMS, CONTENTS), ...changed };
  const feeOf = (net: bigint) => net + net / 9n;
  const fees = epoch.ranges.reduce((sum, { net }) => sum + feeOf(net), 0n);
  const vouchers = [];
  const spent = new Map<string, bigint>();
  for (const { payer, net } of epoch.ranges) {
    const account = PAYERS.find(({ address }) => address.toLowerCase() === payer)!;
    const purse = await readEpochs<{ spent: bigint }>(p, epochs, "purseOf", [payer, HOST]);
    const cumulative = (spent.get(payer) ?? purse.spent) + feeOf(net);
    spent.set(payer, cumulative);
    const validUntil = p.now + 100n;
    const signature = await signVoucher(account, CHAIN_ID, epochs, { host: HOST, cumulative, validUntil });
    vouchers.push({ cumulative, validUntil, signature });
  }
  const value = await readEpochs<bigint>(p, epochs, "bondOf", [fees, closing.count, closing.largestNet]);
  return must(p, epochs, epochsCall("close", [closing, epoch.ranges, vouchers]), { from: HOST, value });
}

/** Announces a call as WATCHER and makes it in the next block. */
export async function challenge(p: Protocol, to: Address, data: Hex): Promise<void> {
  const announce = encodeFunctionData({
    abi: announcementsAbi,
    functionName: "announce",
    args: [keccak256(data)],
  });
  await must(p, to, announce, { from: WATCHER, value: COIN });
  await must(p, to, data, { from: WATCHER });
}
