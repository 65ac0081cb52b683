import { type Abi, type Account, encodeDeployData, encodeFunctionData, getContractAddress } from "viem";
import { type ChainClient, type ProtocolAddresses, send } from "../ai/client/chain.ts";
import {
  circleFundAbi,
  circlePanelsAbi,
  circleReviewersAbi,
  circleServicesAbi,
  openCircleAbi,
} from "../chain/generated/abi.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import type { CircleAddresses } from "./addresses.ts";
import { circleError } from "./errors.ts";
import type { CirclePlan, CircleStart } from "./plan.ts";
import { FOCUSES } from "./words.ts";

type Name = keyof CircleAddresses;
/** In the order of their deployment: they name each other, by the addresses that follow from the account's nonce. */
const ORDER = ["fund", "reviewers", "panels", "circle", "services"] as const satisfies readonly Name[];

/** One contract of the deployment: where it will be, and what makes it. */
export interface CirclePart {
  name: Name;
  contract: string;
  address: Address;
  abi: Abi;
  args: readonly unknown[];
}

/** What decides a deployment. */
export interface CircleOrder {
  plan: CirclePlan;
  /** Millionths of a dollar for each OPEN. */
  price: bigint;
  /** Who deploys; its next nonce is `nonce`. */
  founder: Address;
  nonce: bigint;
  protocol: Pick<ProtocolAddresses, "balances" | "parameters" | "seeds">;
}

/** The contracts of OpenCircle, in the order in which the founder creates them; the founder owns them at first. */
export function planCircle({ plan, price, founder, nonce, protocol }: CircleOrder): CirclePart[] {
  const places = ORDER.map((name, i) => {
    const address = getContractAddress({ from: founder, nonce: nonce + BigInt(i) });
    return [name, address.toLowerCase() as Address] as const;
  });
  const at = Object.fromEntries(places) as CircleAddresses;
  const { balances, parameters, seeds } = protocol;
  const { quarter, pricePeriod, priceAgeMax, bond, term, exitDelay } = plan;
  const { drawPeriod, commitPeriod, revealPeriod, silence } = plan;
  const { deposit, reviewFee, seats, seatsLargest, conflictPeriod, approvalPeriod, grace } = plan;
  const fundRules = { quarter, pricePeriod, priceAgeMax };
  const panelRules = { drawPeriod, commitPeriod, revealPeriod, silence };
  const rules = { deposit, reviewFee, seats, seatsLargest, conflictPeriod, approvalPeriod, grace };
  const part = (contract: string, abi: Abi, ...args: readonly unknown[]) => ({ contract, abi, args });
  const parts: Record<Name, Pick<CirclePart, "contract" | "abi" | "args">> = {
    fund: part(
      ...(["CircleFund", circleFundAbi] as const),
      ...[founder, parameters, balances, at.circle, price, fundRules],
    ),
    reviewers: part(
      ...(["CircleReviewers", circleReviewersAbi] as const),
      ...[founder, parameters, balances, at.panels, { bond, term, exitDelay }],
    ),
    panels: part("CirclePanels", circlePanelsAbi, at.reviewers, balances, seeds, at.circle, panelRules),
    circle: part("OpenCircle", openCircleAbi, founder, at.fund, at.panels, rules),
    services: part("CircleServices", circleServicesAbi, at.circle),
  };
  return places.map(([name, address]) => ({ name, address, ...parts[name] }));
}

/** Gas of the calls after the deployment, whose state is not there yet to estimate with. */
const CALL_GAS = 300_000n;
/** Gas of a deployment: its code's price and what its constructor does. */
const deployGas = (bytes: number) => 1_000_000n + BigInt(bytes) * 260n;

/**
 * Deploys OpenCircle from `account`, which sends nothing else meanwhile, funds it, sets its first budgets, admits its first reviewers,
 * and then gives it to `owner`, the timelock of governance.
 * @param creationCode gives a contract's creation code without constructor arguments.
 * @throws CodedError `CIRCLE_DEPLOYMENT_FAILED`; `TRANSACTION_REVERTED` where plan or start are refused.
 */
export async function deployCircle(
  client: ChainClient,
  account: Account,
  protocol: ProtocolAddresses,
  owner: Address,
  { plan, start }: { plan: CirclePlan; start: CircleStart },
  creationCode: (contract: string) => Hex,
): Promise<CircleAddresses> {
  const founder = account.address;
  const nonce = await client.public.getTransactionCount({ address: founder, blockTag: "pending" });
  const parts = planCircle({ plan, price: start.price, founder, nonce: BigInt(nonce), protocol });
  // Handed in one after the other, and mined together.
  const created = parts.map(async ({ contract, address, abi, args }) => {
    const data = encodeDeployData({ abi, bytecode: creationCode(contract), args });
    const { hash, receipt } = await send(client, account, { data, gas: deployGas(data.length / 2) });
    if (receipt.contractAddress?.toLowerCase() === address) return;
    throw circleError("CIRCLE_DEPLOYMENT_FAILED", {
      message: `the transaction ${hash} did not create ${contract} at ${address}`,
      fix: "deploy again, with an account that nothing else uses meanwhile",
      facts: { contract, hash, expected: address, created: receipt.contractAddress },
    });
  });
  const at = Object.fromEntries(parts.map(({ name, address }) => [name, address])) as CircleAddresses;
  const calls = openingCalls(at, owner, start).map((call) =>
    send(client, account, { ...call, gas: CALL_GAS }),
  );
  await Promise.all([...created, ...calls]);
  return at;
}

function openingCalls(at: CircleAddresses, owner: Address, start: CircleStart) {
  const fund = { abi: circleFundAbi };
  const budgets = start.budgets.map(({ quarter, focus, usd, cap }) => ({
    to: at.fund,
    data: encodeFunctionData({
      ...fund,
      functionName: "setBudget",
      args: [quarter, FOCUSES.indexOf(focus), usd, cap],
    }),
  }));
  const reviewers = start.reviewers.map((reviewer, seat) => ({
    to: at.reviewers,
    data: encodeFunctionData({
      abi: circleReviewersAbi,
      functionName: "admit",
      args: [reviewer, BigInt(seat)],
    }),
  }));
  const hand = encodeFunctionData({ ...fund, functionName: "transferOwnership", args: [owner] });
  const money = { to: at.fund, data: encodeFunctionData({ ...fund, functionName: "fund" }) };
  return [
    ...(start.fund > 0n ? [{ ...money, value: start.fund }] : []),
    ...budgets,
    ...reviewers,
    ...[at.fund, at.reviewers, at.circle].map((to) => ({ to, data: hand })),
  ];
}
