import { expect, it } from "vitest";
import { memoryContent } from "../testing/memory-content.ts";
import { boundedDocuments, documentsOfRows } from "./documents.ts";

const code = (name: string) => expect.objectContaining({ code: name });

it("reads as many bytes as fit, over all documents", async () => {
  const content = memoryContent();
  const ids = await Promise.all([1, 2].map((n) => content.put(new Uint8Array(10).fill(n))));
  const get = boundedDocuments(content, 20);
  expect([await get(ids[0]!), await get(ids[1]!)].map(({ length }) => length)).toEqual([10, 10]);
  await expect(get(ids[0]!)).rejects.toThrow(code("CONTENT_TOO_LARGE"));
});

it("says of a missing text whether its datanet took it out", async () => {
  const content = memoryContent();
  const id = await content.put(new Uint8Array(3));
  content.all.delete(id);
  const reading = (since: number) => documentsOfRows(content, async () => since)(id);
  await expect(reading(0)).rejects.toThrow(code("CONTENT_NOT_FOUND"));
  await expect(reading(2)).rejects.toThrow(code("TEXT_GONE"));
  await content.put(new Uint8Array(3));
  expect(await reading(2)).toHaveLength(3);
});
