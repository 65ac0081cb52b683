import { expect, it } from "vitest";
import { deriveInMemory } from "./derive.ts";
import { makeChain } from "./made-chain.ts";

const options = { seed: 7, blocks: 35, transactionsPerBlock: 3 };

it("a chain made from a seed is always the same, and is what its L1 says", { timeout: 120_000 }, async () => {
  const chain = await makeChain(options);
  expect((await makeChain(options)).hashes).toEqual(chain.hashes);
  expect((await makeChain({ ...options, seed: 8 })).hashes[2]).not.toBe(chain.hashes[2]);
  const blocks = await deriveInMemory(chain, "wasm");
  expect(blocks.map(({ hash }) => hash)).toEqual(chain.hashes.slice(1));
  expect(blocks.slice(1).every(({ transactions }) => transactions.length === 4)).toBe(true);
});
