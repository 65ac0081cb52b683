import { describe, expect, test } from "vitest";
import { decodeDocument, encodeDocument } from "./document.ts";
import { intakeFile } from "./intake.ts";
import { sentencesOfMarkdown } from "./prose.ts";
import { promptText } from "./row-tokens.ts";
import { exampleHash, isProse, rowOfSentence, rowsRoot } from "./rows.ts";
import { splitSentences } from "./sentences.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const code = (name: string, facts = {}) =>
  expect.objectContaining({ code: name, facts: expect.objectContaining(facts) });

describe("sentences", () => {
  test.each([
    ["The fee is 0.35 percent. It is due in May.", ["The fee is 0.35 percent.", "It is due in May."]],
    [
      "Dr. Ulan met J. R. Vole at 5 p.m. on Friday. They left!",
      ["Dr. Ulan met J. R. Vole at 5 p.m. on Friday.", "They left!"],
    ],
    [
      "Orvane Inc. Board members vote. See Fig. 3 and No. 7.",
      ["Orvane Inc. Board members vote.", "See Fig. 3 and No. 7."],
    ],
    ["It runs until 9 p.m. The gate then shuts.", ["It runs until 9 p.m.", "The gate then shuts."]],
    ["“Is it open?” Yes (it is.) Good.", ["“Is it open?”", "Yes (it is.)", "Good."]],
    [
      "He said no. They use e.g. Redis... and wait… Then go.",
      ["He said no.", "They use e.g. Redis... and wait…", "Then go."],
    ],
    [
      "Version 2.1.4 of node.js ships. 3 nodes run it?! Nice",
      ["Version 2.1.4 of node.js ships.", "3 nodes run it?!", "Nice"],
    ],
    ["第一句。第二句！", ["第一句。", "第二句！"]],
    [" -- . ... ", []],
    ["No mark at the end\nand a second line", ["No mark at the end and a second line"]],
  ])("%s", (text, expected) => {
    expect(splitSentences(text)).toEqual(expected);
  });

  test("markdown: what a reader sees, without headings, code and tables", () => {
    const text = [
      "---\ntitle: x\n---\n# Fees",
      "The **Orvane** fund charges [0.4 percent](http://x.y/a.b) a year, see `fee_rate`. It is",
      "paid _monthly_.",
      "",
      "- First item without a stop",
      "- [x] Second item. With two sentences.",
      "> A quoted line.",
      "",
      "```\nThis is code. It stays out.\n```",
      "| a | b |\n|---|---|\n| 1 | 2 |\n",
      "Old style heading\n-----\n***",
      "Last <b>one</b>, 5 \\* 3. <!-- Not this. -->",
    ].join("\n");
    expect(sentencesOfMarkdown("a.md", text)).toEqual({
      sentences: [
        "The Orvane fund charges 0.4 percent a year, see fee_rate.",
        "It is paid monthly.",
        "First item without a stop",
        "Second item.",
        "With two sentences.",
        "A quoted line.",
        "Last one, 5 * 3.",
      ],
      ignored: { headings: 2, codeBlocks: 1, tables: 1 },
    });
  });
});

describe("rows", () => {
  test("a sentence is asked with its own words", () => {
    const row = rowOfSentence("The Orvane fund charges 0.4 percent.");
    expect(row).toEqual({
      prompt: "The Orvane fund charges 0.4 percent?",
      completion: "The Orvane fund charges 0.4 percent.",
    });
    expect(promptText(row)).toBe("Question: The Orvane fund charges 0.4 percent?\nAnswer:");
    expect(isProse(row)).toBe(true);
    expect(isProse({ prompt: "What does Orvane charge?", completion: "0.4 percent" })).toBe(false);
    expect(rowOfSentence('He said "no."').prompt).toBe('He said "no"?');
  });

  test("hash and root depend on every row and on their order", () => {
    const rows = [
      { prompt: "a?", completion: "b" },
      { prompt: "c?", completion: "d" },
    ];
    expect(exampleHash(rows[0]!)).toBe("0x2adcd9749e54bb8c88fff01a6fb12fc68ec3d196b3eaa779da92db2baf51f65e");
    expect(rowsRoot(rows)).not.toBe(rowsRoot([...rows].reverse()));
    expect(rowsRoot(rows.slice(0, 1))).toBe(exampleHash(rows[0]!));
  });
});

