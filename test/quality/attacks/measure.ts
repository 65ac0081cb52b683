import { CodedError } from "../../../node/base/errors.ts";
import type { Attack, Attacker } from "./catalogue.ts";
import { inflationOf, meanPay, type PayRule, type Shares } from "./pay.ts";
import { marksOf, type Paid, type Scene } from "./scene.ts";
import { type Contribution, splitOver } from "./world.ts";

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
  wallets: readonly string[];
  contributions: readonly Contribution[];
  /** Of each question, whether the attack is aimed at its fact. */
  isAimedAt: readonly boolean[];
}

/** Carries an attack out, once for each kind of attacker, and compares what they are paid. */
export async function measureAttack(scene: Scene, attack: Attack): Promise<AttackFigure[]> {
  const figures: AttackFigure[] = [];
  const marks = marksOf(scene.maker);
  const { rule: offRule, marks: offMarks } = { rule: "product" as PayRule, marks, ...attack.off };
  for (const attacker of attack.attackers) {
    const plan = await planOf(scene, attack, attacker);
    const on = await scene.pay(plan.contributions, marks, "product");
    const off = await scene.pay(plan.contributions, offMarks, offRule);
    const { name, defence } = attack;
    const of = { attack: name, attacker, defence, changed: on.changed };
    figures.push({
      ...of,
      ...(attacker === "stranger"
        ? shareFigures(plan, on, off)
        : await inflations(scene, plan, on, off, offRule)),
    });
  }
  return figures;
}

type Measured = Omit<AttackFigure, "attack" | "attacker" | "defence" | "changed">;

function shareFigures({ wallets, isAimedAt }: Plan, on: Paid, off: Paid): Measured {
  const aimed = (shares: readonly Shares[]) =>
    meanPay(
      shares.filter((_, i) => isAimedAt[i]),
      wallets,
    );
  return {
    measure: "share",
    on: aimed(on.same),
    off: aimed(off.same),
    target: SHARE_TARGET,
    ownAnswers: aimed(on.own),
    ofAllAnswers: meanPay(on.same, wallets),
  };
}

async function inflations(
  scene: Scene,
  { wallets }: Plan,
  on: Paid,
  off: Paid,
  offRule: PayRule,
): Promise<Measured> {
  const before = async (rule: PayRule) =>
    meanPay((await scene.pay(scene.honest, marksOf(scene.maker), rule)).same, wallets);
  const [honest, honestOff] = [await before("product"), await before(offRule)];
  return {
    measure: "inflation",
    on: inflationOf(meanPay(on.same, wallets), honest),
    off: inflationOf(meanPay(off.same, wallets), honestOff),
    target: INFLATION_TARGET,
    ownAnswers: inflationOf(meanPay(on.own, wallets), honest),
  };
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
    return { wallets, contributions: splitOver(honest, victim, wallets), isAimedAt };
  }
  const wallet = { stranger: STRANGER, rival, owner: victim }[attacker];
  const rows = await adds(facts, scene);
  return { wallets: [wallet], contributions: [...honest, { wallet, rows }], isAimedAt };
}
