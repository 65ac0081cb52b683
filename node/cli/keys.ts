import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";

const keyFile = z.object({ address: z.string(), privateKey: z.string().regex(/^0x[0-9a-f]{64}$/) });
const NAME = /^[a-z0-9][a-z0-9._-]{0,40}$/;

function folder(context: CliContext): string {
  return join(context.dataDir, "accounts");
}

/**
 * Writes a key, readable by this user alone. Keys are not encrypted: the store is for devnets and tests.
 * @throws CodedError KEY_NAME_INVALID, KEY_EXISTS, KEY_INVALID.
 */
export function saveKey(context: CliContext, name: string, privateKey?: string): PrivateKeyAccount {
  if (!NAME.test(name)) {
    throw cliError("KEY_NAME_INVALID", {
      message: `${JSON.stringify(name)} is no account name`,
      fix: "use lower-case letters, digits, '.', '_' and '-', at most 41",
    });
  }
  const file = join(folder(context), `${name}.json`);
  if (existsSync(file)) {
    throw cliError("KEY_EXISTS", {
      message: `there is an account ${name} already`,
      fix: "choose another name",
    });
  }
  const key = privateKey ?? generatePrivateKey();
  const account = parseKey(key);
  mkdirSync(folder(context), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify({ address: account.address, privateKey: key.toLowerCase() })}\n`, {
    mode: 0o600,
  });
  return account;
}

export function listKeys(context: CliContext): { name: string; address: string }[] {
  if (!existsSync(folder(context))) return [];
  return readdirSync(folder(context))
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => ({ name: file.slice(0, -5), address: readKey(context, file.slice(0, -5)).address }));
}

/** The account of --key. @throws CodedError KEY_MISSING, KEY_UNKNOWN, KEY_FILE_CORRUPT, KEY_INVALID. */
export function requireKey(context: CliContext): PrivateKeyAccount {
  if (!context.key) {
    throw cliError("KEY_MISSING", {
      message: "this command signs a transaction and needs an account",
      fix: "give --key with a name from `openledger account list` or a private key",
    });
  }
  return context.key.startsWith("0x") ? parseKey(context.key) : readKey(context, context.key);
}

/** An address, or the address of a named account. */
export function resolveAddress(context: CliContext, text: string): `0x${string}` {
  return /^0x[0-9a-fA-F]{40}$/.test(text)
    ? (text.toLowerCase() as `0x${string}`)
    : readKey(context, text).address;
}

function readKey(context: CliContext, name: string): PrivateKeyAccount {
  const file = join(folder(context), `${name}.json`);
  if (!NAME.test(name) || !existsSync(file)) {
    throw cliError("KEY_UNKNOWN", {
      message: `there is no account ${JSON.stringify(name)} in ${folder(context)}`,
      fix: "see `openledger account list`, or make one with `openledger account new <name>`",
    });
  }
  try {
    return parseKey(keyFile.parse(JSON.parse(readFileSync(file, "utf8"))).privateKey);
  } catch (cause) {
    throw cliError("KEY_FILE_CORRUPT", {
      message: `${file} holds no key`,
      fix: "restore the file, or import the key under another name",
      cause,
    });
  }
}

function parseKey(key: string): PrivateKeyAccount {
  try {
    return privateKeyToAccount(key.toLowerCase() as `0x${string}`);
  } catch (cause) {
    throw cliError("KEY_INVALID", {
      message: "that is no secp256k1 private key",
      fix: "give 0x and 64 hex digits, not zero and below the curve's order",
      cause,
    });
  }
}
