import { type Account, encodeFunctionData } from "viem";
import { MAX_PATTERN } from "../../../precompiles/span-verifier/types.ts";
import { claimChallengesAbi as abi } from "../../chain/generated/abi.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import { type AttributionIndex, openedRecord } from "../attribution/sketch-index.ts";
import type { ClaimedPart, ClaimedPlace } from "../fusion/cover-bytes.ts";
import { type CommittedSpans, openInformation, spanIndexOf } from "../spans/commitment.ts";
import { openDocument, openText } from "../spans/proofs.ts";
import type { ChainClient, ProtocolAddresses, SentTransaction } from "./chain.ts";
import { announceAndOpen } from "./challenges.ts";
import { type ClaimWithQuery, claimTuple } from "./claims.ts";

/** What is false in what a claim says of spans, with what shows it: the calls of the contract SpanChallenges. */
export type CoverLie =
  /** The bytes have no right form, or gains don't follow from them. */
  | { kind: "gains" }
  /** `token` is a place in the answer, `id` its token id. */
  | { kind: "information"; token: number; id: number }
  /** `position` is the row's place in the list, none for a span of the cover; `number` its part's or the span's; then the piece. */
  | { kind: "place"; position?: number; number: number; from: number; count: number; claimed: ClaimedPlace }
  /** What had to be taken as span `step`. */
  | { kind: "cover"; step: number; shown: ClaimedPlace }
  | { kind: "part"; position: number; shown: ClaimedPart }
  | { kind: "omission"; rowId: number; parts: ClaimedPart[] };

/** Gas of a call about the largest cover, with room: it takes below 6 million (fusion/spec.md), and more by its bytes. */
const COVER_GAS = 8_000_000n;
const BYTE_GAS = 60n;

/** Announces and shows what is false in what a claim says of spans. Errors as {@link coverCall}'s, and of sending. */
export async function challengeCover(
  client: ChainClient,
  at: Pick<ProtocolAddresses, "challenges" | "parameters">,
  account: Account,
  posted: ClaimWithQuery,
  committed: { index: AttributionIndex; spans: CommittedSpans },
  lie: CoverLie,
  salt: Hash,
): Promise<SentTransaction> {
  const data = await coverCall(posted, committed, lie, salt);
  const gas = COVER_GAS + BYTE_GAS * BigInt(data.length / 2);
  return announceAndOpen(client, at, account, at.challenges, data, gas);
}

/** The contract's number for a span of the cover itself among the rows of a list. */
const OF_COVER = 16n;

/**
 * The call that shows a lie, with what opens it.
 * @param posted the claim; its query with the cover behind it.
 */
export async function coverCall(
  { claim, query }: ClaimWithQuery,
  { index, spans }: { index: AttributionIndex; spans: CommittedSpans },
  lie: CoverLie,
  salt: Hash,
): Promise<Hex> {
  const given = claimTuple(claim);
  if (lie.kind === "gains") {
    return encodeFunctionData({ abi, functionName: "challengeGains", args: [given, query, salt] });
  }
  const opened = [given, query, spanIndexOf(spans)] as const;
  switch (lie.kind) {
    case "information": {
      const args = [...opened, BigInt(lie.token), openInformation(spans, lie.id), salt] as const;
      return encodeFunctionData({ abi, functionName: "challengeInformation", args });
    }
    case "place":
      return placeCall(opened, spans, lie, salt);
    case "cover": {
      const args = [...opened, BigInt(lie.step), await stretchOf(spans, lie.shown), salt] as const;
      return encodeFunctionData({ abi, functionName: "challengeCover", args });
    }
    case "part": {
      const args = [...opened, BigInt(lie.position), await partOf(spans, lie.shown), salt] as const;
      return encodeFunctionData({ abi, functionName: "challengePart", args });
    }
    case "omission": {
      const parts = await Promise.all(lie.parts.map((part) => partOf(spans, part)));
      const args = [...opened, openedRecord(index, lie.rowId), parts, salt] as const;
      return encodeFunctionData({ abi, functionName: "challengeOmittedHolder", args });
    }
  }
}

type Opened = readonly [ReturnType<typeof claimTuple>, Hex, ReturnType<typeof spanIndexOf>];

/** A place outside the text or the table needs no opening: it is false by its number. */
async function placeCall(
  opened: Opened,
  spans: CommittedSpans,
  { position, number, from, count, claimed }: Extract<CoverLie, { kind: "place" }>,
  salt: Hash,
): Promise<Hex> {
  const { symbols, documents } = spans.shard.commitment;
  const place = {
    row: position === undefined ? OF_COVER : BigInt(position),
    number: BigInt(number),
    from: BigInt(from),
    count: BigInt(count),
  };
  const first = claimed.position + from;
  const text = first < symbols ? await openText(spans.shard, first, count) : NOTHING;
  const record = claimed.document < documents ? await openDocument(spans.shard, claimed.document) : NOTHING;
  const args = [...opened, place, text, record, salt] as const;
  return encodeFunctionData({ abi, functionName: "challengePlace", args });
}

const NOTHING = { leaves: "0x" as Hex, siblings: [] };

async function partOf(spans: CommittedSpans, part: ClaimedPart) {
  return { span: BigInt(part.span), stretch: await stretchOf(spans, part) };
}

async function stretchOf({ shard }: CommittedSpans, { start, end, position, document }: ClaimedPlace) {
  const texts = [];
  for (let from = 0; from < end - start; from += MAX_PATTERN) {
    texts.push(await openText(shard, position + from, Math.min(MAX_PATTERN, end - start - from)));
  }
  const record = await openDocument(shard, document);
  return { start: BigInt(start), end: BigInt(end), position, document, texts, record };
}
