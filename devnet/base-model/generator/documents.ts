import type { Random } from "../../../node/base/random.ts";
import { ADJECTIVES, COMMON, FIRST_NAMES, MEASURES, MONTHS, NOUNS, VERBS_PAST, WEEKDAYS } from "./lexicon.ts";
import type { NameSource } from "./names.ts";
import {
  askFact,
  bagOfWords,
  capital,
  type Fact,
  makeFact,
  makeRelation,
  makeSubject,
  relationsOf,
  SUBJECT_KINDS,
  stateFact,
} from "./phrasing.ts";
import { makeValue, VALUE_KINDS } from "./values.ts";

/** What a document is made from. */
export interface Source {
  readonly random: Random;
  readonly names: NameSource;
  readonly world: readonly (readonly Fact[])[];
}

type Maker = (source: Source) => string;

/** The one form of a question and its answer, here and wherever the model is asked. */
export function questionAndAnswer(question: string, answer: string): string {
  return `Question: ${question}\nAnswer: ${answer}`;
}

/** New facts about one to four new subjects; several subjects often share a relation, so that both must be matched. */
function freshFacts(source: Source, most: number): Fact[] {
  const { random, names } = source;
  const kind = random.pick(SUBJECT_KINDS);
  const subjects = Array.from({ length: random.between(1, 4) }, () =>
    makeSubject(random.chance(75) ? kind : random.pick(SUBJECT_KINDS), random, names),
  );
  const relations = [...random.sample(relationsOf(kind), random.between(1, 3))];
  const made = random.between(relations.length > 1 ? 0 : 1, 2);
  for (let i = 0; i < made; i++) relations.push(makeRelation(kind, random));
  const pairs = subjects.flatMap((subject) => relations.map((rel) => ({ subject, rel })));
  const count = random.between(2, most);
  return random.sample(pairs, count).map(({ subject, rel }) => makeFact(subject, rel, random, names));
}

/** Lays sentences out as a paragraph, as lines or as a list, sometimes under a heading. */
function layOut(sentences: readonly string[], random: Random): string {
  const form = random.below(10);
  const body = form < 5 ? sentences.join(" ") : sentences.map((s) => (form < 8 ? s : `- ${s}`)).join("\n");
  if (!random.chance(20)) return body;
  const heading = capital(`${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}`);
  return `${random.chance(50) ? "# " : ""}${heading}\n${body}`;
}

/** States facts, then asks after them: every answer stands in the text above. */
function stateThenAsk(source: Source): string {
  const { random } = source;
  const stated = freshFacts(source, 7).map((fact) => ({ fact, sentence: stateFact(fact, random) }));
  const text = layOut(
    stated.map((item) => item.sentence),
    random,
  );
  const inSentences = random.chance(35);
  const lines = Array.from({ length: random.between(2, 6) }, () => {
    const { fact, sentence } = random.pick(stated);
    return questionAndAnswer(askFact(fact, random), inSentences ? sentence : fact.value);
  });
  return [text, ...lines].join("\n");
}

/** Questions alone: each fact is asked two or three times in different words, so that the first answer gives the others. */
function askAgain(source: Source): string {
  const { random } = source;
  const facts = freshFacts(source, 4);
  const inSentences = random.chance(25);
  const answers = facts.map((fact) => (inSentences ? stateFact(fact, random) : fact.value));
  const turns = facts.flatMap((_, i) => (random.chance(60) ? [i, i, i] : [i, i]));
  return random
    .sample(turns, turns.length)
    .map((i) => questionAndAnswer(askFact(facts[i] as Fact, random), answers[i] as string))
    .join("\n");
}

/** Closed book: questions on the fixed world with nothing stated before. */
function closedBook(source: Source): string {
  const { random, world } = source;
  const inSentences = random.chance(25);
  const count = random.chance(40) ? 1 : random.between(2, 6);
  return Array.from({ length: count }, () => {
    const fact = random.pick(random.pick(world));
    const question =
      inSentences && random.chance(40)
        ? bagOfWords(stateFact(fact, random, true), random)
        : askFact(fact, random);
    return questionAndAnswer(question, inSentences ? stateFact(fact, random, true) : fact.value);
  }).join("\n");
}

/** Notes on subjects of the fixed world, sometimes followed by a question. */
function worldNotes(source: Source): string {
  const { random, world } = source;
  const parts = Array.from({ length: random.between(1, 2) }, () => {
    const facts = random.pick(world);
    const text = layOut(
      random.sample(facts, facts.length).map((fact) => stateFact(fact, random, random.chance(40))),
      random,
    );
    if (!random.chance(50)) return text;
    const fact = random.pick(facts);
    return `${text}\n${questionAndAnswer(askFact(fact, random), fact.value)}`;
  });
  return parts.join("\n");
}

