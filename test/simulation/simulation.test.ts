import { describe, expect, it } from "vitest";
import { compiled } from "../../precompiles/testing/evm.ts";
import { ChainGames } from "./chain-games.ts";
import { DisputeGames, drawPlan } from "./dispute-games.ts";
import { drawGame, playMany } from "./play.ts";
import { randomFrom } from "./random.ts";
import { coverOf, feeOf, lossOf, payoutOf } from "./rules.ts";
import { STRATEGIES, WITHOUT_ESCALATION } from "./strategies.ts";

const SAMPLE = 6;
const DISPUTES = 16;
const AUDIT_BPS = [1, 100, 1_000, 10_000] as const;

const gameOf = (seed: number) =>
  drawGame(randomFrom(seed), AUDIT_BPS[seed % AUDIT_BPS.length] ?? AUDIT_BPS[0], 0);

describe.skipIf(compiled("InferenceMarket") === undefined)(
  "the simulation's rules and the contracts'",
  () => {
    it("pay the same to the wei where a claim is settled", async () => {
      const chain = await ChainGames.open();
      for (let seed = 0; seed < SAMPLE; seed++) {
        const game = gameOf(seed);
        // Also what no row earned, and a method that says that the adapter changed nothing.
        if (seed % 3 === 1) game.bill.hasWeights = false;
        if (seed % 3 === 2) game.bill.earnedBps = 0n;
        const expected = payoutOf(game.terms, game.bill, game.escrow, game.staked > 0n);
        expect(await chain.settle(game)).toEqual(expected);
        expect(Object.values(expected).reduce((sum, part) => sum + part)).toBe(game.escrow);
      }
    });

    it("take the same to the wei where lies are shown, also where the host's stake does not reach", async () => {
      const chain = await ChainGames.open();
      let beyond = 0n;
      for (let seed = 0; seed < SAMPLE; seed++) {
        const game = gameOf(100 + seed);
        // The largest fee, so that the stake does not reach for a second lie.
        Object.assign(game.bill, game.most);
        game.staked = BigInt(seed % 3) * 10n ** 18n;
        const lies = 1 + (seed % 3);
        const fee = feeOf(game.terms, game.bill);
        let stake = coverOf(BigInt(lies) * fee, fee, game.terms.auditBps);
        let { staked } = game;
        for (const shown of await chain.refute(game, lies)) {
          const { bond, ...expected } = lossOf(game.terms, fee, stake, staked);
          expect(shown).toEqual({ ...expected, payer: 0n });
          expect(expected.fromHost + expected.fromStakers + bond).toBe(
            expected.finder + expected.pools + expected.treasury,
          );
          stake -= expected.fromHost;
          staked -= expected.fromStakers;
          beyond += expected.fromStakers;
        }
      }
      expect(beyond).toBeGreaterThan(0n);
    });

    it("end disputes and audits the same to the wei: panels, verdicts, appeals, pay and stakes lost", async () => {
      const games = await DisputeGames.open();
      const met = new Set<string>();
      for (let seed = 0; seed < DISPUTES; seed++) {
        const random = randomFrom(500 + seed);
        const game = drawGame(random, 8_000, 0);
        const { seen, expected } = await games.play(game, drawPlan(random));
        expect(seen, `game ${seed}`).toEqual(expected);
        met.add(seen.end).add(seen.isOpened ? `${seen.panels.length} panels` : "no panel");
        for (const part of ["finder", "appellant", "audits", "dust"] as const)
          if (seen[part] > 0n) met.add(part);
        if (seen.slashed.some((lost) => lost > 0n)) met.add("slashed");
      }
      // The games reach every corner of the rules.
      for (const corner of [
        "settled",
        "refuted",
        "no panel",
        "1 panels",
        "3 panels",
        "finder",
        "audits",
        "slashed",
      ])
        expect([...met]).toContain(corner);
    }, 900_000);
  },
);

describe("the simulation", () => {
  it("finds no strategy ahead of honesty", () => {
    for (const strategy of STRATEGIES) {
      for (const auditBps of [100, 1_000]) {
        for (const friends of [0, 4]) {
          const { meanGain } = playMany(strategy, { auditBps, friends, games: 100, seed: 11 });
          expect(meanGain, `${strategy.name} at ${auditBps}, ${friends} friends`).toBeLessThan(0);
        }
      }
    }
  });

  it("finds a strategy that is ahead: where a small panel's verdict is final at once", () => {
    const options = { auditBps: 100, friends: 4, games: 2_000, seed: 11 };
    expect(playMany(WITHOUT_ESCALATION, options).meanGain).toBeGreaterThan(0);
  });
});
