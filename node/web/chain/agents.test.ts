import { expect, test } from "vitest";
import { leafOf, parseSession, rulesOf, treeOf } from "../../agents/session.ts";
import { callsOf } from "./agents.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000ac";
const target = "0x00000000000000000000000000000000000000aa";
const source = JSON.stringify({
  hours: 1,
  limits: [],
  calls: [{ target, function: "function buy(address to)", fixed: { to: "self" } }],
});
const { root } = treeOf(rulesOf(parseSession(source), ACCOUNT).map(({ rule }) => leafOf(rule)));

test("a session's file is shown for the root of its own calls only", () => {
  expect(callsOf(source, ACCOUNT, root)?.[0]?.item.name).toBe("buy");
  // What `self` stands for is another's.
  expect(callsOf(source, target, root)).toBeUndefined();
  expect(callsOf(source.replace('"to":"self"', ""), ACCOUNT, root)).toBeUndefined();
  expect(callsOf("no JSON", ACCOUNT, root)).toBeUndefined();
});
