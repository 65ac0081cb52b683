import { isDeepStrictEqual } from "node:util";
import { DisputeGames, drawPlan } from "./dispute-games.ts";
import { drawGame, playMany } from "./play.ts";
import { randomFrom } from "./random.ts";
import { STRATEGIES, WITHOUT_ESCALATION } from "./strategies.ts";

/**
 * npm run simulate [-- GAMES [DISPUTES]]: prints what each strategy brings over honesty, in thousandths of the honest fee, by the chance
 * of an audit and the share of verifiers that are in with the attacker. GAMES: of all strategies together, 100,000 unless given.
 * DISPUTES: random ones that are played on the contracts beside the rules, 50 unless given. Status 1 where a strategy is ahead, or
 * a wei is not where the rules say.
 */
const AUDIT_BPS = [100, 500, 1_000] as const;
/** Of 12. */
const FRIENDS = [0, 2, 4] as const;

/** Random disputes and audits on the contracts. @returns how many end otherwise than by the rules. */
async function playOnContracts(disputes: number): Promise<number> {
  const games = await DisputeGames.open();
  let others = 0;
  for (let seed = 0; seed < disputes; seed++) {
    const random = randomFrom(10_000 + seed);
    const game = drawGame(random, AUDIT_BPS[seed % AUDIT_BPS.length] ?? AUDIT_BPS[0], 0);
    const { seen, expected } = await games.play(game, drawPlan(random));
    if (!isDeepStrictEqual(seen, expected)) others++;
  }
  return others;
}

async function main(): Promise<void> {
  const games = Number(process.argv[2] ?? 100_000);
  const each = Math.max(1, Math.ceil(games / (STRATEGIES.length * AUDIT_BPS.length * FRIENDS.length)));
  const columns = AUDIT_BPS.flatMap((auditBps) => FRIENDS.map((friends) => ({ auditBps, friends })));
  const heads = columns.map(({ auditBps, friends }) => `p ${auditBps / 100}% v ${friends}/12`.padStart(14));
  process.stdout.write(`${"mean gain over honesty, 1/1000 of the fee".padEnd(64)}${heads.join("")}\n`);
  let ahead = 0;
  for (const strategy of [...STRATEGIES, WITHOUT_ESCALATION]) {
    const gains = columns.map((column) => playMany(strategy, { ...column, games: each, seed: 1 }).meanGain);
    process.stdout.write(
      `${strategy.name.padEnd(64)}${gains.map((gain) => gain.toFixed(1).padStart(14)).join("")}\n`,
    );
    if (strategy !== WITHOUT_ESCALATION) ahead += gains.filter((gain) => gain > 0).length;
  }
  const total = each * STRATEGIES.length * columns.length;
  process.stdout.write(
    `${total} games; ${ahead === 0 ? "no strategy is ahead of honesty" : `${ahead} means are ahead of honesty`}\n`,
  );
  const disputes = Number(process.argv[3] ?? 50);
  const others = await playOnContracts(disputes);
  process.stdout.write(
    `${disputes} disputes on the contracts: ${others === 0 ? "the same as by the rules, to the wei" : `${others} end otherwise`}\n`,
  );
  process.exitCode = ahead === 0 && others === 0 ? 0 : 1;
}

await main();
