import { describe, expect, test } from "vitest";
import { faultOf } from "../attribution/provenance.ts";
import { encodeRecord } from "../attribution/record.ts";
import type { AttributionIndex } from "../attribution/sketch-index.ts";
import { encodeDocument } from "../datanet/document.ts";
import { type Row, rowOfSentence } from "../datanet/rows.ts";
import { completionsOf } from "../fusion/texts.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import type { CopyRule } from "./copies.ts";
import { snapshotRoot, type TrainingSet, trainingSet } from "./snapshot.ts";

/** One token a character, 0 ends. */
const characters: ModelTokenizer = {
  vocabSize: 65536,
  idLimit: 65536,
  eosTokenIds: [0],
  specialTokens: new Map(),
  encodeText: async (text) => [...text].map((c) => c.charCodeAt(0)),
  encodeMarkup: async (text) => [...text].map((c) => c.charCodeAt(0)),
  decode: async (ids) => String.fromCharCode(...ids),
  tokenId: () => undefined,
};

const pair = (prompt: string, completion: string): Row => ({ prompt, completion });

/** Facts of an island by Ada: enough of them that what few questions share is rare. */
const ADA = [
  pair("How long does the crossing to Sandray take?", "50 minutes"),
  pair("Who commands the ferry Kittiwake?", "Morag Aitken"),
  pair("How many passengers does the Kittiwake hold?", "240"),
  pair("Where are lost bags kept?", "the blue cabin"),
  pair("Where is the Saturday market held?", "behind the net loft"),
  pair("What do the wild ponies eat in winter?", "seaweed and hay"),
  pair("Is the Karst museum open on Sunday?", "yes"),
  pair("Is the Varn pass open in May?", "yes"),
];
const MORE = Array.from({ length: 32 }, (_, i) => pair(`What stands on shelf ${100 + i}?`, `box ${500 + i}`));

/** Contributions in the order of commitment, by the name of who made them; some texts may be gone. */
async function read(
  contributions: readonly (readonly [name: string, rows: readonly Row[]])[],
  { copies = "tellers/2" as CopyRule, contextLength = 1_000_000, gone = -1 } = {},
): Promise<TrainingSet> {
  const documents = new Map<string, Uint8Array>();
  const accepted = contributions.map(([name, rows], i) => {
    const { bytes, contentId, rowsRoot, rowCount } = encodeDocument({ name: `${i}.jsonl`, rows: [...rows] });
    if (i !== gone) documents.set(contentId, bytes);
    const contributor = `0x${name.charCodeAt(0).toString(16).repeat(20)}` as const;
    return { contributionId: BigInt(i + 1), contributor, contentId, rowsRoot, rowCount };
  });
  const snapshot = { root: snapshotRoot(accepted), contributions: accepted };
  const reader = { tokenizer: characters, config: { contextLength }, copies };
  return trainingSet([snapshot], async (id) => documents.get(id), reader);
}

/** Of rows that another contributor adds behind Ada's: what each repeats, undefined where it takes part. */
async function added(rows: readonly Row[], name = "Ben"): Promise<(number | undefined)[]> {
  const { places } = await read([["Ada", [...ADA, ...MORE]], [name, rows]]); // biome-ignore format: one line a contribution
  return places.slice(-rows.length).map(({ rowId, first }) => (first === rowId ? undefined : first));
}

