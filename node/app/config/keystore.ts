import { createDecipheriv, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { scrypt } from "@noble/hashes/scrypt.js";
import { privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import { bytesToHex, concatBytes, hexToBytes } from "../../base/bytes.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { appError } from "../errors.ts";

const bytes = (length: number) =>
  z
    .string()
    .regex(new RegExp(`^(0x)?[0-9a-fA-F]{${length * 2}}$`))
    .transform((text) => hexToBytes(text.startsWith("0x") ? (text as Hex) : `0x${text}`));
const salt = z
  .string()
  .regex(/^(0x)?([0-9a-fA-F]{2}){1,256}$/)
  .transform((text) => hexToBytes(text.startsWith("0x") ? (text as Hex) : `0x${text}`));

/** Memory of a derivation, 128 * n * r bytes, is at most this; geth's files need 256 MiB. */
const MAX_SCRYPT_BYTES = 1 << 30;
/** Rounds of a derivation; the files in use have 262,144. */
const MAX_PBKDF2_ROUNDS = 10_000_000;

const scryptParameters = z
  .object({
    dklen: z.literal(32),
    n: z.number().int().min(2),
    r: z.number().int().min(1).max(64),
    p: z.number().int().min(1).max(64),
    salt,
  })
  .refine(({ n, r }) => (n & (n - 1)) === 0 && 128 * n * r <= MAX_SCRYPT_BYTES, "asks for too much memory");
const pbkdf2Parameters = z.object({
  dklen: z.literal(32),
  c: z.number().int().min(1).max(MAX_PBKDF2_ROUNDS),
  prf: z.literal("hmac-sha256"),
  salt,
});
const crypto = z.intersection(
  z.object({
    cipher: z.literal("aes-128-ctr"),
    cipherparams: z.object({ iv: bytes(16) }),
    ciphertext: bytes(32),
    mac: bytes(32),
  }),
  z.discriminatedUnion("kdf", [
    z.object({ kdf: z.literal("scrypt"), kdfparams: scryptParameters }),
    z.object({ kdf: z.literal("pbkdf2"), kdfparams: pbkdf2Parameters }),
  ]),
);
type Crypto = z.output<typeof crypto>;

const keystore = z.object({ version: z.literal(3), address: z.string().optional(), crypto });

/**
 * Opens a key in the form of Web3 Secret Storage version 3, as geth, foundry and ethers write it.
 * @throws CodedError `KEYSTORE_INVALID`, `KEYSTORE_PASSWORD_WRONG`.
 */
export function openKeystore(json: unknown, password: string): Hex {
  const parsed = keystore.safeParse(withLowerCrypto(json));
  if (!parsed.success)
    throw invalid(`${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`);
  const { address, crypto: sealed } = parsed.data;
  // Some programs normalise what was typed (ethers), others don't (geth).
  const typed = new Set([password, password.normalize("NFKC")]);
  const derived = [...typed].map((text) => deriveKey(sealed, text)).find((key) => isKeyOf(key, sealed));
  if (derived === undefined) {
    throw appError("KEYSTORE_PASSWORD_WRONG", {
      message: "The password does not open the keystore.",
      fix: "Check the password file; the line break at its end does not count, other spaces do.",
    });
  }
  const cipher = createDecipheriv("aes-128-ctr", derived.subarray(0, 16), sealed.cipherparams.iv);
  const key = bytesToHex(concatBytes(cipher.update(sealed.ciphertext), cipher.final()));
  const found = addressOf(key);
  if (address !== undefined && address.toLowerCase().replace(/^0x/, "") !== found.slice(2))
    throw invalid("it holds the key of another address than it says");
  return key;
}

/** Old files of geth write it with a capital. */
function withLowerCrypto(json: unknown): unknown {
  if (typeof json !== "object" || json === null || !("Crypto" in json)) return json;
  return { crypto: json.Crypto, ...json };
}

function deriveKey({ kdf, kdfparams }: Crypto, password: string): Uint8Array {
  if (kdf === "pbkdf2") return pbkdf2Sync(password, kdfparams.salt, kdfparams.c, kdfparams.dklen, "sha256");
  const { n: N, r, p, dklen } = kdfparams;
  // OpenSSL's refuses parameters that the format's own example has.
  return scrypt(password, kdfparams.salt, { N, r, p, dkLen: dklen });
}

function isKeyOf(derived: Uint8Array, { ciphertext, mac }: Crypto): boolean {
  return timingSafeEqual(keccak256(concatBytes(derived.subarray(16, 32), ciphertext)), mac);
}

function addressOf(key: Hex): string {
  try {
    return privateKeyToAccount(key).address.toLowerCase();
  } catch {
    // The cause's text may hold the key.
    throw invalid("it holds no secp256k1 key");
  }
}

function invalid(reason: string) {
  return appError("KEYSTORE_INVALID", {
    message: `The file is no keystore of version 3: ${reason}.`,
    fix: "Give a file by geth's `account new`, `cast wallet import` or ethers' `encrypt`, or one with the key in hexadecimal.",
  });
}
