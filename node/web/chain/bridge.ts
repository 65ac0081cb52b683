import { queryOptions } from "@tanstack/react-query";
import { type Chain, encodeFunctionData, type Log } from "viem";
import { getL2TransactionHashes } from "viem/op-stack";
import { type ChainClient, connectChain } from "../../ai/client/chain.ts";
import {
  finalizeOrder,
  findWithdrawal,
  type HomewardContracts,
  proveOrder,
  type Withdrawal,
  withdrawalsOf,
  withdrawOrder,
} from "../../ai/client/withdrawals.ts";
import { OPEN_MINTER } from "../../chain/constants.ts";
import {
  l1CrossDomainMessengerAbi,
  openAbi,
  openBridgeAbi,
  openMinterAbi,
  optimismPortalAbi,
} from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import type { Connection } from "./connection.tsx";
import type { Signer } from "./signer.ts";
import { transact } from "./transact.ts";

/** Deposits and withdrawals that are listed, the newest ones. */
const MOST = 20;

/** L1 with what lies there of this chain, as the contracts themselves name it. */
export interface L1Side {
  client: ChainClient;
  contracts: HomewardContracts & { open: Address; openBridge: Address };
}

/** L1, where pages may ask it. */
export const l1Query = (connection: Connection) =>
  queryOptions({
    queryKey: ["l1"],
    queryFn: () => connectL1(connection),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** L1's node. @throws CodedError `L1_ABSENT`, and of connecting. */
export async function connectToL1({ site }: Pick<Connection, "site">): Promise<ChainClient> {
  if (site.l1Url === undefined) {
    throw webError("L1_ABSENT", {
      message: "This node's pages may not ask L1.",
      fix: "Its operator names an L1 for pages with --web-l1-url; `openledger account withdraw --help` does the same from a terminal.",
    });
  }
  const connected = await connectChain(site.l1Url);
  const chain: Chain = {
    ...connected.chain,
    name: "L1",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  };
  return { ...connected, chain };
}

/** @throws as {@link connectToL1}. */
async function connectL1(connection: Connection): Promise<L1Side> {
  const { client: l2 } = connection;
  const client = await connectToL1(connection);
  const minter = { address: OPEN_MINTER, abi: openMinterAbi } as const;
  const openBridge = await l2.public.readContract({ ...minter, functionName: "bridge" });
  const bridge = { address: openBridge, abi: openBridgeAbi } as const;
  const [open, l1CrossDomainMessenger] = await Promise.all([
    client.public.readContract({ ...bridge, functionName: "open" }),
    client.public.readContract({ ...bridge, functionName: "messenger" }),
  ]);
  const optimismPortal = await client.public.readContract({
    address: l1CrossDomainMessenger,
    abi: l1CrossDomainMessengerAbi,
    functionName: "portal",
  });
  const l2OutputOracle = await client.public.readContract({
    address: optimismPortal,
    abi: optimismPortalAbi,
    functionName: "l2Oracle",
  });
  return { client, contracts: { open, openBridge, l1CrossDomainMessenger, optimismPortal, l2OutputOracle } };
}

/** What an account has on both sides, in wei. */
export interface Balances {
  l1: bigint;
  l2: bigint;
  /** Ether on L1, which pays for its transactions. */
  ether: bigint;
  /** OPEN on L1 that the bridge may take already. */
  allowance: bigint;
}

export async function balancesOf({ client }: Connection, l1: L1Side, account: Address): Promise<Balances> {
  const open = { address: l1.contracts.open, abi: openAbi } as const;
  const [onL1, allowance, ether, onL2] = await Promise.all([
    l1.client.public.readContract({ ...open, functionName: "balanceOf", args: [account] }),
    l1.client.public.readContract({
      ...open,
      functionName: "allowance",
      args: [account, l1.contracts.openBridge],
    }),
    l1.client.public.getBalance({ address: account }),
    client.public.getBalance({ address: account }),
  ]);
  return { l1: onL1, l2: onL2, ether, allowance };
}

/** A step of a deposit, in their order. */
export type DepositStep = "approve" | "deposit";

/**
 * Brings OPEN to L2: allows the bridge to take it where it may not yet, and hands it over. Done again after a break it goes on:
 * an allowance that stands is not given twice.
 */
export async function deposit(
  l1: L1Side,
  signer: Signer,
  amount: bigint,
  allowance: bigint,
  onStep: (step: DepositStep) => void,
): Promise<void> {
  const { open, openBridge } = l1.contracts;
  if (allowance < amount) {
    onStep("approve");
    const args = [openBridge, amount] as const;
    const data = encodeFunctionData({ abi: openAbi, functionName: "approve", args });
    await transact(l1.client, signer, { to: open, data });
  }
  onStep("deposit");
  const args = [signer.address, amount] as const;
  const data = encodeFunctionData({ abi: openBridgeAbi, functionName: "deposit", args });
  await transact(l1.client, signer, { to: openBridge, data });
}

/** A deposit that L1 took. */
export interface Deposit {
  l1Transaction: Hash;
  l1Block: bigint;
  to: Address;
  amount: bigint;
  /** The transaction on L2 that mints it: its hash follows from L1's. */
  l2Transaction: Hash;
  /** Its block on L2; undefined until it is there. */
  l2Block: bigint | undefined;
}

/** An account's newest deposits, newest first. */
export async function depositsOf(
  { client }: Connection,
  { client: l1, contracts }: L1Side,
  from: Address,
): Promise<Deposit[]> {
  const events = await l1.public.getContractEvents({
    address: contracts.openBridge,
    abi: openBridgeAbi,
    eventName: "DepositInitiated",
    args: { from },
    fromBlock: 0n,
    strict: true,
  });
  const newest = events.reverse().slice(0, MOST);
  return Promise.all(
    newest.map(async ({ args, transactionHash, blockNumber }): Promise<Deposit> => {
      const { logs } = await l1.public.getTransactionReceipt({ hash: transactionHash });
      const [l2Transaction] = getL2TransactionHashes({ logs: logs as Log[] });
      const receipt = await client.public
        .getTransactionReceipt({ hash: l2Transaction! })
        .catch(() => undefined);
      return {
        ...{ l1Transaction: transactionHash, l1Block: blockNumber, to: args.to, amount: args.amount },
        l2Transaction: l2Transaction!,
        l2Block: receipt?.blockNumber,
      };
    }),
  );
}

const wayOf = ({ client }: Connection, { client: l1, contracts }: L1Side) => ({
  ...{ l1: l1.public, l2: client.public, contracts },
});

/** An account's newest withdrawals with how far each is, newest first. */
export async function withdrawalsOfAccount(
  connection: Connection,
  l1: L1Side,
  account: Address,
): Promise<Withdrawal[]> {
  const way = wayOf(connection, l1);
  const hashes = (await withdrawalsOf(way, account)).reverse().slice(0, MOST);
  const found = await Promise.all(hashes.map((hash) => findWithdrawal(way, hash)));
  return found.filter((one) => one !== undefined);
}

/** The withdrawal that a transaction on L2 made; undefined where it made none. */
export function withdrawalOf(
  connection: Connection,
  l1: L1Side,
  transaction: Hash,
): Promise<Withdrawal | undefined> {
  return findWithdrawal(wayOf(connection, l1), transaction);
}

/** Burns OPEN on L2 for the account itself on L1. */
export async function withdrawToL1({ client }: Connection, signer: Signer, value: bigint): Promise<void> {
  await transact(client, signer, { ...withdrawOrder(signer.address), value });
}

/** Takes a withdrawal's next step on L1: proves it, finalizes it, or replays a transfer that failed. */
export async function stepWithdrawal(
  connection: Connection,
  l1: L1Side,
  signer: Signer,
  withdrawal: Withdrawal,
): Promise<void> {
  const way = wayOf(connection, l1);
  const order =
    withdrawal.state === "provable" ? await proveOrder(way, withdrawal) : finalizeOrder(way, withdrawal);
  await transact(l1.client, signer, order);
}
