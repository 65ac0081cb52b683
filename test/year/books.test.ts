import { describe, expect, it } from "vitest";
import { OPEN_SUPPLY } from "../../node/deploy/addresses.ts";
import { type Books, bookLines, faultsOf } from "./books.ts";

/** 100 wei circulate: 60 in contracts, 40 on an account. */
function whole(): Books {
  return {
    contracts: [
      { name: "Disputes", has: 50n, owes: 50n },
      { name: "SwapPool", has: 10n, owes: undefined },
    ],
    chain: [{ name: "NativeAssetLiquidity", has: OPEN_SUPPLY - 100n, owes: OPEN_SUPPLY - 100n }],
    accounts: [{ name: "alba", has: 40n, owes: undefined }],
    state: { accounts: 4, sum: OPEN_SUPPLY, unnamed: 0n },
    l1: { supply: OPEN_SUPPLY, bridge: 107n, escrow: 107n, pending: 7n },
  };
}

describe("the year's books", () => {
  it("add up where every wei is somewhere", () => {
    expect(faultsOf(whole())).toEqual([]);
    expect(bookLines(whole()).join("\n")).toMatch(/Disputes +0\.00000000000000005 {2}is what it owes/);
  });

  const wrong: [what: string, change: (books: Books) => Partial<Books>, fault: RegExp][] = [
    [
      "a contract has a wei less than it owes",
      ({ contracts: [first, ...rest] }) => ({ contracts: [{ ...first!, owes: 51n }, ...rest] }),
      /Disputes has 50 wei and owes 51/,
    ],
    [
      "coins circulate that L1 does not hold",
      ({ chain: [first] }) => ({ chain: [{ ...first!, owes: OPEN_SUPPLY - 99n }] }),
      /NativeAssetLiquidity has/,
    ],
    [
      "a wei was burnt",
      ({ state, accounts: [alba] }) => ({
        state: { ...state, sum: OPEN_SUPPLY - 1n },
        accounts: [{ ...alba!, has: 39n }],
      }),
      /all balances of L2 are 9{27} wei, not 10\^27/,
    ],
    [
      "an account that nobody named has something",
      ({ state, accounts: [alba] }) => ({
        state: { ...state, unnamed: 3n },
        accounts: [{ ...alba!, has: 37n }],
      }),
      /accounts that nobody named have 3 wei/,
    ],
    ["a line is missing", () => ({ accounts: [] }), /the lines are/],
    ["L1 made OPEN", ({ l1 }) => ({ l1: { ...l1, supply: OPEN_SUPPLY + 1n } }), /L1 has/],
    ["the bridge lacks a wei", ({ l1 }) => ({ l1: { ...l1, bridge: 106n } }), /the bridge has 106 wei/],
  ];

  it.each(wrong)("don't where %s", (_, change, fault) => {
    const books = { ...whole(), ...change(whole()) };
    const faults = faultsOf(books);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });
});
