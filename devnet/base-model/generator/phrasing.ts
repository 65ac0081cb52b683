import type { Random } from "../../../node/base/random.ts";
import { capital, withArticles } from "./letters.ts";
import { ADJECTIVES, COMMON, FIRST_NAMES, MEASURES, NOUNS } from "./lexicon.ts";
import { madeName, type NameSource } from "./names.ts";
import { bagOfWords, clozeQuestion, noisyQuestion } from "./questions.ts";
import { type Relation, relation, type SubjectKind } from "./relation.ts";
import { DEPIN_RELATIONS } from "./relations-depin.ts";
import { EVERYDAY_RELATIONS } from "./relations-everyday.ts";
import { FINANCE_RELATIONS } from "./relations-finance.ts";
import { GAMING_RELATIONS } from "./relations-gaming.ts";
import { GENERAL_RELATIONS } from "./relations-general.ts";
import { HEALTH_RELATIONS } from "./relations-health.ts";
import { MEASURE_RELATIONS } from "./relations-measures.ts";
import { ROLE_RELATIONS } from "./relations-roles.ts";
import { makeValue, VALUE_KINDS } from "./values.ts";

export const RELATIONS: readonly Relation[] = [
  ...FINANCE_RELATIONS,
  ...HEALTH_RELATIONS,
  ...DEPIN_RELATIONS,
  ...GAMING_RELATIONS,
  ...GENERAL_RELATIONS,
  ...ROLE_RELATIONS,
  ...MEASURE_RELATIONS,
  ...EVERYDAY_RELATIONS,
];

export const SUBJECT_KINDS: readonly SubjectKind[] = [...new Set(RELATIONS.map((r) => r.subject))];

const BY_SUBJECT = new Map(SUBJECT_KINDS.map((kind) => [kind, RELATIONS.filter((r) => r.subject === kind)]));

/** Statements that fit any noun `{n}`, subject and value. */
export const SHARED_STATEMENTS: readonly string[] = [
  "The {n} of {s} is {v}.",
  "The {n} of {s} is {v}.",
  "The {n} for {s} is {v}.",
  "{s} has {v} as its {n}.",
  "{s}'s {n} is {v}.",
  "For {s}, the {n} is {v}.",
  "{v} is the {n} of {s}.",
  "At {s} the {n} is {v}.",
  "The {n} of {s} was set to {v}.",
  "{s} reports {v} as the {n}.",
  "In the case of {s}, the {n} is {v}.",
];

/** Questions that fit any noun `{n}` and subject. */
export const SHARED_QUESTIONS: readonly string[] = [
  "What is the {n} of {s}?",
  "What is the {n} of {s}?",
  "What is the {n} of {s}?",
  "What is {s}'s {n}?",
  "What is the {n} for {s}?",
  "What is the {n} at {s}?",
  "Which {n} does {s} have?",
  "What {n} does {s} have?",
  "Do you know the {n} of {s}?",
  "Can you tell me the {n} of {s}?",
  "Tell me the {n} of {s}?",
  "For {s}, what is the {n}?",
  "{s}: what is the {n}?",
  "The {n} of {s} is what?",
  "What do we know about the {n} of {s}?",
  "What would be the {n} of {s}?",
  "Regarding {s}, what is the {n}?",
  "What was the {n} of {s} set to?",
  "{n} of {s}?",
  "{s} {n}?",
];

