import { CodedError } from "../../../node/base/errors.ts";
import type { Attack, Attacker } from "./catalogue.ts";
import { inflationOf, meanPay, type PayRule, PROPOSALS, type Proposal } from "./pay.ts";
import { marksOf, type Scene } from "./scene.ts";
import { type Contribution, type Marks, splitOver } from "./world.ts";

/** What an attack brings: a factor of pay for who had some, a share of the contributors' pay for who had nothing. */
export interface AttackFigure {
  attack: string;
  attacker: Attacker | "trainer";
  defence: string;
  measure: "inflation" | "share";
  /** With the product's defences, on the answers of the model without the attack. */
  on: number;
  /** The same without the defence. */
  off: number;
  target: number;
  /** As `on`, on the answers that the attacked model gives; how many of them differ from those without the attack. */
  ownAnswers?: number;
  changed?: number;
  /** As `on`, by rules that are not the product's. */
  proposals?: Readonly<Record<Proposal, number>>;
  /** As `on`, of the rows that the attacker had before alone: how far training anew has moved pay, whoever the added rows are of. */
  drift?: number;
  /** Of a wallet that had nothing: its share over all answers, not only over those that it was aimed at. */
  ofAllAnswers?: number;
}

/** Most that pay may grow by an attack. */
export const INFLATION_TARGET = 1.05;
/** Most that a wallet without rows of its own may get. */
export const SHARE_TARGET = 0.02;

const STRANGER = "a stranger";

/** An attack by one kind of attacker, worked out for a scene. */
interface Plan {
  measure: AttackFigure["measure"];
  wallets: readonly string[];
  contributions: readonly Contribution[];
  /** The same, with the rows that the attacker adds in a stranger's hand. */
  elsewhere: readonly Contribution[];
  /** Of each question, whether the attack is aimed at its fact. */
  isAimedAt: readonly boolean[];
}

/** Carries an attack out, once for each kind of attacker, and compares what they are paid. */
export async function measureAttack(scene: Scene, attack: Attack): Promise<AttackFigure[]> {
  const figures: AttackFigure[] = [];
  const marks = marksOf(scene.maker);
  const off = { rule: "product" as PayRule, marks, ...attack.off };
  for (const attacker of attack.attackers) {
    const plan = await planOf(scene, attack, attacker);
    const paid = await scene.pay(plan.contributions, marks, "product");
    const proposals = await Promise.all(PROPOSALS.map((rule) => brought(scene, plan, marks, rule)));
    figures.push({
      ...{ attack: attack.name, attacker, defence: attack.defence, changed: paid.changed },
      ...{ measure: plan.measure, target: plan.measure === "share" ? SHARE_TARGET : INFLATION_TARGET },
      on: await brought(scene, plan, marks, "product"),
      off: await brought(scene, plan, off.marks, off.rule),
      ownAnswers: await brought(scene, plan, marks, "product", "own"),
      proposals: Object.fromEntries(PROPOSALS.map((rule, i) => [rule, proposals[i]!])) as Record<
        Proposal,
        number
      >,
      ...(plan.measure === "share"
        ? { ofAllAnswers: meanPay(paid.same, plan.wallets) }
        : { drift: await brought(scene, { ...plan, contributions: plan.elsewhere }, marks, "product") }),
    });
  }
  return figures;
}

/** A share of the answers that are aimed at, or the factor by which pay over all answers grew. */
async function brought(
  scene: Scene,
  { measure, wallets, contributions, isAimedAt }: Plan,
  marks: Marks,
  rule: PayRule,
  answers: "same" | "own" = "same",
): Promise<number> {
  const paid = (await scene.pay(contributions, marks, rule))[answers];
  if (measure === "inflation")
    return inflationOf(meanPay(paid, wallets), await honestPay(scene, wallets, rule));
  return meanPay(
    paid.filter((_, i) => isAimedAt[i]),
    wallets,
  );
}

async function honestPay(scene: Scene, wallets: readonly string[], rule: PayRule): Promise<number> {
  return meanPay((await scene.pay(scene.honest, marksOf(scene.maker), rule)).same, wallets);
}

/** The victim is the set's first contributor, the rival its second. @throws CodedError `FACTS_TOO_FEW` for a set of one. */
async function planOf(scene: Scene, { adds, facts: most }: Attack, attacker: Attacker): Promise<Plan> {
  const { honest, set, asked } = scene;
  const [victim, rival] = set.contributors.map(({ name }) => name);
  if (victim === undefined || rival === undefined) {
    throw new CodedError("FACTS_TOO_FEW", "input", {
      message: `the facts "${set.name}" are of ${set.contributors.length} contributors; an attack takes two`,
      fix: "give a folder with facts of at least two contributors",
    });
  }
  const facts = set.facts.filter(({ contributor }) => contributor === victim).slice(0, most);
  const isAimedAt = asked.map(({ fact }) => facts.includes(fact));
  if (typeof adds === "object") {
    const wallets = Array.from({ length: adds.wallets }, (_, i) => (i === 0 ? victim : `${victim} ${i + 1}`));
    const contributions = splitOver(honest, victim, wallets);
    return { measure: "inflation", wallets, contributions, elsewhere: contributions, isAimedAt };
  }
  const wallet = { stranger: STRANGER, rival, owner: victim }[attacker];
  const rows = await adds(facts, scene);
  const measure = attacker === "stranger" ? "share" : "inflation";
  const by = (name: string) => [...honest, { wallet: name, rows }];
  return { measure, wallets: [wallet], contributions: by(wallet), elsewhere: by(STRANGER), isAimedAt };
}

/** How much of the pay of answers that nobody attacked stays where the product puts it: 1 where a proposal moves nothing. */
export async function kept(scene: Scene, proposal: Proposal): Promise<number> {
  const marks = marksOf(scene.maker);
  const [paid, other] = [
    await scene.pay(scene.honest, marks, "product"),
    await scene.pay(scene.honest, marks, proposal),
  ];
  const overlaps = paid.same.map((shares, i) =>
    [...shares].reduce((sum, [wallet, share]) => sum + Math.min(share, other.same[i]!.get(wallet) ?? 0), 0),
  );
  return overlaps.reduce((sum, overlap) => sum + overlap, 0) / overlaps.length;
}
