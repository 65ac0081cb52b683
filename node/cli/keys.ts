import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAddress } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";
import { looksSecret } from "./secrets.ts";

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
  if (!NAME.test(name) || looksSecret(name)) {
    throw cliError("KEY_NAME_INVALID", {
      message: looksSecret(name)
        ? "a private key is no account name: the name comes first"
        : `${JSON.stringify(name)} is no account name`,
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
  writeFileSync(file, `${JSON.stringify({ address: account.address, privateKey: withPrefix(key) })}\n`, {
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
      message: "this command signs and needs an account",
      fix: "give --key with a name from `openledger account list` or a private key",
    });
  }
  const key = context.key.trim();
  return isName(key) ? readKey(context, key) : parseKey(key);
}

/** The private key of --key, for what is sealed to it. @throws CodedError as {@link requireKey}. */
export function privateKeyOf(context: CliContext): `0x${string}` {
  requireKey(context);
  const key = context.key!.trim();
  return withPrefix(isName(key) ? readSecret(context, key) : key);
}

function isName(key: string): boolean {
  return NAME.test(key) && !/^0x/.test(key) && !looksSecret(key);
}

/**
 * An address, or the address of a named account.
 * @throws CodedError ADDRESS_INVALID, also for a wrong checksum of mixed case (EIP-55), KEY_UNKNOWN, KEY_FILE_CORRUPT.
 */
export function resolveAddress(context: CliContext, text: string): `0x${string}` {
  if (NAME.test(text) && !/^0x/.test(text) && !looksSecret(text)) return readKey(context, text).address;
  if (looksSecret(text)) {
    throw cliError("ADDRESS_INVALID", {
      message: "an address or a name is needed here, and that looks like a private key",
      fix: "give the account's address; if the key was shown to anybody, move its money to a new one",
    });
  }
  const isUniform =
    text.slice(2) === text.slice(2).toLowerCase() || text.slice(2) === text.slice(2).toUpperCase();
  if (/^0x[0-9a-fA-F]{40}$/.test(text) && (isUniform || isAddress(text))) {
    return text.toLowerCase() as `0x${string}`;
  }
  const isMistyped = /^0x[0-9a-fA-F]{40}$/.test(text);
  throw cliError("ADDRESS_INVALID", {
    message: isMistyped
      ? `${text} is mistyped: its capital letters are not those of its checksum (EIP-55)`
      : `${JSON.stringify(text)} is neither an address nor a name`,
    fix: "copy the address again: 0x and 40 hex digits; names are small letters, digits, '.', '_' and '-'",
  });
}

function readKey(context: CliContext, name: string): PrivateKeyAccount {
  const secret = readSecret(context, name);
  try {
    return parseKey(secret);
  } catch (cause) {
    throw corrupt(context, name, cause);
  }
}

function readSecret(context: CliContext, name: string): string {
  const file = join(folder(context), `${name}.json`);
  if (!NAME.test(name) || !existsSync(file)) {
    throw cliError("KEY_UNKNOWN", {
      message: `there is no account ${JSON.stringify(name)} in ${folder(context)}`,
      fix: "see `openledger account list`, or make one with `openledger account new <name>`",
    });
  }
  try {
    return keyFile.parse(JSON.parse(readFileSync(file, "utf8"))).privateKey;
  } catch (cause) {
    throw corrupt(context, name, cause);
  }
}

function corrupt(context: CliContext, name: string, cause: unknown) {
  return cliError("KEY_FILE_CORRUPT", {
    message: `${join(folder(context), `${name}.json`)} holds no key`,
    fix: "restore the file, or import the key under another name",
    cause,
  });
}

function parseKey(key: string): PrivateKeyAccount {
  try {
    return privateKeyToAccount(withPrefix(key));
  } catch {
    // Without its cause, which may quote the key.
    throw cliError("KEY_INVALID", {
      message: "that is neither an account's name nor a secp256k1 private key",
      fix: "give 64 hex digits with or without 0x, not zero and below the curve's order",
    });
  }
}

/** Wallets give keys with and without 0x, in small and capital letters. */
function withPrefix(key: string): `0x${string}` {
  return `0x${key.trim().toLowerCase().replace(/^0x/, "")}`;
}
