import { bytesToHex, type Hex, keccak256 } from "viem";
import { claimChallengesAbi } from "../../node/chain/generated/abi.ts";
import { evidenceOf, type ListArgument } from "../../precompiles/testing/fixture.ts";
import { must, PARAMETERS } from "../../precompiles/testing/protocol.ts";
import { ChainTable, calldata, FINDER, type Money, marketCall } from "./chain-table.ts";
import type { Payout } from "./rules.ts";
import type { Game } from "./strategies.ts";

const SALT: Hex = keccak256("0x5a");
/** Position of the score that a lie changes; the first decides the floor as well. */
const FALSE_AT = 3;
const NOTHING: ListArgument = {
  rowIds: [],
  scores: [],
  gains: [],
  floor: 0n,
  contributionIds: [],
  weights: [],
};

/** What a refutation moved, as {@link Loss} has it. */
export interface ShownLoss {
  fromHost: bigint;
  fromStakers: bigint;
  finder: bigint;
  pools: bigint;
  treasury: bigint;
  /** Of the payer: its escrow came back. */
  payer: bigint;
}

/** Settlements and refutations by arithmetic. */
export class ChainGames {
  private readonly table: ChainTable;

  private constructor(table: ChainTable) {
    this.table = table;
  }

  static async open(): Promise<ChainGames> {
    return new ChainGames(await ChainTable.open(false));
  }

  /** An honest claim, or one that says that nothing earned, settled after its window. */
  async settle(game: Game): Promise<Payout> {
    const { p, fixture } = this.table;
    const seat = await this.table.begin(game, 1n);
    const before = await this.table.money(seat.host);
    const claim = await this.table.ask(seat, game, game.bill.hasWeights ? fixture.list : NOTHING);
    await this.table.post(seat, game, claim);
    p.now += BigInt(PARAMETERS.challengeWindow) + 1n;
    await must(p, p.market, marketCall("settle", [[claim]]));
    const after = await this.table.money(seat.host);
    const change = (of: keyof Money): bigint => after[of] - before[of];
    return {
      contributors: change("contributors"),
      pools: change("pools"),
      owner: change("owner"),
      host: change("host") + game.terms.claimBond,
      stakers: change("staking"),
      platform: change("treasury"),
      refund: change("payer") + game.escrow,
    };
  }

  /** Lies of one list, one after the other, shown by another; the host's stake was enough for all when it posted them. */
  async refute(game: Game, lies: number): Promise<ShownLoss[]> {
    const { p, fixture } = this.table;
    const seat = await this.table.begin(game, BigInt(lies));
    const { list } = fixture;
    const scores = list.scores.map((score, i) => (i === FALSE_AT ? score + 1n : score));
    const claims = [];
    for (let i = 0; i < lies; i++) {
      const claim = await this.table.ask(seat, game, { ...list, scores });
      await this.table.post(seat, game, claim);
      claims.push(claim);
    }
    const { records, paths } = evidenceOf(fixture);
    const losses: ShownLoss[] = [];
    for (const claim of claims) {
      const before = await this.table.money(seat.host);
      const shown = calldata(claimChallengesAbi, "challengeScore", [
        ...[claim, bytesToHex(fixture.query), BigInt(FALSE_AT)],
        ...[{ record: records[FALSE_AT]!, path: paths[FALSE_AT]! }, SALT],
      ]);
      const announce = calldata(claimChallengesAbi, "announce", [keccak256(shown)]);
      const deposit = PARAMETERS.challengeDeposit;
      await must(p, p.challenges, announce, { from: FINDER, value: deposit });
      await must(p, p.challenges, shown, { from: FINDER });
      p.now += 3n;
      await must(p, p.market, marketCall("collect", [claim.requestId]));
      const after = await this.table.money(seat.host);
      const change = (of: keyof Money): bigint => after[of] - before[of];
      losses.push({
        fromHost: -change("stake"),
        fromStakers: -change("staking"),
        finder: change("finder") - deposit,
        pools: change("pools"),
        treasury: change("treasuryBalance"),
        payer: change("payer") - game.escrow,
      });
    }
    return losses;
  }
}
