import { type Relation, relation, type SubjectKind } from "./relation.ts";
import type { ValueKind } from "./values.ts";

/**
 * How much of something: adjective, nouns, verb ("-": none; "+": the value follows), how much is asked with that verb, the
 * value's kind, and of what kinds of subject it is told.
 */
const MEASURES: readonly (readonly [
  adjective: string,
  nouns: string,
  verb: string,
  value: ValueKind,
  subjects: string,
])[] = [
  ["tall", "height", "rises|rise", "length", "building mountain plant"],
  ["high", "height|altitude", "reaches|reach", "length", "mountain building"],
  ["long", "length", "measures|measure", "length", "river ship animal"],
  ["wide", "width|breadth", "spans|span", "length", "river building machine"],
  ["deep", "depth", "goes down|go down", "length", "river mine"],
  ["heavy", "weight|mass", "weighs|weigh", "mass", "animal machine item"],
  ["old", "age", "-", "duration", "animal person building"],
  ["fast", "speed|top speed", "runs at|run at", "speed", "machine animal ship"],
  ["hot", "temperature", "is served at|be served at", "temperature", "dish"],
  ["cold", "temperature|winter temperature", "-", "temperature", "town mountain"],
  ["loud", "loudness|volume", "-", "level", "machine animal"],
  ["large", "size|area", "covers|cover", "area", "town mine club"],
  ["strong", "strength|power", "delivers|deliver", "power", "machine"],
  ["expensive", "price|cost|fee", "costs|cost", "money", "dish item event work"],
  ["far", "range|reach", "reaches|reach", "length", "device ship machine"],
  ["difficult", "difficulty|grade", "-", "level", "event work mountain"],
  ["long", "duration|running time", "lasts|last", "duration", "event work"],
];

export const MEASURE_RELATIONS: readonly Relation[] = MEASURES.flatMap(
  ([adjective, nouns, verb, value, subjects]) =>
    subjects
      .split(" ")
      .map((subject) => measureRelation(subject as SubjectKind, adjective, nouns, verb, value)),
);

function measureRelation(
  subject: SubjectKind,
  adjective: string,
  nouns: string,
  verb: string,
  value: ValueKind,
): Relation {
  const isSaid = ["tall", "high", "long", "wide", "deep", "old"].includes(adjective) && value !== "level";
  const statements = [
    isSaid ? `{s} is {v} ${adjective}.` : "The {n} of {s} comes to {v}.",
    "{s} has {v} of {n}.",
    "{v} is {s}'s {n}.",
    "{v} is the full {n} of {s}.",
  ];
  const questions = [
    `How ${adjective} is {s}?`,
    `{s} is how ${adjective}?`,
    "What {n} does {s} have?",
    "How great is the {n} of {s}?",
    "What is the figure for the {n} of {s}?",
    `Do you know how ${adjective} {s} is?`,
  ];
  const [does, infinitive] = verb.split("|");
  if (infinitive !== undefined) {
    const amount = value === "money" ? "How much" : value === "length" ? "How far" : "How much";
    statements.push(`{s} ${does} {v}.`, `It is {v} that {s} ${does}.`);
    questions.push(
      `${amount} does {s} ${infinitive}?`,
      `What does {s} ${infinitive}?`,
      `{s} ${does} how much?`,
    );
  }
  return relation(subject, value, nouns, statements.join("|"), questions.join("|"));
}
