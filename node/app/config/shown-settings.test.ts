import { expect, test } from "vitest";
import { loadNodeConfig } from "./node-config.ts";
import { shownSettings } from "./shown-settings.ts";

const KEY = `0x${"ab".repeat(32)}`;
const flags = {
  dataDir: "/var/lib/openledger",
  l1Url: "https://user:secret@l1.example/v3/SECRETKEY,http://127.0.0.1:8545",
  sequencerUrl: "https://rpc.example?key=SECRETKEY",
  batcherKey: KEY,
  openaiKeys: "SECRETKEY-of-v1",
  rpcPort: "9000",
};
const settings = () => shownSettings(loadNodeConfig({ env: {}, flags }));
const of = (name: string) => settings().find((one) => one.name === name);

test("settings are told as they are in force, with what they are and which were given", () => {
  expect(of("rpcPort")).toMatchObject({
    value: "9000",
    isDefault: false,
    about: expect.stringMatching(/JSON-RPC listens/),
  });
  expect(of("rpcHost")).toMatchObject({ value: "127.0.0.1", isDefault: true });
  expect(of("rpcCors")).toMatchObject({ value: undefined, isDefault: true });
  expect(of("protocol")).toMatchObject({ value: undefined, isDefault: true });
  expect(of("rpcGasCap")).toMatchObject({ value: "50000000", isDefault: true });
});

test("no key, and no URL that may hold one, is told", () => {
  expect(of("batcherKey")).toMatchObject({ value: "set, not shown", isDefault: false });
  expect(of("proposerKey")).toMatchObject({ value: undefined });
  expect(of("l1Url")?.value).toBe("https://l1.example/…, http://127.0.0.1:8545");
  expect(of("sequencerUrl")?.value).toBe("https://rpc.example/…");
  const text = JSON.stringify(settings());
  for (const secret of [KEY, "SECRETKEY", "secret@"]) expect(text).not.toContain(secret);
});