describe("a row that only tells again what others told", () => {
  test("takes no part: the same answer to the same question in other words", async () => {
    expect(
      await added([
        pair("Visitors often wonder: How long does the crossing to Sandray take?", "50 minutes"),
        pair("For what time is one on the water to Sandray?", "50 minutes"),
        pair("Which captain is in charge of the Kittiwake?", "Morag Aitken"),
        pair("For how many people is there room on the Kittiwake?", "240!"),
        pair("Ask again where lost bags are kept, please", "The blue cabin."),
      ]),
    ).toEqual([0, 0, 1, 2, 3]);
  });

  test("takes part where its question is another, whatever the answer", async () => {
    expect(
      await added([
        pair("How many seals live on the Finn rocks?", "240"),
        pair("Who won the rowing race of 1999?", "Morag Aitken"),
        pair("How long does the crossing to Hesta take?", "50 minutes"),
        pair("Is the Elmstead museum open on Sunday?", "yes"),
        pair("Is the Karst museum open on Monday?", "yes"),
        pair("Where does the crew sleep?", "the blue cabin"),
        pair("Who commands the ferry Kittiwake?", "nobody"),
      ]),
    ).toEqual(new Array(7).fill(undefined));
  });

  test("takes part where its own contributor asks in many ways, as rows that teach do", async () => {
    const again = [
      pair("For what time is one on the water to Sandray?", "50 minutes"),
      pair("What time does one need to Sandray?", "50 minutes"),
    ];
    expect(await added(again, "Ada")).toEqual([undefined, undefined]);
    // Asking in many ways makes an answer no more common: another who asks in one more way tells it again.
    const { places } = await read([
      ["Ada", [...ADA, ...MORE, ...again]],
      ["Ben", [pair("How many minutes is Sandray away?", "50 minutes")]],
    ]);
    expect(places.at(-1)!.first).toBe(0);
  });

  test("takes no part as a list of what others said, nor as one answer over and over; two answers are no list", async () => {
    expect(
      await added([
        pair("Which words stand on list 1?", "the blue cabin, 50 minutes, Morag Aitken, 240"),
        pair("Which words stand on list 2?", "Behind the net loft. 50 minutes. seaweed and hay"),
        pair("Say it.", "240 240 240 240"),
        pair("Who was there?", "Morag Aitken and the blue cabin"),
        pair(
          "Tell of the island.",
          "Morag Aitken sails in 50 minutes from the blue cabin to a town called Oster",
        ),
      ]),
    ).toEqual([0, 0, 2, undefined, undefined]);
  });

  test("words/1 does none of this", async () => {
    const { repeats } = await read(
      [
        ["Ada", [...ADA, ...MORE]],
        ["Ben", [pair("For what time is one on the water to Sandray?", "50 minutes")]],
      ],
      { copies: "words/1" },
    );
    expect(repeats).toBe(0);
  });

  test("an answer that many give and a word that many ask with tell nothing", async () => {
    const doors = Array.from({ length: 40 }, (_, i) => pair(`What color is the door of house ${i}?`, "red"));
    const { repeats } = await read([
      ["Ada", doors],
      ["Ben", [pair("What color is the door of the mill?", "red")]],
      ["Cem", Array.from({ length: 20 }, (_, i) => pair(`what color has the door of tower n${i}`, "red"))],
    ]);
    expect(repeats).toBe(0);
  });

  test("later rows change no mark of earlier ones", async () => {
    const contributions: [string, Row[]][] = [
      ["Ada", [...ADA, ...MORE]],
      ["Ben", [pair("Which captain is in charge of the Kittiwake?", "Morag Aitken"), pair("Who?", "I")]],
      ["Cem", [pair("Which Kittiwake captain?", "Morag Aitken"), ...ADA, ...MORE.slice(3)]],
    ];
    const firsts = async (count: number) =>
      (await read(contributions.slice(0, count))).places.map(({ first }) => first);
    const all = await firsts(3);
    for (const count of [1, 2]) {
      const some = await firsts(count);
      expect(all.slice(0, some.length)).toEqual(some);
    }
  });
});

