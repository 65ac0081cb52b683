import { expect, test } from "vitest";
import { rowOfSentence, rowsRoot } from "./rows.ts";
import { splitSentences } from "./sentences.ts";

const parts = (text: string) => text.split(" | ");

test.each([
  // Titles, places, works, initials, numbers: a dot after them ends nothing.
  "Mt. Orl is the highest hill of the county. | The road from Ft. Orl to Orl Ave. Station is paved. | Op. 27 was written in Orl. | Gov. Orl lived there. | The Orl club plays at Orl Bros. Field on Sundays.",
  "St. Orl was born c. 1850 in Orl, Pa. | The Rev. J. Orl (b. 1850, d. 1900) knew Sgt. Orl. | See pp. 5, vol. II and Ch. IV of it.",
  "Maj. Orl met Lt. Col. Vole at 9 a.m. Monday. | He sat. | Then he left. | The sun. | The moon.",
  "PROF. Orl and Messrs. Vole, Esq. Orl, of Orl Blvd. West. | See App. B and Fig. S1. | I closed the app. | A boat came.",
  "He lives at 5 Orl St. | The house is old. | He works for Orl Inc. in the U.S. | The firm is old.",
  "She got an A. | The rest failed. | Mary has a Ph.D. in it. | The e.g. Redis and i.e. Orl case.",
  // Small letters, names, numbers.
  "It costs 5. | $3 is due. | It ran 3.5 km. | 3 nodes run. | iPhone sales rose. | Wait… | Then go.",
  'Is it "stop." he said. | "No." | He left. | He asked "why?" and left.',
  // Other languages and scripts.
  "Am 3. Mai kam Dr. Orl, z. B. mit der Bahn, d.h. spät. | Er ging am 4. Juni. | Das ist ca. 5 km.",
  "El Sr. García vive en la Av. Central. | ¿Quién es? | ¡Hola!",
  "А. С. Пушкин родился в 1799 г. в Москве. | Он жил на ул. Ленина.",
  "यह एक वाक्य है। | यह दूसरा है। | डॉ. ओर्ल आए।",
  "هذا نص. | هل هذا سؤال؟ | نعم.",
  "ይህ ነው። | ያ ነው።",
])("%s", (text) => {
  expect(splitSentences(text.replaceAll(" | ", " "))).toEqual(parts(text));
});

test.each([
  "「もう行く。」と船長は言った。 | オルの港は朝に開く。",
  "「行く。すぐ戻る。」と言った。 | 「はい。」 | 「いいえ。」 | （昨日。） | 雨だ。 | 彼は「行く。」と言った。",
  "『行く。』って言った。 | 本当！？ | はい。",
  "他说：“我走了。” | 船开了。 | “你好。”他说。 | 港口很大！ | 真的？",
  "ខ្ញុំ។ | គាត់។",
])("without blanks: %s", (text) => {
  expect(splitSentences(text.replaceAll(" | ", ""))).toEqual(parts(text));
});

test("lines are joined as their script joins them", () => {
  expect(splitSentences("日本語の文が\n次の行に続く。English\nand 日本.")).toEqual([
    "日本語の文が次の行に続く。",
    "English and 日本.",
  ]);
});

test("a mark inside a word ends nothing", () => {
  const text = "See README.md and Node.JS at www.Orl.example, foo.Bar() or 1.2.3 of it.";
  expect(splitSentences(text)).toEqual([text]);
});

// A Node whose Unicode tables cut these another way makes other rows of new documents: better known before than after.
test("the ends are the same on every build of Node", () => {
  const text =
    "Orl is old. «Да.» Он ушёл! 他说。「はい。」次。 यह है। هل؟ نعم. Ｏｒｌ． It is 5. Then… 3 left?! (Yes.) [No.] “So.” Թե։ ";
  const rows = splitSentences(text.repeat(3)).map(rowOfSentence);
  expect({ count: rows.length, root: rowsRoot(rows) }).toMatchInlineSnapshot(`
    {
      "count": 48,
      "root": "0xd8218cbcadd4c57543af8fbbb72e761f9c9c2cfeda18a1fcc5753afd59d78bb8",
    }
  `);
});

test("time grows with the length of a paragraph alone", () => {
  for (const piece of [
    "A. ",
    "「",
    "。",
    "「。」",
    "“字",
    ". 1 ",
    "x",
    '…" ',
    "1.",
    "(",
    "U.S. ",
    " ",
    " \n",
  ]) {
    const text = piece.repeat(Math.ceil(200_000 / piece.length));
    const begin = performance.now();
    splitSentences(text);
    expect([piece, performance.now() - begin > 20_000]).toEqual([piece, false]);
  }
});
