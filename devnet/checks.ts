import { createPublicClient, http, type PublicClient } from "viem";
import { OPEN_MINTER } from "../node/chain/constants.ts";
import { l2OutputOracleAbi, openAbi, openBridgeAbi, openMinterAbi } from "../node/chain/generated/abi.ts";
import type { Address, Hash } from "../node/chain/types/primitives.ts";
import { NATIVE_ASSET_LIQUIDITY, OPEN_SUPPLY } from "../node/deploy/addresses.ts";
import type { L1Contracts } from "../node/deploy/deployment.ts";
import { devAccounts } from "./accounts.ts";
import { jsonRpc } from "./json-rpc.ts";
import type { JobResult } from "./main-job.ts";
import { voteHolds } from "./vote.ts";

/** One line of the verdict. */
export interface Check {
  what: string;
  holds: boolean;
  detail: string;
}

export interface CheckContext {
  l1Url: string;
  sequencerUrl: string;
  verifierUrl: string;
  contracts: L1Contracts;
  /** B: the block that holds the last transaction to look at. */
  block: bigint;
  signal: AbortSignal;
}

interface RpcHeader {
  hash: Hash;
  stateRoot: Hash;
  receiptsRoot: Hash;
}

/** Hash, state root and receipts root of blocks 0…B on both nodes. */
export async function checkSameChain({
  sequencerUrl,
  verifierUrl,
  block,
  signal,
}: CheckContext): Promise<Check> {
  const header = (url: string, number: bigint) =>
    jsonRpc(
      url,
      "eth_getBlockByNumber",
      [`0x${number.toString(16)}`, false],
      signal,
    ) as Promise<RpcHeader | null>;
  for (let number = 0n; number <= block; number++) {
    const [a, b] = await Promise.all([header(sequencerUrl, number), header(verifierUrl, number)]);
    const same =
      a && b && a.hash === b.hash && a.stateRoot === b.stateRoot && a.receiptsRoot === b.receiptsRoot;
    if (!same)
      return { what: "both nodes hold the same chain", holds: false, detail: `block ${number} differs` };
  }
  return {
    what: "both nodes hold the same chain",
    holds: true,
    detail: `blocks 0 to ${block}: hash, state root, receipts root`,
  };
}

/** Balances of all devnet accounts at B. */
export async function checkBalances(context: CheckContext): Promise<Check> {
  const [a, b] = [context.sequencerUrl, context.verifierUrl].map(clientOf) as [PublicClient, PublicClient];
  const accounts = Object.values(devAccounts());
  const wrong: string[] = [];
  for (const { address, name } of accounts) {
    const at = { address, blockNumber: context.block };
    if ((await a.getBalance(at)) !== (await b.getBalance(at))) wrong.push(name);
  }
  const what = `balances at block ${context.block} are equal`;
  return {
    what,
    holds: wrong.length === 0,
    detail: wrong.length > 0 ? wrong.join(", ") : `${accounts.length} accounts`,
  };
}

/** The newest output on L1 against what the second node says. */
export async function checkOutput({ l1Url, verifierUrl, contracts, signal }: CheckContext): Promise<Check> {
  const what = "an output proposed to L1 equals the second node's";
  const l1 = clientOf(l1Url);
  const oracle = { address: contracts.l2OutputOracle, abi: l2OutputOracleAbi } as const;
  const next = await l1.readContract({ ...oracle, functionName: "nextOutputIndex" });
  if (next === 0n) return { what, holds: false, detail: "nothing is proposed yet" };
  const proposed = await l1.readContract({ ...oracle, functionName: "getL2Output", args: [next - 1n] });
  const number = `0x${proposed.l2BlockNumber.toString(16)}`;
  const own = (await jsonRpc(verifierUrl, "optimism_outputAtBlock", [number], signal)) as {
    outputRoot: Hash;
  };
  const holds = own.outputRoot === proposed.outputRoot;
  return { what, holds, detail: `block ${proposed.l2BlockNumber}: ${proposed.outputRoot}` };
}

/** Every settled receipt: what was paid and refunded is the escrow, and what was paid is the fee. */
export function checkPayouts(job: JobResult): Check {
  const what = "payouts sum to the fee, to the wei";
  for (const { receipt, request } of job.questions) {
    const { fee, paid, payout } = receipt.settlement;
    const { contributors, pools, owner, host, stakers, platform } = payout;
    const parts = contributors + pools + owner + host + stakers + platform;
    const sent = paid.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
    if (parts !== BigInt(fee) || sent !== contributors) {
      return { what, holds: false, detail: `request ${request}: ${parts} and ${sent} for a fee of ${fee}` };
    }
  }
  return { what, holds: true, detail: `${job.questions.length} requests` };
}

