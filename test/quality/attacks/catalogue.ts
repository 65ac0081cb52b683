import type { Row } from "../../../node/ai/datanet/rows.ts";
import { CodedError } from "../../../node/base/errors.ts";
import type { Fact } from "../facts.ts";
import { outliers, shadows } from "./chosen-rows.ts";
import type { PayRule } from "./pay.ts";
import {
  askedAnswers,
  duplicates,
  longRows,
  nearDuplicates,
  noise,
  PARAPHRASES,
  pairLists,
  paraphrases,
  phraseLists,
  twists,
} from "./rows.ts";
import type { Scene } from "./scene.ts";
import type { Marks } from "./world.ts";

/**
 * Who attacks: a wallet that had nothing; a contributor that has rows, with rows aimed at another's; or the one whose rows they are
 * aimed at, to be paid more for them.
 */
export type Attacker = "stranger" | "rival" | "owner";

/** Rows that somebody adds to be paid more, and the defence against them. */
export interface Attack {
  name: string;
  attackers: readonly Attacker[];
  /** How many of the victim's facts it is aimed at, at most; all unless given. */
  facts?: number;
  /** Rows added for the facts that it is aimed at; or over how many wallets the attacker's own are split. */
  adds: ((facts: readonly Fact[], scene: Scene) => Row[] | Promise<Row[]>) | { wallets: number };
  /** They are chosen by a model of the attacker's own. */
  byModel?: true;
  defence: string;
  /** What stands in for the product where the defence is left out: another rule of copies, of pay, or both. */
  off: { marks?: Marks; rule?: PayRule };
}

const BOTH: readonly Attacker[] = ["stranger", "rival"];

/** Wallets of one contributor. */
const WALLETS = 8;

export const ATTACKS: readonly Attack[] = [
  {
    name: "duplicates",
    attackers: BOTH,
    adds: duplicates,
    defence: "marks of repeats",
    off: { marks: "none" },
  },
  {
    name: "near-duplicates",
    attackers: BOTH,
    adds: nearDuplicates,
    defence: "near copies by words/1",
    off: { marks: "plain" },
  },
  {
    name: `${PARAPHRASES} paraphrases around an original`,
    attackers: ["stranger", "rival", "owner"],
    facts: 3,
    adds: paraphrases,
    defence: "first teller",
    off: { marks: "words/1" },
  },
  {
    name: `splitting over ${WALLETS} wallets`,
    attackers: ["owner"],
    adds: { wallets: WALLETS },
    defence: "weight by row",
    off: { rule: "heads" },
  },
  {
    name: "norm inflation (long rows)",
    attackers: BOTH,
    adds: longRows,
    defence: "first teller, cap of norms",
    off: { marks: "words/1", rule: "uncapped" },
  },
  {
    name: "noise rows",
    attackers: BOTH,
    adds: noise,
    defence: "floor, spans choose",
    off: { rule: "floorless" },
  },
  {
    name: "span stuffing: lists of phrases",
    attackers: BOTH,
    adds: phraseLists,
    defence: "no lists of others' answers",
    off: { marks: "words/1" },
  },
  {
    name: "span stuffing: lists of two phrases",
    attackers: BOTH,
    adds: pairLists,
    defence: "strung answers are held by none",
    off: { marks: "tellers/1" },
  },
  {
    name: "span stuffing: rows with a twist",
    attackers: BOTH,
    adds: twists,
    defence: "first teller, influence decides",
    off: { marks: "words/1", rule: "spans" },
  },
  {
    name: "shadow attack",
    attackers: BOTH,
    adds: shadows,
    byModel: true,
    defence: "spans choose",
    off: { rule: "influence" },
  },
  {
    name: "outlier attack",
    attackers: BOTH,
    adds: outliers,
    byModel: true,
    defence: "spans choose",
    off: { rule: "influence" },
  },
];

/** Against rows in the prompt, where a row's question is read as its answer is. */
export const CONTEXT_ATTACKS: readonly Attack[] = [
  ...ATTACKS,
  {
    name: "answers in the question",
    attackers: BOTH,
    adds: askedAnswers,
    defence: "only answers count",
    off: {},
  },
];

/** Attacks whose name begins so; all where nothing is named. @throws CodedError `ATTACK_UNKNOWN` where none does. */
export function attacksOf(only: string | undefined, among = ATTACKS): readonly Attack[] {
  const attacks = among.filter(({ name }) => only === undefined || name.startsWith(only));
  if (attacks.length > 0) return attacks;
  throw new CodedError("ATTACK_UNKNOWN", "fatal", {
    message: `--only is "${only}", and no attack's name begins so`,
    fix: `give the beginning of one of: ${among.map(({ name }) => name).join("; ")}`,
  });
}
