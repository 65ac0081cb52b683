import type { Address } from "../../chain/types/primitives.ts";
import { ApiError } from "./api-error.ts";
import { digest, type KeyBook } from "./key-book.ts";

/** Who asks. */
export interface Holder {
  /** Of the engine: its requests share the turns of one. */
  account: number;
  /** The account whose purse pays where it signed a limit; absent: the keys of the settings, which are free. */
  payer?: Address;
  /** Writes down a request that a purse pays for: no quota is its limit. */
  pay?(): void;
  /** Begins a request. @throws ApiError 429 where the quota is used up. */
  begin(): void;
  /** Writes down tokens of prompts and answers. */
  count(tokens: number): void;
}

/** The keys that may ask: those of the settings, without a limit, and those that accounts made for themselves. */
export class ApiKeys {
  /** By the key's SHA-256. */
  private readonly fixed: ReadonlyMap<string, Holder>;
  private readonly book: KeyBook | undefined;
  private readonly accounts = new Map<string, number>();

  constructor(fixed: readonly string[], book?: KeyBook) {
    const free = { begin: () => undefined, count: () => undefined };
    this.fixed = new Map(fixed.map((key, account) => [digest(key), { account, ...free }]));
    this.book = book;
  }

  /** The holder that an `authorization` header names. @throws ApiError 401. */
  holder(authorization: string | undefined): Holder {
    const key = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (key === undefined) {
      const message =
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
      throw new ApiError(401, message);
    }
    const hash = digest(key);
    const holder = this.fixed.get(hash) ?? this.made(hash);
    if (holder !== undefined) return holder;
    throw new ApiError(401, `Incorrect API key provided: ${hidden(key)}.`, { code: "invalid_api_key" });
  }

  private made(hash: string): Holder | undefined {
    const { book } = this;
    const found = book?.find(hash);
    if (book === undefined || found === undefined) return undefined;
    const { keyId, owner } = found;
    return {
      account: this.accountOf(owner),
      payer: owner as Address,
      pay: () => book.countRequest(keyId),
      begin: () => {
        const exhausted = book.exhausted(keyId);
        if (exhausted !== undefined) throw quotaExceeded(exhausted === "key" ? "this key" : "your account");
        book.countRequest(keyId);
      },
      count: (tokens) => book.countTokens(keyId, owner, tokens),
    };
  }

  private accountOf(owner: string): number {
    const known = this.accounts.get(owner) ?? this.fixed.size + this.accounts.size;
    this.accounts.set(owner, known);
    return known;
  }
}

function quotaExceeded(whose: string): ApiError {
  const message = `You exceeded the tokens that ${whose} may take a day. They are given anew at midnight UTC.`;
  return new ApiError(429, message, { type: "insufficient_quota", code: "insufficient_quota" });
}

/** So much of a key that its owner knows it, and nobody else. */
function hidden(key: string): string {
  return key.length <= 8 ? "*".repeat(key.length) : `${key.slice(0, 3)}${"*".repeat(4)}${key.slice(-4)}`;
}
