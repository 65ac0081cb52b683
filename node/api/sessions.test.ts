import { privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { beforeEach, describe, expect, test } from "vitest";
import type { Address, Hex } from "../chain/types/primitives.ts";
import { Sessions } from "./sessions.ts";

const HOST = "127.0.0.1:9547";
const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const other = privateKeyToAccount(`0x${"22".repeat(32)}`);
const refused = expect.objectContaining({ code: "SIGN_IN_REFUSED" });

let now: number;
let sessions: Sessions;
let allowed: (address: Address) => boolean;

beforeEach(() => {
  now = 1_800_000_000;
  allowed = () => true;
  sessions = new Sessions({ chainId: 901, isAllowed: (address) => allowed(address), now: () => now });
});

type Change = Partial<Parameters<typeof createSiweMessage>[0]>;

function message(change: Change = {}): string {
  return createSiweMessage({
    address: account.address,
    chainId: 901,
    nonce: sessions.nonce().nonce,
    domain: HOST,
    uri: `http://${HOST}`,
    version: "1",
    issuedAt: new Date(now * 1000),
    ...change,
  });
}
const signed = async (text: string, by = account): Promise<[string, Hex]> => [
  text,
  await by.signMessage({ message: text }),
];

describe("signing in", () => {
  test("gives a token that stands for the account until it is over", async () => {
    const { token, address, expires } = await sessions.signIn(...(await signed(message())), HOST);
    expect(address).toBe(account.address.toLowerCase());
    expect(sessions.account(`Bearer ${token}`)).toBe(address);
    now = expires + 1;
    expect(() => sessions.account(`Bearer ${token}`)).toThrow(
      expect.objectContaining({ code: "API_NOT_SIGNED_IN" }),
    );
  });

  test("the same message is good once", async () => {
    const [text, signature] = await signed(message());
    await sessions.signIn(text, signature, HOST);
    await expect(sessions.signIn(text, signature, HOST)).rejects.toThrow(refused);
  });

  test("a refused message has used its nonce up too", async () => {
    const [text, signature] = await signed(message());
    await expect(sessions.signIn(text, signature, "evil.example")).rejects.toThrow(refused);
    await expect(sessions.signIn(text, signature, HOST)).rejects.toThrow(refused);
  });

  test.each<[string, Change]>([
    ["another site", { domain: "evil.example" }],
    ["another address of the site", { uri: "http://evil.example" }],
    ["another chain", { chainId: 1 }],
    ["a nonce that nobody gave", { nonce: "0123456789abcdef" }],
    ["an hour ago", { issuedAt: new Date((1_800_000_000 - 3_600) * 1000) }],
    ["tomorrow", { issuedAt: new Date((1_800_000_000 + 86_400) * 1000) }],
    ["a message that is over", { expirationTime: new Date((1_800_000_000 - 1) * 1000) }],
    ["a message whose time has not come", { notBefore: new Date((1_800_000_000 + 3_600) * 1000) }],
    ["another's address", { address: other.address }],
  ])("is refused for %s", async (_, change) => {
    await expect(sessions.signIn(...(await signed(message(change))), HOST)).rejects.toThrow(refused);
  });

  test("is refused when the nonce is too old, the signature is none, or the operator lets others in only", async () => {
    const old = await signed(message());
    now += 301;
    await expect(sessions.signIn(...old, HOST)).rejects.toThrow(refused);
    await expect(sessions.signIn(message(), `0x${"00".repeat(65)}`, HOST)).rejects.toThrow(refused);
    await expect(sessions.signIn("hello", `0x${"00".repeat(65)}`, HOST)).rejects.toThrow(refused);
    allowed = (address) => address !== account.address.toLowerCase();
    await expect(sessions.signIn(...(await signed(message())), HOST)).rejects.toThrow(refused);
  });

  test("a guess is no token", () => {
    for (const header of [undefined, "", "Bearer", "Bearer x", "Basic abc"])
      expect(() => sessions.account(header)).toThrow(expect.objectContaining({ code: "API_NOT_SIGNED_IN" }));
  });
});