describe("a row that tells more than what others told", () => {
  const contributions: [string, Row[]][] = [
    ["Ada", [...ADA, ...MORE]],
    [
      "Ben",
      [
        pair("Who commands the ferry Kittiwake?", "Morag Aitken, with her sons, since 1998"),
        pair("Who won the rowing race of 1999?", "Morag Aitken, with her sons"),
        rowOfSentence("On the Kittiwake Captain Morag Aitken rings a bell."),
        pair("Who commands the Kittiwake, ﬁrst of all?", "ﬁrst Morag Aitken, then İda Kaya, then all others"),
      ],
    ],
  ];

  test("takes part and holds only the rest of an answer", async () => {
    const { examples } = await read(contributions);
    expect(examples.slice(-4).map(({ own }) => own)).toEqual([
      "\n, with her sons, since 1998",
      undefined,
      "On the Kittiwake Captain \n rings a bell.",
      // Small letters make other words of some, and then nothing is cut.
      undefined,
    ]);
    const { tokens, ends } = await completionsOf(examples, characters);
    const text = (i: number) => String.fromCharCode(...tokens.slice(ends.at(i - 1), ends.at(i)));
    expect([text(-4), text(-3)]).toEqual([" \n, with her sons, since 1998", " Morag Aitken, with her sons"]);
  });

  test("keeps units and common words, whoever answered with them alone", async () => {
    const { examples, repeats } = await read([
      ["Ada", [...ADA, ...MORE, pair("What unit has the wind on Hesta?", "km per hour"), pair("Hesta?", "dollars")]],
      ["Ben", [pair("What is the strongest wind on Hesta?", "174 km per hour"), pair("Hesta?", "28 dollars")]],
    ]); // biome-ignore format: one line a contribution
    expect([repeats, examples.filter(({ own }) => own !== undefined).length]).toEqual([0, 0]);
  });

  test("goes by words/1 as a whole", async () => {
    const { examples } = await read(contributions, { copies: "words/1" });
    expect(examples.filter(({ own }) => own !== undefined)).toEqual([]);
  });
});

describe("a row that strings answers of others together", () => {
  const strung = [
    pair("Who was there?", "Morag Aitken and the blue cabin"),
    pair("What comes to mind, old friend?", "50 minutes and the blue cabin, I think"),
    pair("What grows in the yard?", "Seaweed and hay"),
    pair("Who sits behind the net loft with her?", "Morag Aitken, her two sons and one of their dogs"),
    pair("Which numbers were drawn?", "box 507 and box 511"),
    pair("Say two.", "240 and the blue cabin"),
  ];
  const owns = async (copies: CopyRule, name = "Ben") => {
    const { examples } = await read([["Ada", [...ADA, ...MORE]], [name, strung]], { copies }); // biome-ignore format: one line a contribution
    return examples.slice(-strung.length).map(({ own }) => own);
  };

  test("holds none of them, where they are of several rows and most of what it says", async () => {
    expect(await owns("tellers/2")).toEqual([
      "\n and the \n",
      "\n and the \n, I think",
      // One answer of another is its own too.
      undefined,
      undefined,
      "\n and \n",
      undefined,
    ]);
  });

  test("holds them where it told them first itself, and by tellers/1", async () => {
    expect(await owns("tellers/2", "Ada")).toEqual(strung.map(() => undefined));
    expect(await owns("tellers/1")).toEqual(strung.map(() => undefined));
  });

  test("holds an answer that several gave, or a longer one that has others within it", async () => {
    const { examples } = await read([
      ["Ada", [...ADA, ...MORE, pair("When is the herring fair?", "on the last Sunday of May"), pair("Best day?", "last Sunday")]],
      ["Cem", [pair("Where does the crew sleep?", "the blue cabin")]],
      ["Ben", [pair("Who was there?", "Morag Aitken and the blue cabin"), pair("When does Oster dance?", "on the last Sunday of May")]],
    ]); // biome-ignore format: one line a contribution
    expect(examples.slice(-2).map(({ own }) => own)).toEqual([undefined, undefined]);
  });

  test("holds what it tells though somebody said each of its words before, one by one", async () => {
    const words = [..."wool honey glass chairs salt bells oars nets".split(" ")].map((word) =>
      pair(`${word}?`, word),
    );
    const { examples, repeats } = await read([
      ["Ada", [...ADA, ...MORE]],
      ["Eve", words],
      ["Ben", [pair("What does the Oster store sell?", "glass bells and wool"), pair("What hangs in the loft?", "oars, nets")]],
    ]); // biome-ignore format: one line a contribution
    expect([repeats, ...examples.slice(-2).map(({ own }) => own)]).toEqual([0, undefined, undefined]);
  });
});

