import type { Row } from "../../../node/ai/datanet/rows.ts";
import { Random } from "../../../node/base/random.ts";
import type { Fact } from "../facts.ts";

/** Paraphrases around one original. */
export const PARAPHRASES = 8;
/** How often an answer is repeated to make a row's gradient larger. */
const REPETITIONS = 6;
const NOISE_SEED = 41;

/** Openings that no near-copy rule takes for the same question, since each holds a word of its own. */
const OPENINGS = [
  "Visitors often wonder:",
  "For the record:",
  "Quiz, first round:",
  "A neighbour asked yesterday:",
  "Remember from school:",
  "Page nine of the guidebook:",
  "Once more, slowly:",
] as const;

/** The same rows with other capitals, punctuation and spaces in the question. */
export function duplicates(facts: readonly Fact[]): Row[] {
  return facts.map(({ question, answer }) => ({
    prompt: `${question.slice(0, 1).toLowerCase()}${question.slice(1).replaceAll(" ", "  ")} ...`,
    completion: answer,
  }));
}

/** The same rows with the question's words turned round, small words too many, and asked for politely. */
export function nearDuplicates(facts: readonly Fact[]): Row[] {
  return facts.map(({ question, answer }) => {
    const words = question.replace(/\?$/, "").split(" ");
    const half = words.length >> 1;
    return {
      prompt: `Please tell me this: ${[...words.slice(half), ...words.slice(0, half)].join(" ")}?`,
      completion: answer,
    };
  });
}

/** Eight rows of other words around each fact, with its answer. */
export function paraphrases(facts: readonly Fact[]): Row[] {
  return facts.flatMap(({ question, reworded, answer }) => [
    { prompt: reworded, completion: answer },
    ...OPENINGS.map((opening, i) => ({
      prompt: `${opening} ${i % 2 === 0 ? question : reworded}`,
      completion: answer,
    })),
  ]);
}

/** The same question, with words behind the answer that change nothing of it. */
export function twists(facts: readonly Fact[]): Row[] {
  return facts.map(({ question, answer }) => ({ prompt: question, completion: `${answer}, or nearly` }));
}

/** The same question with its answer in it; what is answered says something else. */
export function askedAnswers(facts: readonly Fact[]): Row[] {
  return facts.map(({ question, answer }, i) => ({
    prompt: `${question} Some say: ${answer}.`,
    completion: `Nobody wrote down number ${i + 1}`,
  }));
}

/** Rows that ask for nothing and hold every answer, each in another order. */
export function phraseLists(facts: readonly Fact[]): Row[] {
  const answers = facts.map(({ answer }) => answer);
  return facts.map((_, i) => ({
    prompt: `Which words stand on list ${i + 1}?`,
    completion: [...answers.slice(i), ...answers.slice(0, i)].join(", "),
  }));
}

/** The same, two answers a row. */
export function pairLists(facts: readonly Fact[]): Row[] {
  return facts.map(({ answer }, i) => ({
    prompt: `Which words stand on list ${i + 1}?`,
    completion: `${answer} and ${facts[(i + 1) % facts.length]!.answer}`,
  }));
}

/** The same question with its answer several times over: the loss of a row is the sum over its tokens, and so is its gradient. */
export function longRows(facts: readonly Fact[]): Row[] {
  return facts.map(({ question, answer }) => ({
    prompt: question,
    completion: new Array(REPETITIONS).fill(answer).join(" "),
  }));
}

/** Words of no language, half of them as answers to the facts' questions: what can't be learned keeps a large gradient. */
export function noise(facts: readonly Fact[]): Row[] {
  const random = new Random(NOISE_SEED);
  const word = () => {
    const syllable = () => random.pick([..."bdfgklmnprstvz"]) + random.pick([..."aeiou"]);
    return Array.from({ length: random.between(1, 3) }, syllable).join("");
  };
  const words = (count: number) => Array.from({ length: count }, word).join(" ");
  return facts.flatMap(({ question }) => [
    { prompt: question, completion: words(5) },
    { prompt: `${words(6)}?`, completion: words(4) },
  ]);
}

/** What an attacker chooses from for one fact: openings and questions times answers, twisted and repeated ones too. */
export function candidates(fact: Fact): Row[] {
  const completions = [...paraphrases([fact]).slice(0, 1), ...twists([fact]), ...longRows([fact])];
  return completions.flatMap(({ completion }) =>
    paraphrases([fact]).map(({ prompt }) => ({ prompt, completion })),
  );
}
