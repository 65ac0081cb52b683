import { z } from "zod";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { publishedLeaf } from "../client/epoch-demands.ts";
import { epochsIn } from "../client/epochs.ts";
import type { RegisteredModel } from "../client/models.ts";
import type { ContentSource } from "../content/source.ts";
import type { Epoch } from "../epoch/epoch.ts";
import { type PrepaidAnswer, type PrepaidPlace, prepaidSchema } from "../epoch/prepaid.ts";
import { publishedEpoch } from "../epoch/published.ts";
import { aiError } from "../errors.ts";
import { answerFields, modelPart, withDigits } from "./receipt.ts";

const { hash, integer, count, model } = answerFields;

/** Levels of an epoch's two trees: 2^16 inferences, of 16 payouts each. */
const MAX_LEVELS = 16;
const MAX_PAYOUT_LEVELS = 20;
const MAX_PAYOUTS = 16;
const path = (levels: number) => z.array(z.strictObject({ hash, sum: integer })).max(levels);

const proofSchema = z.strictObject({
  /** Net fee of the leaf, in wei, by the rates at the closing. */
  net: integer,
  /** Siblings of the leaf, bottom up. */
  path: path(MAX_LEVELS),
  /** What contributions earned by it, each at its place in the tree of payouts; null where that tree is not to be had. */
  payouts: z
    .array(
      z.strictObject({
        position: count,
        contributionId: integer,
        amount: integer,
        path: path(MAX_PAYOUT_LEVELS),
      }),
    )
    .max(MAX_PAYOUTS)
    .nullable(),
});

const receiptSchema = z.strictObject({
  format: z.literal("openledger/prepaid-receipt/1"),
  answer: prepaidSchema,
  /** As it was registered, for whoever verifies without a chain. */
  model,
  /** null until its host closed an epoch with it. */
  place: z.strictObject({ epochId: integer, position: count }).nullable(),
  /** null where it stands nowhere, or nobody shows the leaves. */
  proof: proofSchema.nullable(),
});

/** A prepaid answer with its place in an epoch, and what proves it there. */
export type PrepaidReceipt = z.output<typeof receiptSchema>;
export type PrepaidReceiptJson = z.input<typeof receiptSchema>;
export type EpochProof = z.output<typeof proofSchema>;

/** Whether JSON says of itself that it is one: a receipt of a single request has another format. */
export function isPrepaidReceipt(json: unknown): boolean {
  return typeof json === "object" && json !== null && "format" in json && json.format === FORMAT;
}

const FORMAT: PrepaidReceipt["format"] = "openledger/prepaid-receipt/1";

/** Reads one from JSON. @throws CodedError `RECEIPT_INVALID`. */
export function parsePrepaidReceipt(json: unknown): PrepaidReceipt {
  const parsed = receiptSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw aiError("RECEIPT_INVALID", {
    message: `this is no receipt of a prepaid answer: ${issue.path.join(".") || "the whole"}: ${issue.message}`,
    fix: "fetch it again with `openledger receipt show`, from the node that answered",
  });
}

/** The receipt as JSON: bigints as decimal digits. */
export function prepaidReceiptToJson(receipt: PrepaidReceipt): PrepaidReceiptJson {
  return withDigits(receipt) as unknown as PrepaidReceiptJson;
}

/** Puts a receipt together. */
export function makePrepaidReceipt(
  answer: PrepaidAnswer,
  registered: RegisteredModel,
  place: PrepaidPlace | null,
  proof: EpochProof | null,
): PrepaidReceipt {
  return { format: FORMAT, answer, model: modelPart(registered), place, proof };
}

/**
 * What proves the inference at a place: by the epoch's file, else by what its host showed of it on chain. It is not checked here.
 * @returns null where neither is to be had.
 */
export async function proofAt(
  { client, at }: { client: ChainClient; at: ProtocolAddresses },
  content: ContentSource,
  { epochId, position }: PrepaidPlace,
): Promise<EpochProof | null> {
  const to = await client.public.getBlockNumber();
  const [closed] = await epochsIn(client, at, { from: 0n, to, epochId });
  const published = closed && (await publishedEpoch(content, closed));
  if (published !== undefined) {
    const { epoch } = published;
    return position < epoch.inferences.length ? proofOf(epoch, position) : null;
  }
  const shown = await publishedLeaf(client, at, epochId, position);
  return shown === undefined ? null : { net: shown.net, path: nodes(shown.path), payouts: null };
}

/** The proof of an inference of an epoch whose leaves are known. */
export function proofOf(
  { inferences, inferenceTree, payouts, payoutTree }: Epoch,
  position: number,
): EpochProof {
  const own = payouts.flatMap(({ inference, contributionId, amount }, i) =>
    inference === position ? [{ position: i, contributionId, amount, path: nodes(payoutTree.path(i)) }] : [],
  );
  return { net: inferences[position]!.net, path: nodes(inferenceTree.path(position)), payouts: own };
}

function nodes(siblings: readonly { hash: Hash; sum: bigint }[]): EpochProof["path"] {
  return siblings.map(({ hash: name, sum }) => ({ hash: name, sum }));
}
