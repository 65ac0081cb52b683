import { describe, expect, test } from "vitest";
import { parseSession, rulesOf } from "../../../agents/session.ts";
import { NEW_SESSION, sourceOf } from "./session-draft.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000ac";
const POOL = "0x00000000000000000000000000000000000000aa";
const call = {
  ...{ target: ` ${POOL} `, text: "function buy(address to, uint256 least)", maxValue: "0.5" },
  fixed: "to = self , least=3",
};

describe("a session as it is typed", () => {
  test("is the file that the command takes", () => {
    const source = sourceOf({ ...NEW_SESSION, calls: [call] });
    expect(JSON.parse(source)).toEqual({
      hours: 24,
      limits: [{ token: "open", perCall: "1", perDay: "5" }],
      calls: [
        {
          ...{ target: POOL, function: call.text, maxValue: "0.5" },
          fixed: { to: "self", least: "3" },
        },
      ],
    });
    expect(rulesOf(parseSession(source), ACCOUNT)[0]?.rule.fixedWords).toBe(3);
  });

  test("is refused where it is none, with what is wrong", () => {
    const refused = (part: object, why: RegExp) => {
      const source = sourceOf({ ...NEW_SESSION, calls: [call], ...part });
      expect(() => rulesOf(parseSession(source), ACCOUNT)).toThrow(why);
    };
    refused({ hours: "soon" }, /hours/);
    refused({ limits: [{ token: "gold", perCall: "1", perDay: "1" }] }, /limits/);
    refused({ calls: [{ ...call, target: "0x12" }] }, /calls/);
    refused({ calls: [{ ...call, fixed: "self" }] }, /no argument "self"/);
  });
});
