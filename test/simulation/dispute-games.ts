import { keccak256, numberToHex } from "viem";
import { valueOfClaim } from "../../node/ai/client/audits.ts";
import type { Claim } from "../../node/ai/client/claims.ts";
import {
  auditsAbi,
  disputesAbi,
  inferenceMarketAbi,
  seedsAbi,
  verifierPoolAbi,
} from "../../node/chain/generated/abi.ts";
import type { Address, Hash } from "../../node/chain/types/primitives.ts";
import { setBalance } from "../../precompiles/testing/evm.ts";
import {
  COIN,
  drawable,
  type Judges,
  must,
  PANEL_FEE,
  SEED_DELAY,
  setOrigin,
  WINDOW,
} from "../../precompiles/testing/protocol.ts";
import { ChainTable, calldata, FINDER, type Money, marketCall, type Seat } from "./chain-table.ts";
import { type DisputeEnd, type DisputeScript, isAudited, LAST_ROUND, playDispute } from "./dispute-rules.ts";
import type { Random } from "./random.ts";
import { feeOf, lossOf, payoutOf } from "./rules.ts";
import type { Game } from "./strategies.ts";

const APPELLANT: Address = "0x00000000000000000000000000000000000a99ea";
const VERIFIERS = 6;
/** Pays for some audits and not for all: what is left when it runs out is a panel's pay as well. */
const FUND = 3n * PANEL_FEE + 7n;
const OTHER_VALUE: Hash = keccak256("0x0e");
const DIGESTS: readonly Hash[] = [keccak256("0xd1"), keccak256("0xd2")];
const SALT: Hash = keccak256("0x5a");

/** What a verifier does in a round: a value and a digest, a commitment that it never opens, or nothing. */
type Deed = { isClaimed: boolean; digest: number } | "committed only" | "silent";

/** What the people of a game do, drawn at random. */
export interface DisputePlan {
  /** FINDER disputes; else the claim is settled unless chance has it audited. */
  isDisputed: boolean;
  deeds: Deed[][];
  evidence: boolean[];
  order: number[];
  appeals: boolean[];
}

/** Where the money of a game went. */
export interface DisputeBooks {
  isOpened: boolean;
  end: "settled" | "refuted";
  panels: (readonly bigint[])[];
  paid: bigint[];
  slashed: bigint[];
  /** Of the treasury, the finder, the appellant and the audits' fund, in RewardBalances; wei. */
  treasury: bigint;
  finder: bigint;
  appellant: bigint;
  audits: bigint;
  /** What is left of the pot: parts of a wei. */
  dust: bigint;
  fund: bigint;
  fromHost: bigint;
  pools: bigint;
  contributors: bigint;
}

/** People who tell the truth more often than not. */
export function drawPlan(random: Random): DisputePlan {
  const deed = (): Deed => {
    const kind = random.below(10);
    if (kind === 0) return "silent";
    if (kind === 1) return "committed only";
    return { isClaimed: kind < 6, digest: random.below(8) === 0 ? 1 : 0 };
  };
  const people = Array.from({ length: VERIFIERS }, (_, i) => i);
  const order = people.map((i) => [random.below(1_000), i] as const).sort(([a], [b]) => a - b);
  const isAgreed = random.below(2) === 0;
  const truth: Deed = { isClaimed: random.below(2) === 0, digest: 0 };
  const rounds = [0, 1, LAST_ROUND];
  return {
    isDisputed: random.below(2) === 0,
    // Where all but one agree, small panels decide.
    deeds: rounds.map(() => people.map((i) => (isAgreed && i > 0 ? truth : deed()))),
    evidence: rounds.map(() => random.below(12) > 0),
    order: order.map(([, i]) => i),
    appeals: rounds.map(() => random.below(2) === 0),
  };
}

/** Disputes and audits on the contracts, beside what the rules say of them. */
export class DisputeGames {
  private readonly table: ChainTable;
  private readonly at: Judges;
  private readonly people: Address[];
  /** By the rules. */
  private stakes: bigint[] = [];
  private fund = FUND;
  private origin = 1_000n;
  private disputes = 0n;

