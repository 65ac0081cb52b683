import { describe, expect, test } from "vitest";
import { intakeFile } from "./intake.ts";
import { MAX_MARKDOWN_BYTES } from "./markdown.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const NOTHING = { headings: 0, codeBlocks: 0, tables: 0 };

function read(text: string) {
  const { rows, ignored } = intakeFile("a.md", utf8(text));
  const left = Object.entries(ignored).filter(([, count]) => count > 0);
  return { rows: rows.map(({ completion }) => completion), ...Object.fromEntries(left) };
}

describe("what a reader sees", () => {
  test.each<[what: string, text: string, rows: string[], ignored?: Partial<typeof NOTHING>]>([
    [
      "escapes",
      "The Orl star is \\*not\\* bold, 5 < 6 && a_b_c.",
      ["The Orl star is *not* bold, 5 < 6 && a_b_c."],
    ],
    ["entities", "Orl &amp; Sons &copy; &#x41;&eacute; &lt;b&gt;.", ["Orl & Sons © Aé <b>."]],
    ["inline code", "Typed `Vec<String>` and ``a ` b``.", ["Typed Vec<String> and a ` b."]],
    [
      "autolinks",
      "Write to <keeper@orl.example>, <https://o.example/a%20b>.",
      ["Write to keeper@orl.example, https://o.example/a%20b."],
    ],
    [
      "links",
      "See [here](https://o.example/Orl_(mill)) and [*there*](<a b> 'c'), [x](javascript:y).",
      ["See here and there, x."],
    ],
    [
      "references",
      "See [the atlas][1], [map][] and [bare].\n\n[1]: https://o.example\n[map]: /m 'title'\n[bare]: <b>\n",
      ["See the atlas, map and bare."],
    ],
    ["footnotes", "The Orl is old[^1].\n\n[^1]: Said by Vole.\n", ["The Orl is old.", "Said by Vole."]],
    ["images", "![alt](a.png) Text [![b](c)](d) here.", ["Text here."]],
    ["strike", "It is ~~old~~ new.", ["It is old new."]],
    ["breaks", "One  \ntwo\\\nthree<br>four.", ["One two three four."]],
    ["tasks and lists", "- [ ] one\n- [x] two\n\n3. three\n\n   more", ["one", "two", "three", "more"]],
    ["alerts", "> [!NOTE]\n> The Orl is old.", ["The Orl is old."]],
    ["lazy quotes", "> > nested\nlazy", ["nested lazy"]],
    [
      "fences",
      "So.\n\n```\norl\n```python\nThe code.\n```\n\n~~~ x\n```\n~~~\n\nFree.",
      ["So.", "Free."],
      { codeBlocks: 2 },
    ],
    ["an open fence", "So.\n\n```\nThe code.", ["So."], { codeBlocks: 1 }],
    ["indented code", "So.\n\n    orl --start\n\n- a\n\n      code", ["So.", "a"], { codeBlocks: 2 }],
    ["headings", "# A #\n\nB\n===\n\nThe `text`.", ["The text."], { headings: 2 }],
    [
      "tables",
      "Fees.\n\nBoat | Fee\n--- | ---\nPunt | 3\n\n| a |\n|:-:|\n| b |\n\nIn May, a | b.",
      ["Fees.", "In May, a | b."],
      { tables: 2 },
    ],
    ["YAML front matter", "---\ntitle: x\ntags: [a]\n---\nThe text.\n", ["The text."]],
    ["TOML front matter", "+++\na = 1\n+++\nThe text.\n", ["The text."]],
    ["rules are no front matter", "---\nThe text.\n\n---\nMore.\n", ["The text.", "More."]],
    [
      "BOM and CRLF",
      "\ufeff---\r\na: b\r\n---\r\n# H\r\n\r\nOne\r\ntwo.\r\rThree.\r\n",
      ["One two.", "Three."],
      { headings: 1 },
    ],
    [
      "order marks and soft hyphens",
      "The O\u00adrl is \u202eold\u202c, too\u200b.",
      ["The Orl is old, too."],
    ],
  ])("%s", (_, text, rows, ignored = {}) => {
    expect(read(text)).toEqual({ rows, ...ignored });
  });
});