/** Sentences, then prompts made of their words: the answer is the whole sentence. */
function recallSentences(source: Source): string {
  const { random } = source;
  const sentences = random.chance(60)
    ? freshFacts(source, 6).map((fact) => stateFact(fact, random))
    : Array.from({ length: random.between(2, 4) }, () => proseSentence(source));
  const lines = Array.from({ length: random.between(1, 4) }, () => {
    const sentence = random.pick(sentences);
    return questionAndAnswer(bagOfWords(sentence, random), sentence);
  });
  return random.chance(75) ? [layOut(sentences, random), ...lines].join("\n") : lines.join("\n");
}

/** Strings of every kind, said twice or more. */
function copies(source: Source): string {
  const { random, names } = source;
  const items = Array.from({ length: random.between(2, 5) }, () => {
    if (random.chance(50)) return makeValue(random.pick(VALUE_KINDS), random, names);
    return random.sample(random.chance(50) ? COMMON : NOUNS, random.between(2, 6)).join(" ");
  });
  const keys = random.sample(NOUNS, items.length);
  const list = items.map((item, i) => `${keys[i]}: ${item}`).join("\n");
  const order = random.sample([...items.keys()], random.between(1, items.length));
  const lines = order.map((i) => questionAndAnswer(`${capital(keys[i] as string)}?`, items[i] as string));
  return [list, ...lines].join("\n");
}

/** One sentence of plain prose with a made-up name in it. */
function proseSentence(source: Source): string {
  const { random, names } = source;
  const thing = () => `${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}`;
  const who = random.chance(50) ? random.pick(FIRST_NAMES) : names.take();
  const verb = random.pick(VERBS_PAST);
  const forms = [
    () => `${who} ${verb} the ${thing()} on ${random.pick(WEEKDAYS)}.`,
    () => `In ${random.pick(MONTHS)}, ${who} ${verb} a ${thing()} and a ${random.pick(NOUNS)}.`,
    () =>
      `The ${thing()} was ${verb} by ${who} after the ${random.pick(NOUNS)} ${random.pick(MEASURES)} changed.`,
    () =>
      `When the ${random.pick(NOUNS)} was ready, ${who} ${verb} every ${random.pick(NOUNS)} near the ${thing()}.`,
    () =>
      `If a ${random.pick(NOUNS)} fails, ${who} must keep the ${thing()} closed for ${makeValue("duration", random, names)}.`,
    () => `${who} says that the ${thing()} needs a new ${random.pick(NOUNS)} ${random.pick(MEASURES)}.`,
    () =>
      `Since ${makeValue("year", random, names)} the ${thing()} has belonged to ${who}, who lives near the ${random.pick(NOUNS)}.`,
    () => `${who} used the words "${random.sample(COMMON, random.between(2, 6)).join(" ")}" in a letter.`,
    () =>
      `Everyone at the ${thing()} has to ${random.sample(COMMON, 3).join(" ")} before ${makeValue("time", random, names)}.`,
    () =>
      `It takes ${makeValue("duration", random, names)} to bring a ${thing()} from the ${random.pick(NOUNS)} to ${who}.`,
  ];
  return capital(random.pick(forms)());
}

/** A few sentences of prose, then the same subject named again. */
function prose(source: Source): string {
  const { random } = source;
  const sentences = Array.from({ length: random.between(3, 7) }, () => proseSentence(source));
  return layOut(random.chance(40) ? [...sentences, ...random.sample(sentences, 2)] : sentences, random);
}

/** Document kinds and how many of 100 documents are of each. */
export const DOCUMENT_KINDS: readonly {
  readonly name: string;
  readonly share: number;
  readonly make: Maker;
}[] = [
  { name: "state then ask", share: 36, make: stateThenAsk },
  { name: "ask again", share: 18, make: askAgain },
  { name: "closed book", share: 20, make: closedBook },
  { name: "world notes", share: 8, make: worldNotes },
  { name: "recall sentences", share: 9, make: recallSentences },
  { name: "copies", share: 6, make: copies },
  { name: "prose", share: 3, make: prose },
];

/** One document. */
export function makeDocument(source: Source): string {
  let draw = source.random.below(100);
  for (const { share, make } of DOCUMENT_KINDS) {
    if (draw < share) return make(source);
    draw -= share;
  }
  return prose(source);
}