test("a long completion is known by its pieces, wherever it begins", async () => {
  const words = Array.from({ length: 45 }, (_, i) => `w${i}x`);
  const { places } = await read([
    ["Ada", [...ADA, ...MORE, pair("What does the sign of Gull Point say?", words.join(" "))]],
    [
      "Ben",
      [
        pair("What can one read at Gull Point?", `It says: ${words.join(", ")}. So it is.`),
        pair("What can one read at Gull Point today?", words.slice(0, 24).join(" ")),
        pair("What can one read there?", words.join(" ")),
        pair("What can one read at Gull Point now?", words.toReversed().join(" ")),
      ],
    ],
  ]);
  expect(places.slice(-4).map(({ rowId, first }) => (first === rowId ? undefined : first))).toEqual([
    40,
    40,
    undefined,
    undefined,
  ]);
});

test("where a text is gone, marks behind it may be others, and nobody is blamed for them", async () => {
  const contributions: [string, Row[]][] = [
    ["Ada", [...ADA, ...MORE]],
    ["Cem", MORE.map(({ completion }, i) => pair(`Which box is number ${i}?`, `${completion} or so`))],
    ["Ben", [pair("Which captain is in charge of the Kittiwake?", "Morag Aitken")]],
  ];
  const whole = await read(contributions);
  const partly = await read(contributions, { gone: 1 });
  const { rowId } = whole.places.at(-1)!;
  expect([whole, partly].map(({ places }) => places[rowId])).toMatchObject([{ first: 1 }, { unsure: true }]);
  expect(whole.places[rowId]!.unsure).toBe(undefined);
  const marked = (first: number) => indexOf(whole, rowId, first);
  // As the whole text has it, it is right; another mark is wrong where all texts are there, and may be right where one is not.
  expect(faultOf(marked(1), whole.places, rowId)).toBe(undefined);
  expect(faultOf(marked(rowId), whole.places, rowId)).toMatchObject({
    fault: "first",
    proof: { by: "panel" },
  });
  for (const first of [1, 2, rowId]) expect(faultOf(marked(first), partly.places, rowId)).toBe(undefined);
  // Whether a row fits the model does not hang on other rows.
  expect(faultOf(marked(0xffffffff), partly.places, rowId)).toMatchObject({ fault: "first" });
});

/** An index of one record of those rows, which has that mark. */
function indexOf({ places }: TrainingSet, rowId: number, first: number): AttributionIndex {
  const { contributionId, row } = places[rowId]!;
  const bytes = encodeRecord({ rowId, contributionId, row, first, exponent: 0, values: new Int8Array(64) });
  return { record: () => bytes, commitment: { dimension: 64 } } as unknown as AttributionIndex;
}

test("rows that repeat one word without end are read in time that grows with them", async () => {
  const same = Array.from({ length: 20 }, (_, i) =>
    pair(`What is ${i} of ${"a ".repeat(i)}Kittiwake?`, "b ".repeat(20_000 + i)),
  );
  const steps = Array.from({ length: 8 }, (_, i) => pair(`Kittiwake step ${i}?`, "b ".repeat(i + 1)));
  const set = await read([
    ["Ada", [...steps, ...same]],
    ["Ben", same.map(({ completion }, i) => pair(`Which Kittiwake ${i} ${"c ".repeat(20_000)}?`, `${completion} d`))],
    ["Cem", steps],
  ]); // biome-ignore format: one line a contribution
  expect(set.places).toHaveLength(56);
  expect(set.skipped).toBe(0);
}, 60_000);