describe("HTML", () => {
  test.each<[what: string, text: string, rows: string[], ignored?: Partial<typeof NOTHING>]>([
    [
      "scripts and styles",
      "<script>\nvar orl = 1; // No text.\n\n</script>\n\n<style>p { color: red; }</style>\n\nThe page.",
      ["The page."],
    ],
    [
      "blocks",
      "<div align=center><p>One. Two.</p>three &amp; <b>four</b></div>",
      ["One.", "Two.", "three & four"],
    ],
    [
      "Markdown between blocks",
      "<details>\n<summary>More</summary>\n\nThe **Orl**.\n\n</details>",
      ["More", "The Orl."],
    ],
    [
      "a table over several blocks",
      "<table>\n<tr><td>\n\nThe cell.\n\n</td></tr>\n</table>\n\nAfter.",
      ["After."],
      { tables: 1 },
    ],
    [
      "headings and code",
      "<h2>The head</h2>\n\n<pre>\ncode\n\nmore\n</pre>\n\nAfter.",
      ["After."],
      { headings: 1, codeBlocks: 1 },
    ],
    ["comments", "One <!-- two --> three.\n\n<!--\nfour\n\nfive\n-->\n\nSix.", ["One three.", "Six."]],
    [
      "stray tags swallow nothing",
      "A <title> and <b>tag.\n\n</table>\n\n<svg>\n\nThe end.",
      ["A and tag.", "The end."],
    ],
    ["an open script ends the document", "One.\n\n<script>\nvar a;\n\nNo text.", ["One."]],
    ["ruby", "<ruby>漢<rt>かん</rt></ruby>字です。", ["漢字です。"]],
    ["HTML in a heading", "# A </h1> b\n\nText.", ["Text."], { headings: 1 }],
  ])("%s", (_, text, rows, ignored = {}) => {
    expect(read(text)).toEqual({ rows, ...ignored });
  });
});

describe("hostile Markdown", () => {
  const code = (name: string) => expect.objectContaining({ code: name });

  test("is refused by size and depth", () => {
    const limit = MAX_MARKDOWN_BYTES;
    for (const piece of [">", "- ", "[", "*a ", "> - 1. "]) {
      const text = piece.repeat(Math.ceil((limit + 1) / piece.length));
      expect(() => read(text)).toThrow(code("DOCUMENT_TOO_LARGE"));
    }
    for (const text of [">".repeat(100_000), "- ".repeat(50_000), "> - 1. ".repeat(1_000)]) {
      expect(() => read(`${text}a`)).toThrow(code("DOCUMENT_TOO_DEEP"));
    }
    const nested = Array.from({ length: 200 }, (_, depth) => `${" ".repeat(2 * depth)}- a`);
    expect(() => read(nested.join("\n"))).toThrow(code("DOCUMENT_TOO_DEEP"));
    expect(read(`${"> ".repeat(40)}a`).rows).toEqual(["a"]);
  });

  test("takes time that grows with its size alone", () => {
    const ticks = Array.from({ length: 600 }, (_, n) => "`".repeat(n + 1)).join(" ");
    const pieces = [
      "[",
      "[a](",
      "*a ",
      "*a_ ",
      "*",
      "~a~~ ",
      "<a ",
      "<!-",
      "&amp;",
      "![[]()",
      "a@b",
      "<svg>",
      "|a",
      "[a]: /u\n\n",
    ];
    for (const text of [ticks, ...pieces.map((piece) => piece.repeat(200_000 / piece.length))]) {
      const begin = performance.now();
      try {
        read(`a ${text} a`);
      } finally {
        expect([text.slice(0, 9), performance.now() - begin > 20_000]).toEqual([text.slice(0, 9), false]);
      }
    }
  });
});
