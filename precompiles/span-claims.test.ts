import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, concatBytes } from "@ethereumjs/util";
import { decodeFunctionResult, encodeFunctionData, keccak256 } from "viem";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openShard, writeShard } from "../native/js/spans.ts";
import { decodeQuery } from "../node/ai/attribution/record.ts";
import { listByGain, type ScoredRow, scoreOf, scoresInMemory } from "../node/ai/attribution/score.ts";
import { type AttributionIndex, readIndex, recordOf } from "../node/ai/attribution/sketch-index.ts";
import { type CoverLie, coverCall } from "../node/ai/client/span-challenges.ts";
import { makeCompletions } from "../node/ai/fusion/completions.ts";
import {
  type ClaimedCover,
  claimedCover,
  claimedTerms,
  encodeCover,
  MAX_COVER_TOKENS,
} from "../node/ai/fusion/cover-bytes.ts";
import { coverOf, gainOf } from "../node/ai/fusion/rule.ts";
import { type CommittedSpans, commitSpans, spansHash } from "../node/ai/spans/commitment.ts";
import { type CoverMatter, findCoverLie } from "../node/ai/watch/check-cover.ts";
import { claimChallengesAbi, inferenceMarketAbi } from "../node/chain/generated/abi.ts";
import type { Hex } from "../node/chain/types/primitives.ts";
import type { InfluenceList } from "./influence-verifier/types.ts";
import { call, compiled, setBalance } from "./testing/evm.ts";
import { makeIndex } from "./testing/fixture.ts";
import {
  BOND,
  COIN,
  claimWith,
  deployProtocol,
  HOST,
  marketCall,
  must,
  type Protocol,
  request,
  SALT,
  WATCHER,
} from "./testing/protocol.ts";

const REFUTED = 4;
const run = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
/** Rows 0, 2 and 4 hold 10 to 19, row 6 all but the first of them, rows 1 and 3 hold 30 to 35; row 8 is longer than a pattern. */
const LISTS = [
  [...run(1, 3), ...run(10, 10)],
  [...run(30, 6), 7],
  run(10, 10),
  [...run(5, 2), ...run(30, 6)],
  [...run(10, 10), ...run(60, 30)],
  [8],
  [...run(11, 9), 3],
  [9],
  Array.from({ length: 450 }, (_, i) => 40 + ((i * i + Math.floor(i / 5)) % 11)),
  [2],
];
const ANSWER = [...run(10, 10), ...run(100, 3), ...run(30, 6)];

interface World {
  protocol: Protocol;
  spans: CommittedSpans;
  index: AttributionIndex;
  matter: Omit<CoverMatter, "scores"> & { scores: readonly ScoredRow[] };
}

