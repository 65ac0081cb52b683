import { encodeFunctionData } from "viem";
import { influenceVerifier } from "../../../precompiles/influence-verifier/verifier.ts";
import { PrecompileRevert } from "../../../precompiles/revert.ts";
import { fetchIndex } from "../../ai/attribution/index-contents.ts";
import { decodeManifest, type Manifest, registryHashes } from "../../ai/attribution/manifest.ts";
import { decodeQuery } from "../../ai/attribution/record.ts";
import { trueList } from "../../ai/attribution/score.ts";
import { scoreRows } from "../../ai/attribution/score-rows.ts";
import { type IndexInMemory, readIndex, recordOf } from "../../ai/attribution/sketch-index.ts";
import type { ChainClient, ProtocolAddresses } from "../../ai/client/chain.ts";
import { type Claim, evidenceOf } from "../../ai/client/claims.ts";
import { getContribution } from "../../ai/client/datanets.ts";
import { hashOfTokens } from "../../ai/client/request-hash.ts";
import { bytesOfHex, hexOfBytes, keccakOf } from "../../ai/codec/hash.ts";
import type { ContentSource } from "../../ai/content/source.ts";
import { decodeDocument } from "../../ai/datanet/document.ts";
import { rowsRoot } from "../../ai/datanet/rows.ts";
import { type ClaimedCover, claimedTerms } from "../../ai/fusion/cover-bytes.ts";
import { CheckFailed, type CheckList, expectSame } from "../../ai/receipt/checks.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";
import { iInfluenceVerifierAbi } from "../../chain/generated/abi.ts";
import { checkCover, checkShown, partsOfQuery } from "./verify-cover.ts";
import { checkLayers } from "./verify-layers.ts";
import { checkMeeting, standsIn } from "./verify-verbatim.ts";

/** What a document of either kind shows of an answer and its claim. */
export interface ShownAnswer
  extends Pick<Receipt, "outputIds" | "query" | "model" | "answer" | "verbatim" | "context" | "discount"> {
  claim: Omit<Claim, "requestId">;
}

/** The chain, and contents by their hashes. */
export interface Sources {
  client: ChainClient;
  at: ProtocolAddresses;
  /** Checks every content against its hash. */
  source: ContentSource;
}

/** Compares a claim with what it commits to, and computes scores, order and weights again with the functions of the precompiles. */
export async function checkClaimHere(list: CheckList, shown: ShownAnswer, sources: Sources): Promise<void> {
  const index = await checkDocuments(list, shown, sources.source);
  await list.check("hashes of answer and query", () => {
    const { claim, outputIds, query } = shown;
    expectSame("answer's hash", hashOfTokens(outputIds), claim.outputHash);
    expectSame("number of answer tokens", outputIds.length, claim.tokensOut);
    expectSame("query's hash", keccakOf(bytesOfHex(query)), claim.queryHash);
    const isCovered = partsOfQuery(shown).cover !== undefined;
    return `the claim commits to these ${outputIds.length} tokens and this query sketch${isCovered ? ", with what stands behind it of spans" : ""}`;
  });
  if (index !== undefined) {
    await checkListed(list, shown, index);
    await checkAllRows(list, shown, index);
    await checkLayers(list, shown, (rowId) => recordOf(index, rowId).contributionId);
  }
  await checkTexts(list, shown, sources);
  if (index !== undefined && shown.verbatim !== undefined) await checkSpans(list, shown, sources, index);
}

async function checkDocuments(
  list: CheckList,
  { model }: ShownAnswer,
  source: ContentSource,
): Promise<IndexInMemory | undefined> {
  let index: IndexInMemory | undefined;
  await list.check("attribution index", async () => {
    const manifest: Manifest = decodeManifest(await source.get(model.manifestHash));
    const hashes = registryHashes(manifest);
    for (const key of Object.keys(hashes) as (keyof typeof hashes)[])
      expectSame(key, hashes[key], model[key]);
    index = await readIndex(await fetchIndex(source, manifest, model.index), model.index);
    return `${model.index.rows} records of ${model.index.dimension} integers have the Merkle root that the model registered`;
  });
  return index;
}

