import { execFileSync } from "node:child_process";
import { createCipheriv, pbkdf2Sync } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { keccakHash } from "../../chain/crypto.ts";
import { isReadableByOthers, readKeyFile } from "./key-files.ts";
import { loadNodeConfig } from "./node-config.ts";

/** The two examples of the format's definition, both of this key and password. */
const KEY = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const PASSWORD = "testpassword";
const PBKDF2 = {
  crypto: {
    cipher: "aes-128-ctr",
    cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
    ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    kdf: "pbkdf2",
    kdfparams: {
      c: 262_144,
      dklen: 32,
      prf: "hmac-sha256",
      salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
    },
    mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
  },
  id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  version: 3,
};
const SCRYPT = {
  crypto: {
    cipher: "aes-128-ctr",
    cipherparams: { iv: "83dbcc02d8ccb40e466191a123791e0e" },
    ciphertext: "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
    kdf: "scrypt",
    kdfparams: {
      dklen: 32,
      n: 262_144,
      r: 1,
      p: 8,
      salt: "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
    },
    mac: "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
  },
  id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  version: 3,
};

describe("key files", () => {
  const folder = mkdtempSync(join(tmpdir(), "keys-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const password = file("password", `${PASSWORD}\r\n`);
  const codeOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      expect(String(error)).not.toContain(KEY.slice(2, 30));
      return (error as { code?: unknown }).code;
    }
    return undefined;
  };

  test("hold a key in hexadecimal, with or without 0x and a line break", () => {
    for (const text of [KEY, KEY.slice(2), `${KEY.toUpperCase().replace("0X", "0x")}\n`, `  ${KEY}\r\n`])
      expect(readKeyFile(file("hex", text))).toBe(KEY);
  });

  test("hold a keystore, which the password file opens", () => {
    expect(readKeyFile(file("pbkdf2", PBKDF2), password)).toBe(KEY);
    expect(readKeyFile(file("scrypt", SCRYPT), password)).toBe(KEY);
    const { crypto, ...rest } = PBKDF2;
    expect(readKeyFile(file("capital", { ...rest, Crypto: crypto }), password)).toBe(KEY);
  });

  test("may be made by foundry", () => {
    const require = createRequire(import.meta.url);
    const bin = join(dirname(require.resolve("@foundry-rs/cast/package.json")), "bin.mjs");
    const give = ["--private-key", KEY, "--unsafe-password", "a b c"];
    const run = ["wallet", "import", "--keystore-dir", folder, "made", ...give];
    execFileSync(process.execPath, [bin, ...run], { stdio: "ignore" });
    expect(readKeyFile(join(folder, "made"), file("words", "a b c\n"))).toBe(KEY);
  });

  /** A keystore of this key, quickly derived; `change` of its parts after that. */
  const sealed = (secret: string, key: string, change: { crypto?: object; kdfparams?: object } = {}) => {
    const [iv, salt] = ["11".repeat(16), "22".repeat(32)];
    const derived = pbkdf2Sync(secret, Buffer.from(salt, "hex"), 1, 32, "sha256");
    const cipher = createCipheriv("aes-128-ctr", derived.subarray(0, 16), Buffer.from(iv, "hex"));
    const ciphertext = Buffer.concat([cipher.update(Buffer.from(key.slice(2), "hex")), cipher.final()]);
    const mac = keccakHash(Buffer.concat([derived.subarray(16), ciphertext])).slice(2);
    const kdfparams = { dklen: 32, c: 1, prf: "hmac-sha256", salt, ...change.kdfparams };
    const crypto = {
      cipher: "aes-128-ctr",
      cipherparams: { iv },
      ciphertext: ciphertext.toString("hex"),
      mac,
    };
    return { version: 3, crypto: { ...crypto, kdf: "pbkdf2", kdfparams, ...change.crypto } };
  };
  const opened = (keystore: object, secret: string) =>
    codeOf(() => readKeyFile(file("sealed", keystore), file("secret", secret))) ?? "opened";

  test("take a password as it was typed, or as some programs normalise it", () => {
    // Ligature and letters: NFKC makes the first into the second.
    for (const typed of ["ﬁsh", "fish"]) expect(opened(sealed("fish", KEY), typed)).toBe("opened");
    expect(opened(sealed("ﬁsh", KEY), "ﬁsh")).toBe("opened");
    expect(opened(sealed("ﬁsh", KEY), "fish")).toBe("KEYSTORE_PASSWORD_WRONG");
    expect(opened(sealed("fish ", KEY), "fish \n\r\n")).toBe("opened");
    expect(opened(sealed("fish", KEY), "\nfish")).toBe("KEYSTORE_PASSWORD_WRONG");
  });

  test("hold a keystore whose address is its key's, in any spelling", () => {
    const address = "008aeeda4d805471df9b2a5b0f38a0c3bcba786b";
    for (const text of [address, `0x${address}`, address.toUpperCase()])
      expect(opened({ ...sealed("a", KEY), address: text }, "a")).toBe("opened");
    expect(opened({ ...sealed("a", KEY), address: `${address}0` }, "a")).toBe("KEYSTORE_INVALID");
    const { crypto, version } = sealed("a", KEY);
    expect(opened({ version, Crypto: crypto }, "a")).toBe("opened");
    const salt = `0x${"22".repeat(32)}`;
    expect(opened(sealed("a", KEY, { kdfparams: { salt } }), "a")).toBe("opened");
    expect(opened({ version, Crypto: {}, crypto }, "a")).toBe("opened");
  });

  test("hold no keystore of other ways to derive and seal, or of impossible sizes", () => {
    const refused: object[] = [
      sealed("a", `0x${"00".repeat(32)}`),
      sealed("a", KEY, { crypto: { cipher: "aes-256-ctr" } }),
      sealed("a", KEY, { crypto: { kdf: "argon2" } }),
      sealed("a", KEY, { crypto: { ciphertext: "00".repeat(31) } }),
      sealed("a", KEY, { crypto: { mac: "zz".repeat(32) } }),
      sealed("a", KEY, { crypto: { cipherparams: { iv: "00".repeat(15) } } }),
      sealed("a", KEY, { kdfparams: { dklen: 64 } }),
      sealed("a", KEY, { kdfparams: { prf: "hmac-sha1" } }),
      sealed("a", KEY, { kdfparams: { c: 0 } }),
      sealed("a", KEY, { kdfparams: { c: 10_000_001 } }),
      sealed("a", KEY, { kdfparams: { salt: "" } }),
      sealed("a", KEY, { kdfparams: { salt: "00".repeat(257) } }),
    ];
    for (const keystore of refused)
      expect([keystore, opened(keystore, "a")]).toEqual([keystore, "KEYSTORE_INVALID"]);
    const scrypt = (kdfparams: object) => ({
      ...SCRYPT,
      crypto: { ...SCRYPT.crypto, kdfparams: { ...SCRYPT.crypto.kdfparams, ...kdfparams } },
    });
    for (const params of [
      { n: 1 },
      { n: 0 },
      { r: 0 },
      { r: 65, n: 2 },
      { p: 0 },
      { p: 65, n: 2 },
      { n: 2 ** 24, r: 1 },
      { n: 2 ** 40, r: 1 },
      { n: 3, r: 1 },
      { n: 2 ** 20, r: 9 },
    ])
      expect([params, opened(scrypt(params), "a")]).toEqual([params, "KEYSTORE_INVALID"]);
    // Small ones are derived, and do not fit the password.
    for (const params of [
      { n: 2, p: 1 },
      { n: 2, r: 64, p: 64 },
    ])
      expect([params, opened(scrypt(params), "a")]).toEqual([params, "KEYSTORE_PASSWORD_WRONG"]);
  });

  test("say what is wrong and show nothing of the key", () => {
    const scrypt = (change: object) => ({
      ...SCRYPT,
      crypto: { ...SCRYPT.crypto, kdfparams: { ...SCRYPT.crypto.kdfparams, ...change } },
    });
    const cases: [unknown, string | undefined, string][] = [
      ["", undefined, "KEY_FILE_INVALID"],
      [`${KEY}00`, undefined, "KEY_FILE_INVALID"],
      [`0x${"00".repeat(32)}`, undefined, "KEY_FILE_INVALID"],
      [`{"key":"${KEY}`, undefined, "KEY_FILE_INVALID"],
      ["0".repeat(70_000), undefined, "KEY_FILE_INVALID"],
      [`${KEY}${" ".repeat(65_536 - 66)}`, undefined, "none"],
      [`${KEY}${" ".repeat(65_537 - 66)}`, undefined, "KEY_FILE_INVALID"],
      [KEY.replace("0x", "0X"), undefined, "none"],
      [PBKDF2, undefined, "KEYSTORE_PASSWORD_MISSING"],
      [PBKDF2, file("wrong", "testpassword "), "KEYSTORE_PASSWORD_WRONG"],
      [{ ...PBKDF2, version: 1 }, password, "KEYSTORE_INVALID"],
      [{ ...PBKDF2, address: "00".repeat(20) }, password, "KEYSTORE_INVALID"],
      [{ address: KEY }, password, "KEYSTORE_INVALID"],
      // Terabytes of memory, ages of time.
      [scrypt({ n: 2 ** 24, r: 64 }), password, "KEYSTORE_INVALID"],
      [scrypt({ n: 262_143 }), password, "KEYSTORE_INVALID"],
      [scrypt({ p: 1e9 }), password, "KEYSTORE_INVALID"],
      [
        { ...PBKDF2, crypto: { ...PBKDF2.crypto, kdfparams: { ...PBKDF2.crypto.kdfparams, c: 2 ** 40 } } },
        password,
        "KEYSTORE_INVALID",
      ],
    ];
    for (const [content, passwordFile, code] of cases)
      expect(
        codeOf(() => readKeyFile(file("bad", content), passwordFile)) ?? "none",
        JSON.stringify(content).slice(0, 200),
      ).toBe(code);
    expect(codeOf(() => readKeyFile(join(folder, "none")))).toBe("KEY_FILE_UNREADABLE");
    expect(codeOf(() => readKeyFile(file("keystore", PBKDF2), join(folder, "none")))).toBe(
      "KEY_FILE_UNREADABLE",
    );
  });

  test("are settings of a node, each instead of its key", () => {
    const flags = { dataDir: "d", l1Url: "http://127.0.0.1:8545" };
    const batcherKeyFile = file("batcher", KEY);
    const hostKeyFile = file("host", PBKDF2);
    const env = { OPENLEDGER_KEY_PASSWORD_FILE: password };
    const given = { ...flags, batcherKeyFile, hostKeyFile, protocol: "p" };
    expect(loadNodeConfig({ env, flags: given })).toMatchObject({ batcherKey: KEY, hostKey: KEY });
    expect(codeOf(() => loadNodeConfig({ env, flags: { ...given, batcherKey: KEY } }))).toBe(
      "CONFIG_INVALID",
    );
    // What a key needs, its file needs too.
    expect(codeOf(() => loadNodeConfig({ env, flags: { ...flags, hostKeyFile } }))).toBe("CONFIG_INVALID");
    expect(codeOf(() => loadNodeConfig({ env, flags: { ...flags, proposerKeyFile: batcherKeyFile } }))).toBe(
      "CONFIG_INVALID",
    );
  });

  test("are told apart by who may read them", () => {
    const path = file("mode", KEY);
    chmodSync(path, 0o600);
    expect(isReadableByOthers(path)).toBe(false);
    chmodSync(path, 0o640);
    expect(isReadableByOthers(path)).toBe(true);
  });
});
