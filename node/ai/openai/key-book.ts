import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { randomBytes, systemClock } from "../../base/clock.ts";
import { replaceFile } from "../../base/files.ts";
import { aiError } from "../errors.ts";

/** Keys of one account, and of all together. */
const MOST_OF_ONE = 16;
const MOST = 4_096;
/** Accounts whose tokens of the day are remembered; those that took none today go first. */
const MOST_OWNERS = 16_384;
const DAY_S = 86_400;
/** Counts are on disk after so long at most, in ms. */
const WRITE_MS = 1_000;

const count = z.number().int().min(0);
const limit = count.max(Number.MAX_SAFE_INTEGER).nullable();
const keySchema = z.strictObject({
  /** 16 hexadecimal digits. */
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  /** Lower-case address. */
  owner: z.string().regex(/^0x[0-9a-f]{40}$/),
  name: z.string(),
  /** First and last letters of the key. */
  hint: z.string(),
  /** SHA-256 of the key: the key itself is nowhere. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Seconds since 1970. */
  createdAt: z.number(),
  lastUsedAt: z.number().nullable(),
  /** Tokens that it may take a day; null: what its account may. */
  dailyTokens: limit,
  requests: count,
  tokens: count,
  /** Days since 1970 (UTC), and the tokens of that day. */
  day: count,
  dayTokens: count,
});
const ownerSchema = z.strictObject({ day: count, tokens: count });
const fileSchema = z.strictObject({
  version: z.literal(1),
  keys: z.array(keySchema),
  owners: z.record(z.string(), ownerSchema),
});

type StoredKey = z.output<typeof keySchema>;

/** A key as its owner sees it. */
export type ListedKey = Omit<StoredKey, "hash" | "owner">;

/** The keys of one account, newest first, with its day. */
export interface KeyList {
  keys: ListedKey[];
  /** Tokens that all its keys took today (UTC), and that they may take. */
  dayTokens: number;
  dailyTokens: number;
}

/** What of its quota a key has no more of. */
export type Exhausted = "key" | "account";

export interface KeyBookOptions {
  file: string;
  /** Tokens a day that all keys of one account may take together. */
  dailyTokens: number;
  /** Seconds since 1970. */
  now?: () => number;
}

/**
 * Keys that accounts made for themselves, with what each took, on disk as hashes. A key that was told is on disk, and so is a change;
 * counts are within a second, so that a crash forgets a second of them at most.
 */
export class KeyBook {
  private readonly options: KeyBookOptions;
  private readonly now: () => number;
  private readonly keys = new Map<string, StoredKey>();
  private readonly byHash = new Map<string, StoredKey>();
  private readonly owners = new Map<string, { day: number; tokens: number }>();
  private timer: NodeJS.Timeout | undefined;

  /** Reads the file where there is one. @throws CodedError `KEYS_FILE_INVALID`. */
  constructor(options: KeyBookOptions) {
    this.options = options;
    this.now = options.now ?? systemClock.now;
    if (!existsSync(options.file)) return;
    const { keys, owners } = readBook(options.file);
    for (const key of keys) this.add(key);
    for (const [owner, taken] of Object.entries(owners)) this.owners.set(owner, taken);
  }

  /** The keys of an account. */
  list(owner: string): KeyList {
    const keys = this.of(owner).map((key) => this.listed(key));
    return { keys, dayTokens: this.takenBy(owner), dailyTokens: this.options.dailyTokens };
  }

  /**
   * Makes a key; this is the only time that it is told.
   * @param dailyTokens that it may take a day; null: what the account may.
   * @throws CodedError `KEYS_FULL`.
   */
  create(owner: string, name: string, dailyTokens: number | null): { key: string; made: ListedKey } {
    if (this.of(owner).length >= MOST_OF_ONE || this.keys.size >= MOST) {
      throw aiError("KEYS_FULL", {
        message: `an account has at most ${MOST_OF_ONE} keys, and this node ${MOST}`,
        fix: "revoke one that you don't use",
      });
    }
    const key = `sk-${Buffer.from(randomBytes(32)).toString("base64url")}`;
    const made: StoredKey = {
      keyId: Buffer.from(randomBytes(8)).toString("hex"),
      ...{ owner, name, dailyTokens, hash: digest(key), hint: `${key.slice(0, 6)}…${key.slice(-4)}` },
      ...{ createdAt: Math.floor(this.now()), lastUsedAt: null, requests: 0, tokens: 0 },
      ...{ day: this.today(), dayTokens: 0 },
    };
    this.add(made);
    this.write();
    return { key, made: this.listed(made) };
  }