const SUBJECT_FORMS: Readonly<Record<SubjectKind, readonly string[]>> = {
  fund: ["{} Fund", "{} Capital", "the {} fund", "{} Income Trust", "{} {noun} Fund", "{word} {} Fund"],
  bank: ["{} Bank", "Bank of {}", "{} Savings", "{} Credit Union", "the {} bank", "{} {word} Bank"],
  company: ["{}", "{} Labs", "{} Industries", "{} {noun} Company", "{word} {}", "{} Holdings"],
  token: ["{}", "{} Coin", "the {} token", "{} Credits"],
  clinic: [
    "{} Clinic",
    "{} Hospital",
    "the {} clinic",
    "Saint {} Hospital",
    "{} {word} Clinic",
    "{} Health Center",
  ],
  drug: ["{}", "{}ol", "{} tablets", "{} syrup", "{}ine"],
  trial: ["the {} trial", "Trial {}", "the {} study", "Study {}"],
  patient: ["{first} {}", "patient {}", "Mr. {}", "Mrs. {}"],
  network: ["{} Network", "the {} network", "{}", "{} Mesh", "{} Grid", "{} {word} Network"],
  device: ["the {} sensor", "{} Hub", "the {} {noun}", "{} Router", "the {} gateway"],
  site: ["{} Station", "the {} site", "{} Wind Park", "the {} tower", "{} Solar Field"],
  game: ["{}", "{} Online", "Tales of {}", "{} Quest", "{} {noun}", "{word} {}"],
  guild: ["the {} guild", "Order of {}", "{} Clan", "the {} {noun}s"],
  item: ["{} Blade", "the {} {noun}", "Shield of {}", "{} Armor", "the {} amulet"],
  hero: ["{}", "Sir {}", "Lady {}", "{} the {adj}", "Captain {}"],
  town: ["{}", "{} Town", "Port {}", "the village of {}"],
  person: ["{first} {}", "{}", "Dr. {}", "Professor {}"],
  ship: ["the {}", "{}", "the ship {}", "the {} {noun}"],
  school: ["{} School", "{} Academy", "the {} school", "{} College"],
  work: ["the {} song", "The Book of {}", "the {} letters", '"{}"', "The {adj} {noun}", "the painting {}"],
  building: [
    "the {} bridge",
    "{} Hall",
    "the {} mill",
    "{} House",
    "the {} {noun}",
    "the tower of {}",
    "{} Gate",
  ],
  club: ["the {} club", "the {} choir", "{} United", "the {noun} Society of {}", "the {} team", "{} Circle"],
  animal: ["the {} owl", "a {} goat", "the {adj} {}", "the {} {noun}", "the horse {}", "{}"],
  machine: [
    "the {} engine",
    "the {} press",
    "{} Mark {digit}",
    "the {} {noun}",
    "a {} drill",
    "the {}-{digit}",
  ],
  event: [
    "the {} festival",
    "the {} Cup",
    "the {} market",
    "{} Night",
    "the {noun} race of {}",
    "the {} fair",
  ],
  dish: ["{} pie", "{} soup", "the {} cake", "a {} roll", "{} bread", "{} {noun} stew"],
  shop: ["the {} bakery", "{} Books", "the {} shop", "{} & Daughters", "the {adj} {noun}", "Café {}"],
  plant: ["{} root", "the {} rose", "{} moss", "the {} tree", "{}wort", "{} {noun}"],
  mountain: ["Mount {}", "the {} hill", "{} Peak", "the {noun} of {}", "the {} ridge"],
  river: ["the {}", "the River {}", "{} Creek", "the {} canal", "Lake {}"],
  mine: ["the {} mine", "the {} quarry", "{} Pit", "the {} field"],
};

/** A new subject: its name is never used again. */
export function makeSubject(kind: SubjectKind, random: Random, names: NameSource): string {
  return random
    .pick(SUBJECT_FORMS[kind])
    .replace("{}", () => madeName(random, names))
    .replace("{digit}", () => String(random.between(2, 99)))
    .replace("{noun}", () => capital(random.pick(NOUNS)))
    .replace("{word}", () => capital(random.pick(COMMON)))
    .replace("{adj}", () => capital(random.pick(ADJECTIVES)))
    .replace("{first}", () => random.pick(FIRST_NAMES));
}

export function relationsOf(kind: SubjectKind): readonly Relation[] {
  return BY_SUBJECT.get(kind) ?? [];
}

/** A relation made up on the spot ("signal budget"), which has only the shared forms. */
export function makeRelation(kind: SubjectKind, random: Random): Relation {
  const first = random.chance(60) ? random.pick(NOUNS) : random.pick(ADJECTIVES);
  const noun = random.chance(85) ? `${first} ${random.pick(MEASURES)}` : random.pick(NOUNS);
  return { ...relation(kind, random.pick(VALUE_KINDS), noun, "", ""), statements: [], questions: [] };
}

/** One thing that is true of one subject. */
export interface Fact {
  readonly subject: string;
  readonly relation: Relation;
  readonly value: string;
}

export function makeFact(subject: string, rel: Relation, random: Random, names: NameSource): Fact {
  return { subject, relation: rel, value: makeValue(rel.value, random, names) };
}

function fill(form: string, fact: Fact, noun: string): string {
  const filled = form
    .replace("{n}", noun)
    .replace("{s}", () => fact.subject)
    .replace("{v}", () => fact.value);
  return capital(withArticles(filled));
}

/** A sentence that states the fact, ending in a full stop. `fixed` takes the relation's first own form instead of any. */
export function stateFact(fact: Fact, random: Random, fixed = false): string {
  const { statements, nouns } = fact.relation;
  if (fixed) return fill(statements[0] ?? (SHARED_STATEMENTS[0] as string), fact, nouns[0] as string);
  const own = statements.length > 0 && random.chance(55);
  return fill(random.pick(own ? statements : SHARED_STATEMENTS), fact, random.pick(nouns));
}

/**
 * A question after the fact, ending in a question mark. One in ten is a mere bag of its words, as many are a statement with
 * an opening in the value's place, and some have other word forms and small words too many.
 */
export function askFact(fact: Fact, random: Random): string {
  const form = random.below(100);
  if (form < 10) return clozeQuestion(stateFact(fact, random), fact.value, fact.relation.value, random);
  const { questions, nouns } = fact.relation;
  const own = questions.length > 0 && random.chance(60);
  const question = fill(random.pick(own ? questions : SHARED_QUESTIONS), fact, random.pick(nouns));
  if (form < 20) return bagOfWords(question, random);
  return form < 30 ? noisyQuestion(question, random) : question;
}
