import { z } from "zod";

const percent = z.number().int().min(0).max(100);
const seed = z.number().int().min(0).max(0xffffffff);
const drops = z.array(percent.max(90)).min(1).max(16);
const phrases = z.array(z.string().min(1).max(40)).min(1).max(256);

/** Variation of methods of format 1: words dropped and shuffled; sentences of prose asked for behind an opening. */
export const wordVariationSchema = z.strictObject({
  /** Percent of visits at which the prompt of a prose row is varied. */
  proseChance: percent,
  /** The same for rows with prompts of their own. */
  pairChance: percent,
  /** Percent of the words that are dropped: one of these, all equally likely. */
  dropWords: drops,
  /** Percent of varied prompts whose words are shuffled. */
  shuffleChance: percent,
  /** Prose rows only: how a sentence becomes something like a question about a part of it. */
  asked: z.strictObject({
    /** Percent of varied prompts. */
    chance: percent,
    /** One of these begins the prompt. */
    openings: phrases,
    dropWords: drops,
    shuffleChance: percent,
  }),
  seed,
});
export type WordVariation = z.infer<typeof wordVariationSchema>;

const reaskSchema = z.strictObject({
  /** Percent of visits at which the prompt is varied. */
  chance: percent,
  /** Percent of varied prompts that get another opening. */
  openingChance: percent,
  dropWords: drops,
  shuffleChance: percent,
  /** Percent of the words before which a small word is put in. */
  smallWordChance: percent,
  /** Percent of the words in small letters that get another ending. */
  wordFormChance: percent,
});
export type ReaskSettings = z.infer<typeof reaskSchema>;

/** What a run of words that is asked for can be; `thing` when nothing else fits. */
export const ANSWER_KINDS = [
  "time",
  "share",
  "date",
  "length",
  "mass",
  "dose",
  "temperature",
  "duration",
  "money",
  "count",
  "name",
  "thing",
] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

const openingsByKind = z.strictObject(
  Object.fromEntries(ANSWER_KINDS.map((kind) => [kind, phrases])) as Record<AnswerKind, typeof phrases>,
);

/**
 * Variation of methods of format 2: a question is asked again with another opening, other forms of its words and small words
 * too many; a sentence of prose is asked for by a question that fits what is left out of it.
 */
export const reaskVariationSchema = z.strictObject({
  pairs: reaskSchema,
  prose: reaskSchema,
  /** Openings of questions, for rows with prompts of their own. */
  openings: phrases,
  /** For prose: openings by what the removed words are. */
  openingsByKind,
  smallWords: phrases,
  /** Endings that a word's stem may get. */
  endings: z.array(z.string().max(8)).min(1).max(32),
  seed,
});
export type ReaskVariation = z.infer<typeof reaskVariationSchema>;

const sentenceSchema = reaskSchema.extend({
  /** Percent of the prompts with an opening whose other words follow in a question's order. */
  orderChance: percent,
  /** Percent of these whose words are shuffled all the same. */
  orderedShuffleChance: percent,
  /** Percent of these with a helping verb. */
  helpingVerbChance: percent,
  /** More visits, which teach a sentence's beginning alone: by that it is told from other sentences. */
  beginnings: z
    .strictObject({
      /** Percent of the epochs that have one. */
      chance: percent,
      /** Percent of the sentence's tokens that are taught: between these, both included, rounded up. */
      least: percent.min(1),
      most: percent.min(1),
    })
    .refine(({ least, most }) => least <= most, "least is above most"),
});

/** Variation of methods of format 3: rows with prompts of their own as by format 2; sentences of prose also in a question's order. */
export const sentenceVariationSchema = reaskVariationSchema.extend({
  prose: sentenceSchema,
  helpingVerbs: phrases,
  /** Words that lose their capital where a sentence no longer begins with them. */
  firstWords: phrases,
});
export type SentenceVariation = z.infer<typeof sentenceVariationSchema>;

export const DEFAULT_WORD_VARIATION: WordVariation = {
  proseChance: 80,
  pairChance: 50,
  dropWords: [0, 10, 25, 40],
  shuffleChance: 40,
  asked: {
    chance: 60,
    openings: [
      ...["What", "What is", "Which", "Who", "Who is", "How much", "How many", "When", "Where", "Where is"],
      ...[
        "How long",
        "What does",
        "How much does",
        "By whom",
        "In which",
        "What colour",
        "When was",
        "Who was",
      ],
    ],
    dropWords: [0, 10, 30],
    shuffleChance: 30,
  },
  seed: 3,
};

