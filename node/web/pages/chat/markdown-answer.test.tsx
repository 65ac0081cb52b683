import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import type { Stretch } from "../attribution/span-segments.ts";
import type { SpanView } from "../attribution/span-view.ts";
import { MarkdownAnswer } from "./markdown-answer.tsx";

/** The place of the nth time that words stand in a text. */
function place(text: string, words: string, nth = 0): Stretch {
  let start = text.indexOf(words);
  for (let i = 0; i < nth; i++) start = text.indexOf(words, start + 1);
  return { start, end: start + words.length };
}

function viewOf(spans: readonly (Stretch | undefined)[], change: Partial<SpanView> = {}): SpanView {
  return {
    spans: spans.map((text) => ({ text, information: 9 })),
    documents: [],
    selection: undefined,
    isHidden: false,
    lit: new Set(spans.keys()),
    choose: () => undefined,
    clear: () => undefined,
    setHidden: () => undefined,
    ...change,
  };
}

const shown = (text: string, spans: readonly (Stretch | undefined)[] = [], change: Partial<SpanView> = {}) =>
  renderToStaticMarkup(<MarkdownAnswer text={text} view={viewOf(spans, change)} />);

/** Words of the marks, without what stands around them. */
const marksIn = (html: string) =>
  [...html.matchAll(/<mark[^>]*>([\s\S]*?)<\/mark>/g)].map(([, words = ""]) =>
    words
      .replace(/<\/?span[^>]*>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&"),
  );

describe("marks of spans", () => {
  test("stand at the one place of words that stand twice", () => {
    const text = "the ferry, then the ferry";
    const html = shown(text, [place(text, "the ferry", 1)]);
    expect(marksIn(html)).toEqual(["the ferry"]);
    expect(html).toMatch(/<p>the ferry, then <mark/);
  });

  test("that overlap become pieces that the same spans hold", () => {
    const text = "the old ferry leaves";
    expect(marksIn(shown(text, [place(text, "the old ferry"), place(text, "ferry leaves")]))).toEqual([
      ...["the old ", "ferry", " leaves"],
    ]);
  });

  test.each<[string, string, string, string[]]>([
    ["bold words", "the **old ferry** leaves", "old ferry** leaves", ["old ferry", " leaves"]],
    ["a heading", "# Ferries\n\nthe ferry", "Ferries\n\nthe ferry", ["Ferries", "the ferry"]],
    ["a heading alone", "# the ferry\n\nthe ferry", "the ferry", ["the ferry"]],
    ["code within a line", "a `the ferry` b", "the ferry", ["the ferry"]],
    ["a block of code", "```js the\nlet the = 1;\n```\n\nthe ferry", "let the", ["let the"]],
    ["an indented block of code", "a\n\n    the ferry\n    leaves\n", "ferry", ["ferry"]],
    ["emoji", "👩‍🔬🚢 the ferry", "the ferry", ["the ferry"]],
    ["Chinese", "渡輪從這裡出發 the ferry", "the ferry", ["the ferry"]],
    ["items", "- one\n- the ferry\n", "the ferry", ["the ferry"]],
    ["a quotation of two lines", "> the\n> ferry\n", "the\n> ferry", ["the\nferry"]],
    ["an escape", String.raw`\*\* the ferry`, "the ferry", ["the ferry"]],
    ["a reference", "R&amp;D the ferry", "the ferry", ["the ferry"]],
    ["markup", "<b>x</b> the ferry", "<b>x</b> the", ["<b>", "x", "</b>", " the"]],
  ])("in or after %s stand where the words do", (_, text, words, marks) => {
    expect(marksIn(shown(text, [place(text, words)]))).toEqual(marks);
  });

  test("are within the keyboard's reach, and say that they are chosen", () => {
    const text = "the ferry";
    const spans = [place(text, "ferry")];
    expect(shown(text, spans)).toMatch(/<mark[^>]*><span role="button" tabindex="0" aria-pressed="false"/);
    expect(shown(text, spans, { selection: { by: "span", spans: [0] } })).toContain('aria-pressed="true"');
    // Lines tell what is lit, not colours alone.
    expect(shown(text, spans)).toContain("decoration-solid");
    expect(shown(text, spans, { lit: new Set() })).toContain("decoration-dotted");
  });

  test("in a link leave the click to it", () => {
    const text = "[the ferry](https://example.org) leaves";
    const html = shown(text, [place(text, "ferry](https://example.org) leaves")]);
    expect(marksIn(html)).toEqual(["ferry", " leaves"]);
    expect(html).toMatch(/<a href="https:\/\/example.org"[^>]*>the <mark class/);
  });

  test("are gone while they are hidden, and where nobody knows where they stand", () => {
    const text = "the ferry";
    expect(shown(text, [place(text, "ferry")], { isHidden: true })).not.toContain("<mark");
    expect(shown(text, [undefined, { start: 3, end: 400 }])).not.toContain("<mark");
  });
});

describe("an answer of a stranger", () => {
  test("has no markup, picture or address of its own", () => {
    const html = shown(
      [
        "<script>alert(1)</script> <img src=x onerror=alert(1)>",
        "[a](javascript:alert(1)) [b](data:text/html,x) [c](//evil.example/) ![p](https://evil.example/x.png)",
        '<mark data-spans="0">x</mark>',
      ].join("\n\n"),
    );
    expect(html).not.toMatch(/<(script|img|a|mark)[ >]/);
    expect(html).toContain("&lt;script&gt;");
    expect(html).toContain("[picture: p, https://evil.example/x.png]");
    expect(shown("[d](https://example.org)")).toMatch(
      /<a href="https:\/\/example.org" title="https:\/\/example.org" target="_blank" rel="noopener noreferrer nofollow">d<\/a>/,
    );
  });

  test("does not stand above the page's own headings", () => {
    expect(shown("# a\n\n## b\n\n##### c")).toMatch(/<h3>a<\/h3>\s*<h4>b<\/h4>\s*<h6>c<\/h6>/);
  });

  test.each([
    ["quotations in quotations", `${"> ".repeat(3_000)}end`],
    ["lists in lists", `${"- ".repeat(3_000)}end`],
    ["more than anybody reads", `**bold** ${"word ".repeat(20_000)}`],
  ])("with %s is shown as it is", (_, text) => {
    const html = shown(text, [place(text, text.slice(-4))]);
    expect(html).toMatch(/^<p class="break-words whitespace-pre-wrap">/);
    expect(marksIn(html)).toEqual([text.slice(-4)]);
  });

  test.each([
    ["brackets", "[", 20_000],
    ["brackets, at the limit", "[", 400],
    ["stars", "*a_", 6_600],
    ["stars, at the limit", "*a_", 200],
    ["ticks", "`a``", 5_000],
    ["ticks, at the limit", "`a``", 200],
    ["references", "[a]: <b>\n", 2_200],
    ["references, at the limit", "[a]: <b>\n", 200],
    ["openings of markup", "<a ", 6_600],
    ["lists, at the limit", "- ", 16],
    ["lists below one another", "- a\n", 2_400],
    ["references of characters", "&amp;", 1_900],
  ])("with many %s takes no long time", { timeout: 30_000 }, (_, sign, count) => {
    expect(shown(sign.repeat(count)).length).toBeGreaterThan(0);
  });

  test("with deep lists below one another is shown as it is", () => {
    const text = Array.from({ length: 90 }, (_, i) => `${" ".repeat(2 * i)}- a`).join("\n");
    expect(shown(text)).toMatch(/^<p class="break-words whitespace-pre-wrap">/);
  });
});