  private constructor(table: ChainTable) {
    this.table = table;
    this.at = table.p.judges!;
    this.people = Array.from(
      { length: VERIFIERS },
      (_, i): Address => `0x${(0xe1f0 + i).toString(16).padStart(40, "0")}`,
    );
  }

  static async open(): Promise<DisputeGames> {
    const games = new DisputeGames(await ChainTable.open(true));
    await games.seat();
    return games;
  }

  private async seat(): Promise<void> {
    const { p } = this.table;
    for (const [i, from] of this.people.entries()) {
      const value = (20n + 13n * BigInt(i * i)) * COIN + BigInt(i);
      await setBalance(p.evm, from, 2n * value);
      await must(p, this.at.verifiers, calldata(verifierPoolAbi, "stake", [BigInt(i)]), { from, value });
      this.stakes.push(value);
    }
    await setBalance(p.evm, APPELLANT, 1_000n * COIN);
    await must(p, this.at.audits, calldata(auditsAbi, "fill", []), { value: FUND });
    await this.moveOrigin(this.origin);
  }

  /** Plays a game on the contracts and by the rules. @returns both books, which have to be the same. */
  async play(game: Game, plan: DisputePlan): Promise<{ seen: DisputeBooks; expected: DisputeBooks }> {
    const { table } = this;
    const seat = await table.begin(game, 1n);
    const claim = await table.ask(seat, game, table.fixture.list);
    await table.post(seat, game, claim);
    const claimHash = await table.read<Hash>(table.p.market, inferenceMarketAbi, "hashOf", [claim]);
    const drawnBy = hashOf(this.origin + SEED_DELAY);
    const isOpened = plan.isDisputed || isAudited(drawnBy, claimHash, game.terms.auditBps);
    const stakes = [...this.stakes];
    const before = await this.look(seat);
    const script = this.scriptOf(plan, claim);
    const first = this.origin + (plan.isDisputed ? 1n : 2n) * SEED_DELAY;
    const end = isOpened
      ? playDispute(
          script,
          stakes,
          this.disputes + 1n,
          (round) => hashOf(first + BigInt(round) * SEED_DELAY),
          valueIn,
        )
      : undefined;
    const expected = this.expect(game, plan, end);
    const panels = await this.act(plan, claim, seat, isOpened);
    const seen = await this.booksOf(before, await this.look(seat), panels, isOpened, claim);
    return { seen, expected };
  }

  private scriptOf({ isDisputed, deeds, ...plan }: DisputePlan, claim: Claim): DisputeScript {
    const claimed = valueOfClaim(claim);
    const says = deeds.map((round) =>
      round.map((deed) =>
        typeof deed === "string" ? undefined : resultOf(deed.isClaimed ? claimed : OTHER_VALUE, deed.digest),
      ),
    );
    const pot = isDisputed ? PANEL_FEE : this.auditPay();
    return { ...plan, claimed, says, pot, fee: PANEL_FEE };
  }

  /** What an audit's panel gets of the fund. */
  private auditPay(): bigint {
    if (this.fund < PANEL_FEE) return this.fund;
    return PANEL_FEE;
  }

  /** The books by the rules; what stays of stakes and fund is kept for the next game. */
  private expect(game: Game, { isDisputed }: DisputePlan, end: DisputeEnd | undefined): DisputeBooks {
    const isRefuted = end !== undefined && !end.isUpheld;
    const fee = feeOf(game.terms, game.bill);
    const loss = lossOf(game.terms, fee, game.stake, game.staked);
    const payout = payoutOf(game.terms, game.bill, game.escrow, game.staked > 0n);
    const none = this.stakes.map(() => 0n);
    const { paid = none, slashed = none, pot = 0n, unearned = 0n, isSilent = false } = end ?? {};
    const sum = (amounts: readonly bigint[]) => amounts.reduce((all, amount) => all + amount, 0n);
    const toOpener = (isRefuted ? loss.finder : 0n) + (isSilent ? pot : 0n);
    const opener = end?.isTakenOver ? "appellant" : isDisputed ? "finder" : "audits";
    if (end && !isDisputed) this.fund -= this.auditPay();
    this.stakes = this.stakes.map((stake, i) => stake - slashed[i]!);
    return {
      ...{ isOpened: end !== undefined, end: isRefuted ? "refuted" : "settled", panels: end?.panels ?? [] },
      ...{ paid, slashed },
      treasury: (isRefuted ? loss.treasury : 0n) + unearned + sum(slashed),
      finder: opener === "finder" ? toOpener : 0n,
      appellant: opener === "appellant" ? toOpener : 0n,
      audits: opener === "audits" ? toOpener : 0n,
      dust: isSilent ? 0n : pot - unearned - sum(paid),
      fund: this.fund,
      fromHost: isRefuted ? loss.fromHost : 0n,
      pools: isRefuted ? loss.pools : payout.pools,
      contributors: isRefuted ? 0n : payout.contributors,
    };
  }