const list = (text: string): string[] => text.split("|");

export const DEFAULT_REASK_VARIATION: ReaskVariation = {
  pairs: {
    chance: 85,
    openingChance: 60,
    dropWords: [0, 10, 25, 40],
    shuffleChance: 40,
    smallWordChance: 25,
    wordFormChance: 30,
  },
  prose: {
    chance: 80,
    openingChance: 70,
    dropWords: [0, 10, 25],
    shuffleChance: 40,
    smallWordChance: 20,
    wordFormChance: 25,
  },
  openings: [
    ...list(
      "What|What is|What is the|What was the|What does|What did|What can|What must|What are|What kind of",
    ),
    ...list(
      "Which|Which of the|Which one|In which|By which|On which|From which|For which|With which|To which",
    ),
    ...list(
      "Who|Who is|Who is the|Who was|Who was the|By whom|By whom is|By whom was|From whom|Whose|Whose is the",
    ),
    ...list(
      "Where|Where is|Where is the|Where does|Where can one find|In what place|In which town|At which place",
    ),
    ...list(
      "When|When does|When did|When was|When is|In which year|On which day|At what time|Since when|Until when",
    ),
    ...list(
      "How|How does|How is|How many|How many are in|How much|How much does|How long|How long does|How often",
    ),
    ...list(
      "How far|How high is|How tall is|How large is|How old is|How great is the|How deep is|How fast is",
    ),
    ...list(
      "What is the name of|What is the number of|What colour|What number of|What amount of|What share of",
    ),
    ...list("Tell me|Tell me the|Do you know|Do you know the|Can you tell me the|What do we know about the"),
    ...list(
      "With what|For what|Of what|Out of what|Under what|Against what|From what|At what|By what|Why does",
    ),
    ...list(
      "For|Regarding|At what price|What would be the|How many people|What do people|Which person|Which firm",
    ),
  ],
  openingsByKind: {
    time: list("When|At what time|At which hour|When does|Until when|From when"),
    share: list("How much|What share of|What percent|What part of|How much of|How large"),
    date: list(
      "When|When did|When was|In which year|On which day|Since when|In what year|In which month|What year",
    ),
    length: list("How far|How long|How high|How tall|How deep|How wide|What length|What distance|How much"),
    mass: list("How heavy|How much|What weight|How many|What does"),
    dose: list("How much|How many|What dose|At what dose"),
    temperature: list("How hot|How warm|How cold|At what temperature|What temperature"),
    duration: list("How long|For how long|How many|After how long|How much time|How often|How old"),
    money: list("How much|How much does|At what price|What price|What does|For how much"),
    count: list("How many|What number of|How many of the|How much|What is the number of|How large"),
    name: list(
      "Who|Who is|Who was|By whom|Whom|What|Which|Where|Where is|In which place|Which firm|What is the name of",
    ),
    thing: list(
      "What|What is|What is the|Which|What does|What kind of|With what|Of what|Where|Where is|How|Who|Why",
    ),
  },
  smallWords: list(
    "of|the|at|in|on|for|by|from|to|does|do|is|was|are|be|one|you|have|has|and|with|a|which|what|who|how",
  ),
  endings: ["", "s", "ed", "e", "es", "ing"],
  seed: 3,
};

export const DEFAULT_SENTENCE_VARIATION: SentenceVariation = {
  ...DEFAULT_REASK_VARIATION,
  prose: {
    chance: 92,
    openingChance: 85,
    dropWords: [0, 10, 25],
    shuffleChance: 40,
    smallWordChance: 20,
    wordFormChance: 25,
    orderChance: 60,
    orderedShuffleChance: 20,
    helpingVerbChance: 60,
    beginnings: { chance: 60, least: 30, most: 69 },
  },
  helpingVerbs: list("does|does|is|is|was|did|do|are|can|has"),
  firstWords: [
    ...list(
      "The|A|An|In|On|At|Every|Each|With|For|To|By|From|Of|Its|His|Her|Their|This|That|These|It|They|There",
    ),
    ...list("Only|Up|Between|Once|When|Over|Under|Around|After|Before|No|Not|All|Both|Some|Most"),
  ],
};
