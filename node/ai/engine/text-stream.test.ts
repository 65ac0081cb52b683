import fc from "fast-check";
import { expect, test } from "vitest";
import { TextStream } from "./text-stream.ts";

/** A token a byte: characters come in pieces, as byte-level tokenizers give them. */
const bytes = {
  decode: (ids: readonly number[]) => Promise.resolve(new TextDecoder().decode(Uint8Array.from(ids))),
};

async function stream(text: string, stops: readonly string[]) {
  const made = new TextStream(bytes, stops);
  const pieces: string[] = [];
  for (const id of new TextEncoder().encode(text)) {
    pieces.push(await made.push(id));
    if (made.stopped) break;
  }
  pieces.push(await made.end());
  return { pieces, text: pieces.join(""), stopped: made.stopped };
}

test("gives whole characters only, and the text up to the first stop string", async () => {
  const { pieces, text } = await stream("grün 😀 ok", []);
  expect(text).toBe("grün 😀 ok");
  expect(pieces.some((piece) => piece.includes("\ufffd"))).toBe(false);
  expect(await stream("one\n\ntwo", ["\n\n", "two"])).toMatchObject({ text: "one", stopped: true });
  // What only began as a stop string is text after all.
  expect(await stream("one\n", ["\n\n"])).toMatchObject({ text: "one\n", stopped: false });
  expect(await stream("ababac", ["abac"])).toMatchObject({ text: "ab", stopped: true });
  expect(await stream("ab", ["", "abc"])).toMatchObject({ text: "ab", stopped: false });
});

test("never gives out a part of a stop string, whatever the text and the strings", async () => {
  const unit = fc.constantFrom("a", "b", "ü", "😀");
  const text = fc.string({ unit, minLength: 1, maxLength: 30 });
  const strings = fc.array(fc.string({ unit, minLength: 1, maxLength: 4 }), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(text, strings, async (text, stops) => {
      const whole = stops
        .map((stop) => ({ start: text.indexOf(stop), end: text.indexOf(stop) + stop.length }))
        .filter(({ start }) => start >= 0)
        .sort((a, b) => a.end - b.end || a.start - b.start);
      const expected = text.slice(0, whole[0]?.start ?? text.length);
      expect((await stream(text, stops)).text).toBe(expected);
    }),
    { numRuns: 200 },
  );
});
