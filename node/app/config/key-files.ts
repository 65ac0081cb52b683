import { readFileSync, statSync } from "node:fs";
import { privateKeyToAccount } from "viem/accounts";
import type { Hex } from "../../chain/types/primitives.ts";
import { appError } from "../errors.ts";
import { openKeystore } from "./keystore.ts";

/** Key and password files are at most this long, in bytes. */
const MAX_BYTES = 65_536;

/**
 * The key in a file: 64 hexadecimal digits with or without 0x, or a keystore (Web3 Secret Storage version 3), which the
 * password in `passwordFile` opens. No error shows any of the contents.
 * @throws CodedError `KEY_FILE_UNREADABLE`, `KEY_FILE_INVALID`, `KEYSTORE_INVALID`, `KEYSTORE_PASSWORD_MISSING`,
 * `KEYSTORE_PASSWORD_WRONG`.
 */
export function readKeyFile(file: string, passwordFile?: string): Hex {
  const text = readSmall(file).trim();
  const digits = text.replace(/^0x/i, "");
  if (/^[0-9a-fA-F]{64}$/.test(digits)) return checked(`0x${digits.toLowerCase()}`, file);
  const json = parseJson(text);
  if (json === undefined) throw invalid(file);
  if (passwordFile === undefined) {
    throw appError("KEYSTORE_PASSWORD_MISSING", {
      message: `${file} is a keystore, and no password is given for it.`,
      fix: "Write the password into a file and give it as --key-password-file or OPENLEDGER_KEY_PASSWORD_FILE.",
      facts: { file },
    });
  }
  // As geth reads it: the line break at the end is not part of the password.
  return openKeystore(json, readSmall(passwordFile).replace(/[\r\n]+$/, ""));
}

/** True when others than the file's owner may read it. Windows has no such bits. */
export function isReadableByOthers(file: string): boolean {
  return process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0;
}

function checked(key: Hex, file: string): Hex {
  try {
    privateKeyToAccount(key);
    return key;
  } catch {
    // The cause's text may hold the key.
    throw invalid(file);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its message shows the text.
    return undefined;
  }
}

function readSmall(file: string): string {
  try {
    if (statSync(file).size > MAX_BYTES) throw invalid(file);
    return readFileSync(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "KEY_FILE_INVALID") throw cause;
    throw appError("KEY_FILE_UNREADABLE", {
      message: `${file} can't be read (${code}).`,
      fix: "Check the path, and that the node's user may read it.",
      facts: { file },
    });
  }
}

function invalid(file: string) {
  return appError("KEY_FILE_INVALID", {
    message: `${file} holds no key.`,
    fix: "It must hold 64 hexadecimal digits, with or without 0x, or a keystore in JSON.",
    facts: { file },
  });
}