/** The precompile's own function on the bytes that a contract would send it. */
async function checkListed(list: CheckList, shown: ShownAnswer, index: IndexInMemory): Promise<void> {
  const { claim, model } = shown;
  await list.check("scores, order and weights", () => {
    const [records, paths] = evidenceOf(claim.list, index);
    const sketch = hexOfBytes(partsOfQuery(shown).sketch);
    const args = [model.index, claim.list, sketch, records, paths] as const;
    const data = encodeFunctionData({ abi: iInfluenceVerifierAbi, functionName: "verifyTopK", args });
    try {
      influenceVerifier(bytesOfHex(data));
    } catch (error) {
      if (error instanceof PrecompileRevert)
        throw new CheckFailed(`the precompile refuses: ${error.message}`);
      throw error;
    }
    const { rowIds, weights } = claim.list;
    return `${rowIds.length} records, their paths, scores and order, and ${weights.length} weights pass the precompile's code`;
  });
}

/** Stronger than what the chain looks at: no better row was left out. Where spans choose, gains follow from the claim's cover first. */
async function checkAllRows(list: CheckList, shown: ShownAnswer, index: IndexInMemory): Promise<void> {
  const { claim, model } = shown;
  const { sketch, cover } = partsOfQuery(shown);
  const headOf = (rowId: number) => recordOf(index, rowId);
  if (cover === undefined) {
    await list.check("no row left out", async () => {
      const scores = await scoreRows(sketch, index);
      const found = trueList(model.index, scores, headOf);
      for (const key of ["rowIds", "scores", "floor", "contributionIds", "weights"] as const)
        expectSame(key, claim.list[key], found[key]);
      return `all ${scores.length} rows scored again: these are the best`;
    });
    return;
  }
  await list.check("spans and influence", async () => {
    const scores = await scoreRows(sketch, index);
    const claimed = checkCover(shown, cover, scores, headOf);
    const { verbatim } = shown;
    if (verbatim !== undefined) checkShown({ ...shown, verbatim }, claimed);
    return `${meetingOf(claimed)}; all ${scores.length} rows scored again: none outside the list belongs there by influence alone`;
  });
}

/** How both layers met, in words. */
function meetingOf(cover: ClaimedCover): string {
  const { spans, free, information } = claimedTerms(cover);
  if (spans.length === 0) return "no run of the answer's words stands in a row: paid is influence alone";
  const counted = spans.reduce((sum, { weight }) => sum + weight, 0);
  const rest = free === 0 ? "" : `, and ${free} are left to influence alone`;
  return `paid is influence among the rows that hold the words: ${spans.length} runs count for ${counted} of the answer's ${information} bits${rest}; each listed row's gain follows from the runs that it holds`;
}

async function checkTexts(
  list: CheckList,
  { claim }: ShownAnswer,
  { client, at, source }: Sources,
): Promise<void> {
  await list.check("texts of the rows", async () => {
    const ids = claim.list.contributionIds;
    for (const contributionId of ids) {
      const contribution = await getContribution(client, at, contributionId);
      const { rows } = decodeDocument(await source.get(contribution.contentId));
      expectSame(`rows of contribution ${contributionId}`, rowsRoot(rows), contribution.rowsRoot);
    }
    return `the documents of ${ids.length} contributions are the ones that were revealed on chain`;
  });
}

/** What is quoted stands in the rows, and both layers meet as their own numbers say. */
async function checkSpans(
  list: CheckList,
  shown: ShownAnswer,
  { client, at, source }: Sources,
  index: IndexInMemory,
): Promise<void> {
  const { verbatim, answer, model } = shown;
  if (verbatim === undefined) return;
  await list.check("verbatim spans", async () => {
    checkMeeting(verbatim, index, decodeQuery(partsOfQuery(shown).sketch, model.index.dimension));
    for (const { rowId, text } of verbatim.spans) {
      if (text === undefined) continue;
      if (rowId >= model.index.rows) throw new CheckFailed(`row ${rowId} is none of the index`);
      const { contributionId, row } = recordOf(index, rowId);
      const { contentId } = await getContribution(client, at, contributionId);
      const { rows } = decodeDocument(await source.get(contentId));
      const words = answer.slice(text.start, text.end);
      if (!standsIn(words, rows[row]?.completion ?? ""))
        throw new CheckFailed(`${JSON.stringify(words)} does not stand in row ${rowId}`);
    }
    return `${verbatim.spans.length} quoted runs stand in their rows; gains, order and weights of spans and influence follow`;
  });
}