  /** The same on the contracts. @returns the panels that were drawn. */
  private async act(plan: DisputePlan, claim: Claim, seat: Seat, isOpened: boolean): Promise<bigint[][]> {
    const { table } = this;
    const { p } = table;
    const panels: bigint[][] = [];
    if (plan.isDisputed) {
      await this.audits("dispute", [claim], FINDER, PANEL_FEE);
    } else {
      await this.moveOrigin(this.origin + SEED_DELAY);
      if (isOpened) await this.audits("audit", [claim], FINDER);
    }
    if (isOpened) {
      this.disputes++;
      await this.fight(plan, claim, seat, panels);
    }
    p.now += WINDOW + 1n;
    if (await this.isOpen(claim)) await must(p, p.market, marketCall("settle", [[claim]]));
    return panels;
  }

  private async fight(plan: DisputePlan, claim: Claim, seat: Seat, panels: bigint[][]): Promise<void> {
    const { p } = this.table;
    const id = this.disputes;
    for (let round = 0; ; round++) {
      await this.moveOrigin(this.origin + SEED_DELAY);
      await must(p, this.at.disputes, calldata(disputesAbi, "draw", [id]));
      const drawnAt = p.now;
      const weights: bigint[] = [];
      for (const person of this.people) {
        const vote = await this.read<{ weight: bigint }>("voteOf", [id, round, person]);
        weights.push(vote.weight);
      }
      panels.push(weights);
      if (!plan.evidence[round]) {
        p.now = drawnAt + WINDOW;
        await this.audits("endSilent", [claim], FINDER);
        return this.collectReward(claim);
      }
      await this.audits("giveEvidence", [claim, SALT], seat.host);
      await this.vote(plan, claim, round, weights, drawnAt);
      const { status } = await this.read<{ status: number }>("getDispute", [id]);
      if (status === OPENED) continue;
      if (status === DECIDED && round < LAST_ROUND && plan.appeals[round]) {
        await this.audits("appeal", [claim], APPELLANT, PANEL_FEE);
        continue;
      }
      p.now += WINDOW + 1n;
      await this.audits("conclude", [claim], FINDER);
      if (status === DECIDED) await this.collectVotes(panels);
      return this.collectReward(claim);
    }
  }

  private async vote(
    { deeds, order }: DisputePlan,
    claim: Claim,
    round: number,
    weights: readonly bigint[],
    drawnAt: bigint,
  ): Promise<void> {
    const { p } = this.table;
    const id = this.disputes;
    const send = (from: Address, name: string, args: readonly unknown[]) =>
      must(p, this.at.disputes, calldata(disputesAbi, name, args), { from });
    const said = (i: number): readonly [Hash, Hash] => {
      const deed = deeds[round]![i]!;
      if (typeof deed === "string") return [OTHER_VALUE, DIGESTS[0]!];
      return [deed.isClaimed ? valueOfClaim(claim) : OTHER_VALUE, DIGESTS[deed.digest]!];
    };
    const isOn = (i: number) => weights[i]! > 0n && deeds[round]![i] !== "silent";
    for (const i of order.filter(isOn)) {
      const from = this.people[i]!;
      const hash = await this.read<Hash>("commitmentOf", [id, from, ...said(i), SALT]);
      await send(from, "commit", [id, hash]);
    }
    p.now = drawnAt + 2n * WINDOW;
    for (const i of order.filter((i) => isOn(i) && typeof deeds[round]![i] !== "string")) {
      await send(this.people[i]!, "reveal", [id, ...said(i), SALT]);
    }
    p.now = drawnAt + 3n * WINDOW;
    await must(p, this.at.disputes, calldata(disputesAbi, "decide", [id]));
  }