/** Escrow on L1, less what is on its way home, = 10^27 - liquidity on L2. */
export async function checkConservation({ l1Url, verifierUrl, contracts }: CheckContext): Promise<Check> {
  const address: Address = contracts.openBridge;
  const l1 = clientOf(l1Url);
  const escrow = await l1.readContract({ address, abi: openBridgeAbi, functionName: "escrow" });
  const held = await l1.readContract({
    address: contracts.open,
    abi: openAbi,
    functionName: "balanceOf",
    args: [address],
  });
  const liquidity = await clientOf(verifierUrl).getBalance({ address: NATIVE_ASSET_LIQUIDITY });
  const withdrawn = await clientOf(verifierUrl).readContract({
    address: OPEN_MINTER,
    abi: openMinterAbi,
    functionName: "withdrawn",
  });
  const released = await l1.readContract({ address, abi: openBridgeAbi, functionName: "released" });
  const holds = escrow - (withdrawn - released) === OPEN_SUPPLY - liquidity && held >= escrow;
  return {
    what: "OPEN is conserved over L1 and L2",
    holds,
    detail: `${escrow} wei on L1, ${withdrawn - released} on the way home, ${liquidity} wei left on L2`,
  };
}

/** The expected answers to the questions in the rows' own words, and their contributors first. */
export function checkAnswers(job: JobResult): Check[] {
  const names = new Map(
    Object.values(devAccounts()).map(({ address, name }) => [address as string, name as string]),
  );
  const own = job.questions.filter(({ question }) => question.wording === "own words");
  const answered = own.filter(({ question, receipt }) => receipt.answer === question.answer);
  const traced = own.filter(
    ({ question, receipt }) => topContributor(receipt, names) === question.contributor,
  );
  return [
    {
      what: "questions in the rows' own words are answered exactly",
      holds: answered.length === own.length,
      detail: `${answered.length} of ${own.length}`,
    },
    {
      what: "the right contributor comes first",
      holds: traced.length === own.length,
      detail: `${traced.length} of ${own.length}`,
    },
  ];
}

/** Name of the contributor with the largest weight. */
export function topContributor(
  receipt: JobResult["questions"][number]["receipt"],
  names: ReadonlyMap<string, string>,
) {
  const sums = new Map<string, bigint>();
  for (const [at, { contributor }] of receipt.contributors.entries()) {
    sums.set(contributor, (sums.get(contributor) ?? 0n) + BigInt(receipt.claim.list.weights[at] ?? 0));
  }
  const [first] = [...sums].sort(([, a], [, b]) => (b > a ? 1 : -1));
  return first && names.get(first[0]);
}

/** Half of what the liar lost is the watcher's; the deposit of its announcement came back beside it. */
export function checkBond({ falseClaim }: JobResult): Check {
  const gained = BigInt(falseClaim.watcherBalanceAfter) - BigInt(falseClaim.watcherBalanceBefore);
  const reward = gained - BigInt(falseClaim.deposit);
  return {
    what: "half of what the false claim's host lost went to the watcher",
    holds: reward === BigInt(falseClaim.lost) / 2n && reward > 0n,
    detail: `${reward} of ${falseClaim.lost} wei for ${falseClaim.challengeTransaction}`,
  };
}

/** What went home is paula's on L1: she has no other OPEN there. */
export async function checkHome({ l1Url, contracts }: CheckContext, { home }: JobResult): Promise<Check> {
  const args = [devAccounts().paula.address] as const;
  const balance = await clientOf(l1Url).readContract({
    address: contracts.open,
    abi: openAbi,
    functionName: "balanceOf",
    args,
  });
  return {
    what: "OPEN went home to L1",
    holds: balance === home.amount,
    detail: `${balance} wei for ${home.transaction}`,
  };
}

/** A vote changed a parameter, and after the hand-over nothing else can. */
export function checkVote({ voted }: JobResult): Check[] {
  const { changed, handedOver } = voteHolds(voted);
  return [
    {
      what: "a vote changed a parameter",
      holds: changed,
      detail: `proposal ${voted.proposal}: reviewPeriod ${voted.reviewPeriod} s`,
    },
    {
      what: "no key rules but batcher, proposer, sequencer and council",
      holds: handedOver,
      detail: voted.keys.join(", "),
    },
  ];
}

function clientOf(url: string): PublicClient {
  return createPublicClient({ transport: http(url) });
}
