import { encodeFunctionData, keccak256, stringToBytes } from "viem";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import { circlePanelsAbi as abi } from "../chain/generated/abi.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import type { CircleAddresses } from "./addresses.ts";
import { circleError } from "./errors.ts";
import { PANEL_STATES, type PanelState } from "./words.ts";

type At = Pick<CircleAddresses, "panels">;

/** A drawn reviewer and what it said. */
export interface Member {
  reviewer: Address;
  /** False once it has given its seat up. */
  isSeated: boolean;
  hasCommitted: boolean;
  /** Once it is revealed. */
  score: number | undefined;
}

/** A panel on an application or a milestone. Amounts in wei, times in seconds. */
export interface Panel {
  id: bigint;
  grantId: bigint;
  state: PanelState;
  seats: number;
  members: readonly Member[];
  /** L1 block that draws. */
  seedBlock: bigint;
  /** Until when it has to be drawn. */
  drawUntil: bigint;
  /** Until when reviewers commit, and then reveal; 0 before the draw. */
  commitUntil: bigint;
  revealUntil: bigint;
  pot: bigint;
}

export async function getPanel(client: ChainClient, { panels: address }: At, id: bigint): Promise<Panel> {
  const read = { address, abi } as const;
  const [panel, reviewers, draw, commit, reveal] = await Promise.all([
    client.public.readContract({ ...read, functionName: "panelOf", args: [id] }),
    client.public.readContract({ ...read, functionName: "membersOf", args: [id] }),
    client.public.readContract({ ...read, functionName: "DRAW_PERIOD" }),
    client.public.readContract({ ...read, functionName: "COMMIT_PERIOD" }),
    client.public.readContract({ ...read, functionName: "REVEAL_PERIOD" }),
  ]);
  const members = reviewers.map(async (reviewer): Promise<Member> => {
    const vote = await client.public.readContract({ ...read, functionName: "voteOf", args: [id, reviewer] });
    return {
      reviewer: reviewer.toLowerCase() as Address,
      isSeated: vote.isSeated,
      hasCommitted: BigInt(vote.commitment) !== 0n,
      score: vote.isRevealed ? vote.score : undefined,
    };
  });
  const commitUntil = panel.drawnAt === 0n ? 0n : panel.drawnAt + commit;
  return {
    ...{ id, grantId: panel.grantId, seats: panel.seats, seedBlock: panel.seedBlock, pot: panel.pot },
    state: PANEL_STATES[panel.status] ?? "none",
    members: await Promise.all(members),
    drawUntil: panel.openedAt + draw,
    commitUntil,
    revealUntil: commitUntil === 0n ? 0n : commitUntil + reveal,
  };
}

/** The call that draws a panel whose L1 block is recorded; anybody may. */
export function drawOrder({ panels: to }: At, id: bigint): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "draw", args: [id] }) };
}

/** The call by which a drawn reviewer gives its seat up because it has to do with the grant. */
export function recuseOrder({ panels: to }: At, id: bigint, reason: string): TransactionOrder {
  const args = [id, keccak256(stringToBytes(reason))] as const;
  return { to, data: encodeFunctionData({ abi, functionName: "recuse", args }) };
}

/** What a reviewer says of a grant. */
export interface Verdict {
  panel: bigint;
  /** 0 to 100. */
  score: number;
  reason: string;
}

/** Whose score it is. */
export interface Voter {
  address: Address;
  /** Signs a message (EIP-191), the same one always with the same bytes. */
  sign(message: string): Promise<Hex>;
}

/**
 * The next call of a vote: it commits to the score, and once the time of commitments is over it reveals it. Asked for again with the
 * same verdict it goes on. The salt follows from the voter's signature, so that nothing has to be kept in between.
 * @returns `opensAt`: while the score is hidden, the chain's second after which it can be revealed.
 * @throws CodedError `SCORE_EARLY` where it is committed already and can't be revealed yet, and as the voter's signing.
 */
export async function scoreOrder(
  client: ChainClient,
  at: At,
  { address, sign }: Voter,
  { panel: id, score, reason }: Verdict,
): Promise<{ order: TransactionOrder; opensAt: bigint | undefined }> {
  const panel = await getPanel(client, at, id);
  const own = panel.members.find(({ reviewer }) => reviewer === address.toLowerCase());
  const { timestamp } = await client.public.getBlock();
  if (own?.hasCommitted && timestamp <= panel.commitUntil) {
    throw circleError("SCORE_EARLY", {
      message: `the score is committed; scores are revealed after ${new Date(Number(panel.commitUntil) * 1000).toISOString()}`,
      fix: "give the same score with the same reason again then",
      facts: { panel: id, opensAt: panel.commitUntil },
    });
  }
  const salt = keccak256(
    await sign(`OpenCircle score: chain ${client.chain.id}, panels ${at.panels}, panel ${id}`),
  );
  if (own?.hasCommitted) {
    const data = encodeFunctionData({ abi, functionName: "reveal", args: [id, score, reason, salt] });
    return { order: { to: at.panels, data }, opensAt: undefined };
  }
  const hash = await client.public.readContract({
    address: at.panels,
    abi,
    functionName: "commitmentOf",
    args: [id, address, score, reason, salt],
  });
  const data = encodeFunctionData({ abi, functionName: "commit", args: [id, hash] });
  return { order: { to: at.panels, data }, opensAt: panel.commitUntil };
}
