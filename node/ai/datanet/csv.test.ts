import { describe, expect, test } from "vitest";
import { parseCells as parseHere } from "./csv-parser.browser.ts";
import { parseCells as parseThere } from "./csv-parser.ts";
import { intakeFile } from "./intake.ts";
import { MAX_ROWS } from "./rows.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const rowsOf = (text: string) => intakeFile("a.csv", utf8(text)).rows;
const code = (name: string, facts = {}) =>
  expect.objectContaining({ code: name, facts: expect.objectContaining(facts) });

describe("tables", () => {
  test("cells may be quoted, hold line ends, quotes and any script; Windows and Excel write them otherwise", () => {
    const rows = [
      { prompt: "Who, and why?", completion: 'He said "no".' },
      { prompt: "Two\nlines?", completion: "日本語 🙂" },
    ];
    expect(
      rowsOf('prompt,completion\n"Who, and why?","He said ""no""."\n"Two\nlines?", 日本語 🙂 \n'),
    ).toEqual(rows);
    expect(
      rowsOf('\ufeffPrompt;Completion\r\n"Who, and why?";"He said ""no""."\r\n\r\n"Two\r\nlines?";日本語 🙂'),
    ).toEqual(rows);
    expect(rowsOf('answer\tquestion\n"He said ""no""."\tWho, and why?\n')).toEqual(rows.slice(0, 1));
  });

  test("other columns are left out and counted", () => {
    expect(intakeFile("A.CSV", utf8("id,question,topic,answer\n1,a?,x,b\n"))).toEqual({
      rows: [{ prompt: "a?", completion: "b" }],
      ignored: { headings: 0, codeBlocks: 0, tables: 0, columns: 2 },
    });
  });

  test.each([
    ["a header without the columns", "id,text\n1,x\n", 1],
    [
      "a row of other length, after a row of two lines and an empty one",
      'prompt,completion\n"a\nb",c\n\na,b,c\n',
      5,
    ],
    ["an empty question, in the second line of a row's own", 'prompt,completion\na,b\n,"b\nc"\n', 3],
    ["an empty answer", "prompt,completion\na,\n", 2],
    ["a quote that is never closed", 'prompt,completion\na,b\n"c,d\ne,f\n', 3],
    ["something behind a quote", 'prompt,completion\n"a"b,c\n', 2],
    ["a quote inside", 'prompt,completion\na,b"c"\n', 2],
    ["a row as long as a book", `prompt,completion\na,b\nc,${"d".repeat(1_100_000)}\n`, 3],
  ])("%s is told with its line", (_, text, line) => {
    expect(() => rowsOf(text)).toThrow(code("CSV_LINE_INVALID", { line }));
  });

  test("a table has rows, and not too many", () => {
    expect(() => rowsOf("")).toThrow(code("DOCUMENT_EMPTY"));
    expect(() => rowsOf("prompt,completion\n")).toThrow(code("DOCUMENT_EMPTY"));
    const full = `prompt,completion\n${"a,b\n".repeat(MAX_ROWS)}`;
    expect(rowsOf(full)).toHaveLength(MAX_ROWS);
    expect(() => rowsOf(`${full}a,b\n`)).toThrow(code("DOCUMENT_TOO_MANY_ROWS"));
    // It stops there: a table of millions is not read to its end.
    expect(() => rowsOf(`${full}a,b\n"`)).toThrow(code("DOCUMENT_TOO_MANY_ROWS"));
  });

  test("browsers read them the same", () => {
    const text = 'a,b\n"x\n""y""",日本語 🙂\n\n1,2\n';
    const options = { skip_empty_lines: true, record_delimiter: "\n" };
    expect(parseHere(text, options)).toEqual(parseThere(text, options));
  });
});
