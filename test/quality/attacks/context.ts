import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Session } from "../../../native/js/index.ts";
import { ContextRows, composePrompt, promptRoom } from "../../../node/ai/context/compose.ts";
import { baseLosses } from "../../../node/ai/context/leave-one-out.ts";
import { dropsOf, MAX_CONTEXT_ROWS } from "../../../node/ai/context/rule.ts";
import { tokenizeRow } from "../../../node/ai/datanet/row-tokens.ts";
import type { Row } from "../../../node/ai/datanet/rows.ts";
import { coverOf, gainOf } from "../../../node/ai/fusion/rule.ts";
import { comparedTokens, completionsOf } from "../../../node/ai/fusion/texts.ts";
import { readModelFolder } from "../../../node/ai/model/files.ts";
import { type LoadedModel, loadModel } from "../../../node/ai/model/load.ts";
import { packageRoot } from "../../../node/base/paths.ts";
import { SHIPPED_BASE } from "../../../node/cli/protocol.ts";
import { methodOf } from "../base.ts";
import { type Fact, type FactSet, readFactFolder } from "../facts.ts";
import { numberOf } from "../flags.ts";
import { WORDINGS } from "../trial.ts";
import type { AttackFlags } from "./by-hand.ts";
import { attacksOf, CONTEXT_ATTACKS } from "./catalogue.ts";
import { meanPay, type Shares } from "./pay.ts";
import { type Contribution, contributionsOf, freeze, type Marks } from "./world.ts";

const DEVELOPMENT = join(packageRoot(), "test", "quality", "development", "islands");
const STRANGER = "a stranger";

/** What is measured with. */
export interface ContextMaker {
  session: Session;
  base: LoadedModel;
  /** Rows in a prompt, at most, and tokens of an answer. */
  rows: number;
  maxTokens: number;
}

/** Mean shares of what rows in the prompt added, over the answers that an attack is aimed at. */
export interface ContextFigure {
  attack: string;
  answers: number;
  /** By the drops alone. */
  drops: AttackedShares;
  /** By the drops times the sixteenths of the answer that a row says, by which claims pay (`node/ai/context/rule.ts`). */
  gained: AttackedShares;
}

/** Of the attacked, without the attack and with it; and of the stranger. */
export interface AttackedShares {
  before: number;
  victim: number;
  stranger: number;
  /** Of the stranger where the method's rule for copies is left out; absent where another defence is named. */
  withoutMarks?: number;
}

/**
 * Carries out the attacks whose rows need no model, against the shares by leaving out rows in the prompt: a stranger adds rows for the first
 * contributor's facts, whose true answers are asked for in their own words and reworded. Takes no training.
 * @throws CodedError `ATTACK_UNKNOWN`, `NUMBER_INVALID`
 */
export async function measureContextAttacks(flags: AttackFlags & { rows: string }): Promise<void> {
  const { facts: folder, base, only, json } = flags;
  const set = readFactFolder(folder === undefined ? DEVELOPMENT : resolve(folder));
  const { copies = "plain", generation } = await methodOf(flags.method, base);
  const maker: ContextMaker = {
    session: new Session(),
    base: await loadModel(await readModelFolder(base ?? SHIPPED_BASE)),
    rows: Math.min(numberOf("rows", flags.rows, 1), MAX_CONTEXT_ROWS),
    maxTokens: generation.maxTokens,
  };
  const figures: ContextFigure[] = [];
  for await (const figure of contextAttacks(maker, set, copies, only)) {
    figures.push(figure);
    process.stdout.write(`${lineOf(set.name, figure)}\n`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
  }
}

/** Each attack's figure, as it comes. */
export async function* contextAttacks(
  maker: ContextMaker,
  set: FactSet,
  copies: Marks,
  only?: string,
): AsyncGenerator<ContextFigure> {
  const honest = contributionsOf(set);
  const victim = set.contributors[0]!.name;
  for (const { name, adds, byModel, facts: most, off } of attacksOf(only, CONTEXT_ATTACKS)) {
    if (byModel || typeof adds === "object") continue;
    const facts = set.facts.filter(({ contributor }) => contributor === victim).slice(0, most);
    const rows = await (adds as (facts: readonly Fact[]) => Row[])(facts);
    const attacked = [...honest, { wallet: STRANGER, rows }];
    const before = await sharesOver(maker, honest, copies, facts);
    const paid = await sharesOver(maker, attacked, copies, facts);
    const unmarked = off.marks && (await sharesOver(maker, attacked, off.marks, facts));
    const figure = (way: keyof WaysOfShares): AttackedShares => ({
      before: meanPay(before[way], [victim]),
      victim: meanPay(paid[way], [victim]),
      stranger: meanPay(paid[way], [STRANGER]),
      ...(unmarked ? { withoutMarks: meanPay(unmarked[way], [STRANGER]) } : {}),
    });
    yield { attack: name, answers: paid.drops.length, drops: figure("drops"), gained: figure("gained") };
  }
}

interface WaysOfShares {
  drops: Shares[];
  gained: Shares[];
}

/** Whose rows the facts' true answers are owed to, in own words and reworded; nobody's where no row has a drop. */
async function sharesOver(
  { session, base, rows: most, maxTokens }: ContextMaker,
  contributions: readonly Contribution[],
  marks: Marks,
  facts: readonly Fact[],
): Promise<WaysOfShares> {
  const { set, walletOf } = await freeze(contributions, base, marks);
  const candidates = new ContextRows(set.examples);
  const completions = await completionsOf(set.examples, base.tokenizer);
  const found: WaysOfShares = { drops: [], gained: [] };
  for (const wording of WORDINGS) {
    for (const { question, reworded, answer } of facts) {
      const asked = { prompt: wording === "own" ? question : reworded };
      const { ids, completionStart } = await tokenizeRow({ ...asked, completion: answer }, base.tokenizer);
      const room = promptRoom(most, maxTokens, base.config.contextLength, completionStart);
      const composed = await composePrompt(candidates, asked, base.tokenizer, room);
      const losses = await baseLosses({ session, base }, composed, ids.slice(completionStart));
      const drops = dropsOf(losses).map((drop) => Math.max(drop, 0));
      const cover = coverOf(await comparedTokens(answer, base.tokenizer), completions);
      const wallets = composed.rows.map(({ rowId }) => walletOf(set.places[rowId]!.contributionId));
      const gained = composed.rows.map(({ rowId }, i) => drops[i]! * gainOf(cover, rowId, BigInt(drops[i]!)));
      found.drops.push(divided(wallets, drops));
      found.gained.push(divided(wallets, gained));
    }
  }
  return found;
}

function divided(wallets: readonly string[], weights: readonly number[]): Shares {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const shares = new Map<string, number>();
  for (const [i, wallet] of wallets.entries())
    if (sum > 0) shares.set(wallet, (shares.get(wallet) ?? 0) + weights[i]! / sum);
  return shares;
}

function lineOf(name: string, { attack, answers, drops, gained }: ContextFigure): string {
  const told = ({ before, victim, stranger, withoutMarks }: AttackedShares) =>
    [
      `the attacked has ${victim.toFixed(3)} of ${before.toFixed(3)} before`,
      `the stranger ${stranger.toFixed(3)}`,
      ...(withoutMarks === undefined ? [] : [`without the rule for copies ${withoutMarks.toFixed(3)}`]),
    ].join(", ");
  return `${name}, ${attack}, ${answers} answers: ${told(drops)}; times what rows hold of the answer: ${told(gained)}`;
}
