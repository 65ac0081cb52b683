import { bytesToHex, concatBytes, keccak256 } from "viem";
import { type ClaimedCover, encodeCover } from "../../node/ai/fusion/cover-bytes.ts";
import { evidenceOf, makeIndex } from "../../precompiles/testing/fixture.ts";
import {
  BOND,
  CONTRIBUTORS,
  claimWith,
  deployProtocol,
  HOST,
  marketCall,
  must,
  request,
} from "../../precompiles/testing/protocol.ts";
import type { Bench, Figure } from "./figure.ts";

/** Gas of whole transactions, their own 21,000 and the calldata's floor included: the optimistic claim, and the one with its proof. */
async function claimFigure(dimension: number, topK: number): Promise<Figure> {
  const fixture = makeIndex({ rows: 2000, dimension, topK, floor: 0n, contributions: CONTRIBUTORS, seed: 3 });
  const { records, paths } = evidenceOf(fixture);
  const gasOf = async (name: string, more: readonly unknown[]) => {
    const protocol = await deployProtocol(fixture);
    await request(protocol);
    const data = marketCall(name, [claimWith(protocol, fixture.list), bytesToHex(fixture.query), ...more]);
    return Number(await must(protocol, protocol.market, data, { from: HOST, value: BOND }));
  };
  return {
    what: `proved claim, ${topK} of 2,000 rows of ${dimension.toLocaleString("en")}`,
    unit: "gas",
    ours: await gasOf("claimProved", [records, paths]),
    peer: { name: "optimistic claim", value: await gasOf("claim", []) },
  };
}

/** Tokens of the answer whose cover travels with the claim, and spans that half of the rows hold. */
const ANSWER = 64;
const SPANS = 2;

/** The same with a cover behind the sketch, as models with spans have it: what the cover's bytes add. */
async function coveredFigure(dimension: number): Promise<Figure> {
  const spans = keccak256("0x01");
  const sizes = { rows: 2000, dimension, topK: 16, floor: 0n, contributions: CONTRIBUTORS, seed: 3 };
  const fixture = makeIndex({ ...sizes, spans });
  const { records, paths } = evidenceOf(fixture);
  const gasOf = async (query: Uint8Array) => {
    const protocol = await deployProtocol(fixture);
    await request(protocol);
    const claim = { ...claimWith(protocol, fixture.list), queryHash: keccak256(query) };
    const data = marketCall("claimProved", [claim, bytesToHex(query), records, paths]);
    return Number(await must(protocol, protocol.market, data, { from: HOST, value: BOND }));
  };
  return {
    what: `proved claim with the cover of ${ANSWER} tokens, 16 of 2,000 rows of ${dimension.toLocaleString("en")}`,
    unit: "gas",
    ours: await gasOf(concatBytes([fixture.query, encodeCover(coverFor(fixture.list.rowIds.length))])),
    peer: { name: "without the cover's bytes", value: await gasOf(fixture.query) },
  };
}

/** Of the size that counts; the market leaves what it says to challenges. */
function coverFor(rows: number): ClaimedCover {
  const places = Array.from({ length: SPANS }, (_, span) => ({
    ...{ span, start: 20 * span, end: 20 * span + 16 },
    ...{ position: 12_345 + 1_000 * span, document: 678 + span },
  }));
  return {
    tokens: Uint32Array.from({ length: ANSWER }, (_, i) => (7_919 * i) % 32_000),
    bits: new Uint8Array(ANSWER).fill(9),
    spans: places,
    parts: Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? places : [])),
  };
}

/** What it costs a host to prove a claim at once. */
export const provedClaimBench: Bench = {
  name: "proved-claim",
  run: async () => [
    await claimFigure(512, 8),
    await claimFigure(512, 16),
    await claimFigure(4096, 16),
    await coveredFigure(512),
    await coveredFigure(4096),
  ],
};
