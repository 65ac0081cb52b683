import { expect, test } from "vitest";
import { looksSecret, withoutSecrets } from "./secrets.ts";

const KEY = "00000000000000000000000000000000000000000000000000000000000000aa";

test("keys and phrases look secret, also mistyped ones; names, addresses, epochs and numbers don't", () => {
  const phrase = "test test test test test test test test test test test junk";
  const half = KEY.slice(32);
  const eleven = phrase.replace("test ", "");
  for (const text of [
    ...[KEY, `0x${KEY}`, ` ${KEY}\n`, KEY.slice(1), `${KEY}0`, KEY.toUpperCase()],
    ...["1".repeat(64), `0x${"1".repeat(66)}`, half, `${half}00`, phrase, eleven, ` ${phrase}\n`],
  ])
    expect([text, looksSecret(text)]).toEqual([text, true]);
  const address = "0xbcd4042de499d14e55001ccbb24a551f3b954096";
  for (const text of [
    "rita",
    address,
    address.slice(2),
    "12",
    "2298478504409834117901772992704689728141443730693477311868869541894",
    half.slice(1),
    eleven.replace("test ", ""),
    `${phrase} 12`,
    "notes of a day.md",
    "Which plant does it come from?",
  ])
    expect([text, looksSecret(text)]).toEqual([text, false]);
});

test("what is printed holds no key that was given", () => {
  const print = (...given: string[]) => withoutSecrets(`no option --kez=0x${KEY}, no ${KEY}`, given);
  expect(print("account", `--kez=0x${KEY}`)).toBe("no option --kez=<hidden>, no <hidden>");
  expect(print("account", KEY)).not.toContain(KEY);
  expect(print("--salt", `0x${KEY}`)).toContain(KEY);
  expect(withoutSecrets("the block 12", [undefined, "12"])).toBe("the block 12");
  expect(print("--salt", "1", `0x${KEY}`)).not.toContain(KEY);
  expect(withoutSecrets(`${KEY} and ${KEY}`, [` 0X${KEY} `])).toBe("<hidden> and <hidden>");
});