describe.skipIf(compiled("ClaimChallenges") === undefined)("claims with spans over the contracts", () => {
  const folder = mkdtempSync(join(tmpdir(), "openledger-span-claims-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let made: Omit<World, "protocol">;
  let fixture: ReturnType<typeof makeIndex>;
  let world: World;

  beforeAll(async () => {
    const completions = makeCompletions(
      LISTS.map((tokens, rowId) => ({ rowId, tokens })),
      96,
    );
    const contributors = new Uint8Array(20 * LISTS.length);
    const path = join(folder, "rows.spans");
    await writeShard(path, { ...completions, contributors });
    const spans = commitSpans(await openShard(path), completions.information);
    const parameters = { rows: 10, dimension: 32, topK: 4, floor: 0n, contributions: 5, seed: 11 };
    fixture = makeIndex({ ...parameters, spans: spansHash(spans) });
    const index = await readIndex(concatBytes(...fixture.records), fixture.index);
    const query = decodeQuery(fixture.query, 32);
    const scores = LISTS.map((_, rowId) => ({ rowId, score: scoreOf(query, recordOf(index, rowId), -6) }));
    const headOf = (rowId: number) => recordOf(index, rowId);
    made = { spans, index, matter: { terms: index.commitment, completions, scores, headOf } };
  });

  beforeEach(async () => {
    const protocol = await deployProtocol(fixture);
    await setBalance(protocol.evm, WATCHER, 100n * COIN);
    await request(protocol);
    world = { ...made, protocol };
  });

  function lieIn(list: InfluenceList, bytes: Uint8Array) {
    const { scores, ...matter } = world.matter;
    return findCoverLie(list, bytes, { ...matter, scores: scoresInMemory(scores, matter.headOf) });
  }

  function truth(tokens: readonly number[] = ANSWER): { list: InfluenceList; claimed: ClaimedCover } {
    const { terms, scores, headOf, completions } = world.matter;
    const answer = Uint32Array.from(tokens);
    const cover = coverOf(answer, completions);
    const list = listByGain(terms, scores, headOf, (rowId, score) => gainOf(cover, rowId, score));
    return { list, claimed: claimedCover(answer, completions, cover, list.rowIds) };
  }

  /** What follows from a changed cover: the same rows by the gains that it gives them. */
  function following(right: InfluenceList, changed: ClaimedCover) {
    const { terms, headOf } = world.matter;
    const gains = claimedTerms(changed);
    const scores = right.rowIds.map((rowId, i) => ({ rowId, score: right.scores[i] }));
    const list = listByGain(terms, scores, headOf, (rowId, score) =>
      gainOf(gains, right.rowIds.indexOf(rowId), score),
    );
    const parts = list.rowIds.map((rowId) => changed.parts[right.rowIds.indexOf(rowId)]!);
    return { list, claimed: { ...changed, parts } };
  }

  async function post({ list, claimed }: { list: InfluenceList; claimed: ClaimedCover }) {
    const { protocol } = world;
    const query = bytesToHex(concatBytes(fixture.query, encodeCover(claimed)));
    const claim = { ...claimWith(protocol, list as never), queryHash: keccak256(query), list };
    await must(protocol, protocol.market, marketCall("claim", [claim, query]), { from: HOST, value: BOND });
    return { claim, query };
  }

  async function announced(data: Hex) {
    const { protocol } = world;
    const args = [keccak256(data)] as const;
    const announce = encodeFunctionData({ abi: claimChallengesAbi, functionName: "announce", args });
    await must(protocol, protocol.challenges, announce, { from: WATCHER, value: COIN });
    return () => must(protocol, protocol.challenges, data, { from: WATCHER });
  }

  async function status(): Promise<number> {
    const { evm, market } = world.protocol;
    const { execResult } = await call(evm, market, marketCall("getRequest", [1n]));
    const data = bytesToHex(execResult.returnValue);
    return decodeFunctionResult({ abi: inferenceMarketAbi, functionName: "getRequest", data }).status;
  }

  async function expectRefuted(
    claimed: { list: InfluenceList; claimed: ClaimedCover },
    lie: Partial<CoverLie> & Pick<CoverLie, "kind">,
  ): Promise<void> {
    const found = await lieIn(claimed.list, encodeCover(claimed.claimed));
    expect(found).toMatchObject(lie);
    const show = await announced(await coverCall(await post(claimed), world, found!, SALT));
    await show();
    expect(await status()).toBe(REFUTED);
  }

  it("finds nothing in a true claim, and no call shows it false", async () => {
    const { list, claimed } = truth();
    expect(list.rowIds.length).toBe(4);
    expect(await lieIn(list, encodeCover(claimed))).toBeUndefined();
    const posted = await post({ list, claimed });
    const lies: CoverLie[] = [
      { kind: "gains" },
      { kind: "information", token: 2, id: ANSWER[2]! },
      { kind: "information", token: 11, id: ANSWER[11]! },
      { kind: "place", number: 0, from: 0, count: 10, claimed: claimed.spans[0]! },
      { kind: "place", position: 0, number: 0, from: 0, count: 3, claimed: claimed.parts[0]![0]! },
      { kind: "cover", step: 0, shown: claimed.spans[0]! },
      { kind: "part", position: 0, shown: claimed.parts[0]![0]! },
      { kind: "omission", rowId: 9, parts: [] },
    ];
    for (const lie of lies) {
      const show = await announced(await coverCall(posted, world, lie, SALT));
      await expect(show(), lie.kind).rejects.toThrow("revert");
    }
    expect(await status()).toBe(2);
  });

  it("refutes wrong bits", async () => {
    const right = truth();
    const bits = right.claimed.bits.map((value, i) => (i === 4 ? value + 1 : value));
    await expectRefuted(following(right.list, { ...right.claimed, bits }), { kind: "information", token: 4 });
  });

  it("refutes bits of a token that the table has not", async () => {
    const right = truth();
    const bits = right.claimed.bits.map((value, i) => (i === 11 ? 14 : value));
    await expectRefuted(following(right.list, { ...right.claimed, bits }), {
      kind: "information",
      token: 11,
    });
  });

  it("refutes a span that stands elsewhere, even behind all text", async () => {
    const right = truth();
    const spans = right.claimed.spans.map((span) => ({ ...span, position: 4_294_967_295 }));
    await expectRefuted(following(right.list, { ...right.claimed, spans }), { kind: "place", number: 0 });
  });

  it("refutes a part of another row", async () => {
    const right = truth();
    const parts = right.claimed.parts.map((_, i, all) => all[(i + 1) % all.length]!);
    const lie = following(right.list, { ...right.claimed, parts });
    await expectRefuted(lie, { kind: "place" });
  });

  it("refutes a smaller cover", async () => {
    const right = truth();
    const spans = right.claimed.spans.slice(0, 1);
    const parts = right.claimed.parts.map((ofRow) => ofRow.filter(({ span }) => span === 0));
    await expectRefuted(following(right.list, { ...right.claimed, spans, parts }), {
      kind: "cover",
      step: 1,
    });
  });

  it("refutes a cover without a span longer than one proof shows", async () => {
    const right = truth(LISTS[8]!);
    expect(right.claimed.spans[0]).toMatchObject({ start: 0, end: 450 });
    const none = { ...right.claimed, spans: [], parts: right.claimed.parts.map(() => []) };
    await expectRefuted(following(right.list, none), { kind: "cover", step: 0 });
  });

  it("refutes a part that is smaller than what the row holds", async () => {
    const right = truth();
    const parts = right.claimed.parts.map((ofRow) => ofRow.map((part) => ({ ...part, end: part.end - 1 })));
    await expectRefuted(following(right.list, { ...right.claimed, parts }), { kind: "part" });
  });

  it("refutes a list without its best row", async () => {
    const right = truth();
    const rest = (values: readonly unknown[]) => values.slice(1) as never;
    const short = { ...right.list, rowIds: rest(right.list.rowIds), scores: rest(right.list.scores) };
    const lie = following(short, { ...right.claimed, parts: right.claimed.parts.slice(1) });
    await expectRefuted(lie, { kind: "omission", rowId: right.list.rowIds[0]! });
  });

  it("decides the largest cover within a bound of gas", async () => {
    const right = truth(Array.from({ length: MAX_COVER_TOKENS }, (_, i) => 1_000 + i));
    expect(right.list.rowIds.length).toBe(4);
    const gains = right.list.gains.map((gain, i, all) => (i === all.length - 1 ? gain - 1 : gain));
    const posted = await post({ ...right, list: { ...right.list, gains } });
    const show = await announced(await coverCall(posted, world, { kind: "gains" }, SALT));
    const gas = await show();
    expect(await status()).toBe(REFUTED);
    expect(gas).toBeLessThan(6_000_000n);
  });

  it("refutes gains that do not follow", async () => {
    const right = truth();
    const gains = right.list.gains.map((gain, i, all) => (i === all.length - 1 ? gain - 1 : gain));
    await expectRefuted({ ...right, list: { ...right.list, gains } }, { kind: "gains" });
  });
});