  /** Sets what a key may take a day. @throws CodedError `KEY_UNKNOWN`, for another account's key too. */
  limit(owner: string, keyId: string, dailyTokens: number | null): ListedKey {
    const key = this.require(owner, keyId);
    key.dailyTokens = dailyTokens;
    this.write();
    return this.listed(key);
  }

  /** Makes a key worth nothing from now on. What it took today still counts for its account. @throws CodedError `KEY_UNKNOWN`. */
  revoke(owner: string, keyId: string): void {
    const key = this.require(owner, keyId);
    this.keys.delete(keyId);
    this.byHash.delete(key.hash);
    this.write();
  }

  /** Whose key that is. */
  find(hash: string): { keyId: string; owner: string } | undefined {
    return this.byHash.get(hash);
  }

  /** Why a key may begin nothing more today; undefined where it may. A request that began is finished. */
  exhausted(keyId: string): Exhausted | undefined {
    const key = this.keys.get(keyId);
    if (key === undefined) return "key";
    if (key.dailyTokens !== null && this.takenOn(key) >= key.dailyTokens) return "key";
    return this.takenBy(key.owner) >= this.options.dailyTokens ? "account" : undefined;
  }

  /** Writes down that a request began. */
  countRequest(keyId: string): void {
    const key = this.keys.get(keyId);
    if (key === undefined) return;
    key.requests++;
    key.lastUsedAt = Math.floor(this.now());
    this.writeSoon();
  }

  /** Writes down tokens that were read or answered. `owner` counts also after its key was revoked. */
  countTokens(keyId: string, owner: string, tokens: number): void {
    const day = this.today();
    const key = this.keys.get(keyId);
    if (key !== undefined) {
      key.dayTokens = this.takenOn(key) + tokens;
      key.day = day;
      key.tokens += tokens;
    }
    const taken = this.takenBy(owner) + tokens;
    this.owners.delete(owner);
    this.owners.set(owner, { day, tokens: taken });
    this.dropOwners();
    this.writeSoon();
  }

  /** Writes what is not on disk yet. */
  close(): void {
    if (this.timer !== undefined) this.write();
  }

  private add(key: StoredKey): void {
    this.keys.set(key.keyId, key);
    this.byHash.set(key.hash, key);
  }

  private of(owner: string): StoredKey[] {
    return [...this.keys.values()].filter((key) => key.owner === owner).reverse();
  }

  private require(owner: string, keyId: string): StoredKey {
    const key = this.keys.get(keyId);
    if (key?.owner === owner) return key;
    throw aiError("KEY_UNKNOWN", { message: "you have no such key", fix: "see the list of your keys" });
  }

  private listed(key: StoredKey): ListedKey {
    const { hash: _, owner: __, ...rest } = key;
    return { ...rest, day: this.today(), dayTokens: this.takenOn(key) };
  }

  private today(): number {
    return Math.floor(this.now() / DAY_S);
  }

  private takenOn({ day, dayTokens }: StoredKey): number {
    return day === this.today() ? dayTokens : 0;
  }

  private takenBy(owner: string): number {
    const taken = this.owners.get(owner);
    return taken?.day === this.today() ? taken.tokens : 0;
  }

  /** The longest unused first. */
  private dropOwners(): void {
    for (const owner of this.owners.keys()) {
      if (this.owners.size <= MOST_OWNERS) return;
      this.owners.delete(owner);
    }
  }

  private writeSoon(): void {
    this.timer ??= setTimeout(() => this.write(), WRITE_MS);
    this.timer.unref();
  }

  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const owners = Object.fromEntries([...this.owners].filter(([, { day }]) => day === this.today()));
    replaceFile(
      this.options.file,
      `${JSON.stringify({ version: 1, keys: [...this.keys.values()], owners })}\n`,
    );
  }
}

function readBook(file: string): z.output<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw aiError("KEYS_FILE_INVALID", {
      message: `${file} does not hold the keys of /v1`,
      fix: "put a copy back, or move it away: the keys in it are worth nothing then",
      facts: { file },
      cause,
    });
  }
}

/** SHA-256 of a key, in hexadecimal: no comparison tells how much of a guess was right. */
export function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