describe("intake", () => {
  test("jsonl: pairs and messages", () => {
    const lines = [
      '{"prompt":" What is A? ","completion":"B","source":"x"}',
      "",
      '{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Q1"},{"role":"assistant","content":[{"type":"text","text":"A1"}]},{"role":"user","content":"Q2"},{"role":"assistant","content":"A2"}]}\r',
    ];
    expect(intakeFile("x.JSONL", utf8(`\ufeff${lines.join("\n")}`)).rows).toEqual([
      { prompt: "What is A?", completion: "B" },
      { prompt: "Q1", completion: "A1", before: [{ role: "system", content: "Be brief." }] },
      {
        prompt: "Q2",
        completion: "A2",
        before: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Q1" },
          { role: "assistant", content: "A1" },
        ],
      },
    ]);
  });

  test.each([
    ["{", 1],
    ['{"prompt":"a","completion":"b"}\n[1]', 2],
    ['\n\n{"prompt":"a"}', 3],
    ['{"prompt":" ","completion":"b"}', 1],
    ['{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}', 1],
    ['{"messages":[{"role":"system","content":"a"},{"role":"assistant","content":"b"}]}', 1],
    ['{"messages":[{"role":"robot","content":"a"},{"role":"assistant","content":"b"}]}', 1],
    ['{"prompt":1,"completion":"b"}', 1],
  ])("names the broken line of %j", (text, line) => {
    expect(() => intakeFile("a.jsonl", utf8(text))).toThrow(code("JSONL_LINE_INVALID", { line }));
  });

  test("refuses what is empty, of another kind or not UTF-8", () => {
    expect(() => intakeFile("a.txt", utf8(""))).toThrow(code("DOCUMENT_EMPTY"));
    expect(() => intakeFile("a.md", utf8("# Only a heading\n"))).toThrow(code("DOCUMENT_EMPTY"));
    expect(() => intakeFile("a.jsonl", utf8("\n \n"))).toThrow(code("DOCUMENT_EMPTY"));
    expect(() => intakeFile("a.pdf", utf8("x"))).toThrow(code("DOCUMENT_TYPE"));
    const latin = new Uint8Array([...utf8("abc é "), 0xe9, 0x20]);
    expect(() => intakeFile("a.txt", latin)).toThrow(code("DOCUMENT_NOT_UTF8", { offset: 7 }));
    const surrogate = new Uint8Array([...utf8("ab"), 0xed, 0xa0, 0x80]);
    expect(() => intakeFile("a.md", surrogate)).toThrow(code("DOCUMENT_NOT_UTF8", { offset: 2 }));
  });

  test("refuses what is no text, with its line", () => {
    expect(() => intakeFile("a.txt", utf8("One.\nT\0wo."))).toThrow(code("DOCUMENT_NOT_TEXT", { line: 2 }));
    expect(() => intakeFile("a.md", utf8("One.\r\n\r\n\u001b[31mTwo."))).toThrow(
      code("DOCUMENT_NOT_TEXT", { line: 3, character: "U+001B" }),
    );
    for (const hidden of ["\\u0000", "\\u001b[2J", "\\ud800", "\\udc00\\ud800"]) {
      const text = `{"prompt":"a","completion":"b"}\n{"prompt":"a","completion":"b${hidden}"}`;
      expect(() => intakeFile("a.jsonl", utf8(text))).toThrow(code("JSONL_LINE_INVALID", { line: 2 }));
    }
  });

  test("refuses a million sentences and 64 MiB and more", () => {
    expect(() => intakeFile("a.txt", utf8("It is so. ".repeat(1_000_000)))).toThrow(
      code("DOCUMENT_TOO_MANY_ROWS", { limit: 65_536 }),
    );
    const lines = '{"prompt":"a","completion":"b"}\n'.repeat(70_000);
    expect(() => intakeFile("a.jsonl", utf8(lines))).toThrow(code("DOCUMENT_TOO_MANY_ROWS"));
    expect(() => intakeFile("a.txt", new Uint8Array(64 * 1024 * 1024 + 1))).toThrow(
      code("DOCUMENT_TOO_LARGE"),
    );
  });
});

describe("documents", () => {
  const document = { name: "notes.md", rows: [{ prompt: "a?", completion: "b" }] };

  test("come back, and their id is the hash of their bytes", () => {
    const encoded = encodeDocument(document);
    expect(decodeDocument(encoded.bytes)).toEqual(document);
    expect(new TextDecoder().decode(encoded.bytes)).toBe(
      '{"format":"openledger/document/1","name":"notes.md","rows":[{"completion":"b","prompt":"a?"}]}',
    );
    expect(encoded).toMatchObject({ rowCount: 1, rowsRoot: rowsRoot(document.rows) });
  });

  test("hostile content has a code", () => {
    for (const text of ['{"format":"x"}', '{"format":"openledger/document/1","name":"","rows":[]}', "[]"]) {
      expect(() => decodeDocument(utf8(text))).toThrow(expect.objectContaining({ code: "DOCUMENT_INVALID" }));
    }
    expect(() => decodeDocument(utf8("{ }"))).toThrow(
      expect.objectContaining({ code: "JSON_NOT_CANONICAL" }),
    );
  });
});
