import { existsSync, readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import { replaceFile } from "../base/files.ts";
import { addressField, hashField, quantity } from "../chain/config/config-schema.ts";
import { keccakHash } from "../chain/crypto.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { ChainPlan } from "./plan.ts";

const schema = z.strictObject({
  /** L1's block 0: another L1 of the same id knows nothing of these transactions. */
  l1Genesis: hashField,
  deployer: addressField,
  plan: hashField,
  /** The deployer's nonce at the start; the addresses follow from it. */
  nonce: quantity,
  /** What was signed, by nonce; of one nonce, any may be in L1. */
  signed: z.array(z.strictObject({ nonce: quantity, hash: hashField })),
});
type Content = z.output<typeof schema>;

/** Whose deployment it is: one of another deployer, plan or L1 is none of ours. */
export interface DeploymentIdentity {
  l1Genesis: Hash;
  deployer: Address;
  plan: ChainPlan;
}

/** What a deployment has signed, on disk before L1 sees it: a deployment that was killed goes on where it was. */
export interface DeploymentProgress {
  readonly nonce: bigint;
  hashesOf(nonce: bigint): readonly Hash[];
  add(nonce: bigint, hash: Hash): void;
}

/** The progress in `file` if it is of this deployment. A file that can't be read is none. */
export function readProgress(
  file: string | undefined,
  identity: DeploymentIdentity,
): DeploymentProgress | undefined {
  if (file === undefined || !existsSync(file)) return undefined;
  const parsed = schema.safeParse(parseJson(readFileSync(file, "utf8")));
  if (!parsed.success) return undefined;
  const { l1Genesis, deployer, plan } = parsed.data;
  const isOurs =
    l1Genesis === identity.l1Genesis && deployer === identity.deployer && plan === hashOf(identity.plan);
  return isOurs ? progressOver(file, parsed.data) : undefined;
}

/** The progress of a deployment that begins at `nonce`; without a file it is kept in memory only. */
export function beginProgress(
  file: string | undefined,
  { l1Genesis, deployer, plan }: DeploymentIdentity,
  nonce: bigint,
): DeploymentProgress {
  return progressOver(file, { l1Genesis, deployer, plan: hashOf(plan), nonce, signed: [] });
}

/** Forgets a deployment that is whole. */
export function endProgress(file: string): void {
  rmSync(file, { force: true });
}

function progressOver(file: string | undefined, content: Content): DeploymentProgress {
  return {
    nonce: content.nonce,
    hashesOf: (nonce) => content.signed.filter((one) => one.nonce === nonce).map(({ hash }) => hash),
    add(nonce, hash) {
      content.signed.push({ nonce, hash });
      if (file !== undefined) replaceFile(file, toJson(content));
    },
  };
}

function hashOf(plan: ChainPlan): Hash {
  return keccakHash(new TextEncoder().encode(toJson(plan)));
}

function toJson(value: unknown): string {
  const text = (_key: string, item: unknown) => (typeof item === "bigint" ? `0x${item.toString(16)}` : item);
  return `${JSON.stringify(value, text)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