  private async collectVotes(panels: readonly (readonly bigint[])[]): Promise<void> {
    for (const [round, weights] of panels.entries()) {
      for (const [i, weight] of weights.entries()) {
        if (weight === 0n) continue;
        const collect = calldata(disputesAbi, "collect", [this.disputes, round, this.people[i]!]);
        await must(this.table.p, this.at.disputes, collect);
      }
    }
  }

  private async collectReward(claim: Claim): Promise<void> {
    const { p } = this.table;
    if (await this.isOpen(claim)) return;
    await must(p, p.market, marketCall("collect", [claim.requestId]));
  }

  private async isOpen({ requestId }: Claim): Promise<boolean> {
    const { market } = this.table.p;
    const { status } = await this.table.read<{ status: number }>(market, inferenceMarketAbi, "getRequest", [
      requestId,
    ]);
    return status === CLAIMED;
  }

  private async moveOrigin(to: bigint): Promise<void> {
    this.origin = to;
    await setOrigin(this.table.p, to, hashOf(to));
    await must(this.table.p, this.at.seeds, calldata(seedsAbi, "record", []));
  }

  private audits(name: string, args: readonly unknown[], from: Address, value = 0n): Promise<bigint> {
    return must(this.table.p, this.at.audits, calldata(auditsAbi, name, args), { from, value });
  }

  private read<T>(name: string, args: readonly unknown[]): Promise<T> {
    return this.table.read<T>(this.at.disputes, disputesAbi, name, args);
  }

  private async look({ host }: Seat) {
    const { table, at } = this;
    const waiting: bigint[] = [];
    const stakes: bigint[] = [];
    for (const person of this.people) {
      waiting.push(await drawable(table.p, person));
      stakes.push(await table.read(at.verifiers, verifierPoolAbi, "stakeAt", [person, table.p.now]));
    }
    return {
      ...{ money: await table.money(host), waiting, stakes },
      appellant: await drawable(table.p, APPELLANT),
      audits: await drawable(table.p, at.audits),
      held: await table.read(at.disputes, disputesAbi, "held"),
      fund: await table.read(at.audits, auditsAbi, "fund"),
    };
  }

  private async booksOf(
    before: Awaited<ReturnType<DisputeGames["look"]>>,
    after: Awaited<ReturnType<DisputeGames["look"]>>,
    panels: bigint[][],
    isOpened: boolean,
    { requestId }: Claim,
  ): Promise<DisputeBooks> {
    const { market } = this.table.p;
    const { status } = await this.table.read<{ status: number }>(market, inferenceMarketAbi, "getRequest", [
      requestId,
    ]);
    const change = (of: keyof Money) => after.money[of] - before.money[of];
    return {
      ...{ isOpened, end: status === SETTLED ? "settled" : "refuted", panels },
      paid: after.waiting.map((amount, i) => amount - before.waiting[i]!),
      slashed: after.stakes.map((stake, i) => before.stakes[i]! - stake),
      treasury: change("treasuryBalance"),
      finder: change("finder"),
      appellant: after.appellant - before.appellant,
      audits: after.audits - before.audits,
      dust: after.held - before.held,
      fund: after.fund,
      fromHost: -change("stake"),
      pools: change("pools"),
      contributors: change("contributors"),
    };
  }
}

/** States of a request and of a dispute, as the contracts number them. */
const CLAIMED = 2;
const SETTLED = 3;
const OPENED = 1;
const DECIDED = 3;

const hashOf = (l1Block: bigint): Hash => keccak256(numberToHex(l1Block, { size: 32 }));
const resultOf = (value: Hash, digest: number): string => `${value}${digest}`;
const valueIn = (result: string): string => result.slice(0, 66);
