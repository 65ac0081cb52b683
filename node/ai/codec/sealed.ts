import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hexToBytes } from "../../base/bytes.ts";
import { randomBytes } from "../../base/clock.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { concatBytes } from "./hash.ts";

const INFO = new TextEncoder().encode("openledger/sealed/1");
const PUBLIC_KEY = 33;
const TAG = 16;

/**
 * Encrypts to the holder of a secp256k1 key: compressed public key of a fresh key 33 | AES-256-GCM ciphertext | tag 16. The AES key and
 * the nonce come from HKDF-SHA256 over the shared point's x, salted with the fresh key; a fresh key makes one message.
 * @param publicKey compressed or not.
 * @throws CodedError `SEAL_INVALID` for what is no public key.
 */
export function seal(text: Uint8Array, publicKey: Hex): Uint8Array {
  const fresh = secp256k1.utils.randomSecretKey(randomBytes(48));
  const sender = secp256k1.getPublicKey(fresh, true);
  const { key, nonce } = secretOf(fresh, hexToBytes(publicKey), sender);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  return concatBytes(sender, cipher.update(text), cipher.final(), cipher.getAuthTag());
}

/** What {@link seal} encrypted. @throws CodedError `SEAL_INVALID` for another's key or changed bytes. */
export function unseal(sealed: Uint8Array, privateKey: Hex): Uint8Array {
  if (sealed.length < PUBLIC_KEY + TAG) throw invalid("it is too short");
  const sender = sealed.slice(0, PUBLIC_KEY);
  const { key, nonce } = secretOf(hexToBytes(privateKey), sender, sender);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce);
  decipher.setAuthTag(sealed.slice(-TAG));
  try {
    return concatBytes(decipher.update(sealed.slice(PUBLIC_KEY, -TAG)), decipher.final());
  } catch (cause) {
    throw invalid("it is for another key, or was changed", cause);
  }
}

function secretOf(privateKey: Uint8Array, publicKey: Uint8Array, salt: Uint8Array) {
  let shared: Uint8Array;
  try {
    shared = secp256k1.getSharedSecret(privateKey, publicKey, true).slice(1);
  } catch (cause) {
    throw invalid("the public key is no point of secp256k1", cause);
  }
  const derived = new Uint8Array(hkdfSync("sha256", shared, salt, INFO, 44));
  return { key: derived.slice(0, 32), nonce: derived.slice(32) };
}

function invalid(what: string, cause?: unknown) {
  return aiError("SEAL_INVALID", {
    message: `the sealed message cannot be made or read: ${what}`,
    fix: "check the keys: the message is for one holder only",
    cause,
  });
}
