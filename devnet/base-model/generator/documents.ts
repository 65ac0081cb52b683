import type { Random } from "../../../node/base/random.ts";
import { capital, withArticles } from "./letters.ts";
import {
  ADJECTIVES,
  COLOURS,
  COMMON,
  FIRST_NAMES,
  MATERIALS,
  MEASURES,
  MONTHS,
  NOUNS,
  VERBS_PAST,
  WEEKDAYS,
} from "./lexicon.ts";
import { madeName, type NameSource } from "./names.ts";
import {
  askFact,
  type Fact,
  makeFact,
  makeRelation,
  makeSubject,
  relationsOf,
  SUBJECT_KINDS,
  stateFact,
} from "./phrasing.ts";
import { bagOfWords, clozeQuestion, runQuestion } from "./questions.ts";
import { oddString } from "./strings.ts";
import { makeValue, VALUE_KINDS, type ValueKind } from "./values.ts";

/** What a document is made from. */
export interface Source {
  readonly random: Random;
  readonly names: NameSource;
  readonly world: readonly (readonly Fact[])[];
  /** Pieces of words whose tokens are hardly ever seen otherwise; none while the vocabulary itself is learnt. */
  readonly pieces: readonly string[];
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
    if (!inSentences) return questionAndAnswer(askFact(fact, random), fact.value);
    const sentence = stateFact(fact, random, true);
    const asked = { text: sentence, value: fact.value, kind: fact.relation.value };
    return questionAndAnswer(
      random.chance(60) ? askSentence(asked, random) : askFact(fact, random),
      sentence,
    );
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

/** A sentence, and what of it can be asked for. */
interface Told {
  readonly text: string;
  readonly value?: string;
  readonly kind?: ValueKind;
}

/** A prompt for a whole sentence: its words, or a question after a part of it. */
function askSentence({ text, value, kind }: Told, random: Random): string {
  if (random.chance(40)) return bagOfWords(text, random);
  if (value === undefined || kind === undefined || random.chance(30)) return runQuestion(text, random);
  return clozeQuestion(text, value, kind, random);
}

/** Sentences that state one fact, or two of them at once. */
function toldFacts(source: Source): Told[] {
  const { random } = source;
  const facts = freshFacts(source, 6);
  const told: Told[] = [];
  for (let at = 0; at < facts.length; at++) {
    const fact = facts[at] as Fact;
    const next = facts[at + 1];
    const text = stateFact(fact, random);
    const both = next !== undefined && random.chance(25);
    if (both) at += 1;
    told.push({
      text: both ? joined(text, stateFact(next, random), random) : text,
      value: fact.value,
      kind: fact.relation.value,
    });
  }
  return told;
}

function joined(first: string, second: string, random: Random): string {
  const start = first.replace(/\.$/, "");
  return random.pick([
    `${start}, and ${second}`,
    `${start}; ${second}`,
    `${start}, while ${second}`,
    `${start} - ${second}`,
    `Since ${start}, ${second}`,
  ]);
}

/** Sentences, then prompts made of their words: the answer is the whole sentence. */
function recallSentences(source: Source): string {
  const { random } = source;
  const told: Told[] = random.chance(65)
    ? toldFacts(source)
    : Array.from({ length: random.between(2, 4) }, () => ({ text: proseSentence(source) }));
  const lines = Array.from({ length: random.between(1, 4) }, () => {
    const one = random.pick(told);
    return questionAndAnswer(askSentence(one, random), one.text);
  });
  if (!random.chance(75)) return lines.join("\n");
  const text = layOut(
    told.map((one) => one.text),
    random,
  );
  return [text, ...lines].join("\n");
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

/** Strings that no sentence holds, to be said again: as a list, as answers to a word, as facts. */
function oddStrings(source: Source): string {
  const { random, pieces } = source;
  const items = Array.from({ length: random.between(3, 7) }, () => oddString(random, pieces));
  const form = random.below(3);
  if (form === 0) return [...items, ...random.sample(items, items.length)].join("\n");
  const order = random.sample([...items.keys()], random.between(1, items.length));
  if (form === 1) {
    const keys = random.sample(NOUNS, items.length);
    const list = items.map((item, i) => `${keys[i]}: ${item}`).join("\n");
    const lines = order.map((i) => questionAndAnswer(`${capital(keys[i] as string)}?`, items[i] as string));
    return [list, ...lines].join("\n");
  }
  const facts = freshFacts(source, 4).map((fact, i) => ({
    ...fact,
    value: items[i % items.length] as string,
  }));
  const text = facts.map((fact) => stateFact(fact, random)).join("\n");
  const lines = random.sample(facts, 2).map((fact) => questionAndAnswer(askFact(fact, random), fact.value));
  return [text, ...lines].join("\n");
}

/** One sentence of plain prose with a made-up name in it. */
function proseSentence(source: Source): string {
  const { random, names } = source;
  const thing = () => `${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}`;
  const who = random.chance(50) ? random.pick(FIRST_NAMES) : madeName(random, names);
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
    () => `No ${random.pick(NOUNS)} in the ${thing()} is older than ${makeValue("duration", random, names)}!`,
    () => `What ${who} ${verb} was a ${random.pick(MATERIALS)} ${random.pick(NOUNS)}, not a ${thing()}.`,
    () =>
      `${who} (the ${random.pick(NOUNS)} ${random.pick(MEASURES)} of ${names.take()}) ${verb} it ${makeValue("interval", random, names)}.`,
    () =>
      `Each ${thing()} that leaves ${who} carries a ${random.pick(NOUNS)} marked ${makeValue("code", random, names)}.`,
    () =>
      `${who}'s ${thing()} stands ${makeValue("spot", random, names)}, and its ${random.pick(NOUNS)} is ${makeValue("colours", random, names)}.`,
    () =>
      `According to ${who}, the ${thing()} costs ${makeValue("money", random, names)} & takes ${makeValue("duration", random, names)}.`,
    () =>
      `"${capital(random.sample(COMMON, random.between(3, 6)).join(" "))}," said ${who}, who ${verb} the ${thing()}.`,
    () => `Because the ${thing()} was ${random.pick(COLOURS)}, ${who} never ${verb} it again.`,
    () =>
      `It takes ${makeValue("duration", random, names)} to bring a ${thing()} from the ${random.pick(NOUNS)} to ${who}.`,
  ];
  return capital(withArticles(random.pick(forms)()));
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
  { name: "state then ask", share: 32, make: stateThenAsk },
  { name: "ask again", share: 16, make: askAgain },
  { name: "closed book", share: 22, make: closedBook },
  { name: "world notes", share: 8, make: worldNotes },
  { name: "recall sentences", share: 9, make: recallSentences },
  { name: "copies", share: 4, make: copies },
  { name: "odd strings", share: 5, make: oddStrings },
  { name: "prose", share: 4, make: prose },
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
