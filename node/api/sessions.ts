import { createHash } from "node:crypto";
import { recoverMessageAddress } from "viem";
import { parseSiweMessage } from "viem/siwe";
import { randomBytes, systemClock } from "../base/clock.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import { apiError } from "./errors.ts";

/** Nonces and tokens that are remembered at once; the oldest go first. */
const MOST = 4_096;
/** For a nonce to be signed, in seconds. */
const NONCE_S = 300;
/** For a token to be good, in seconds. */
const TOKEN_S = 12 * 3_600;
/** A message may have been made that much ahead of this clock, in seconds. */
const SKEW_S = 60;

export interface SessionOptions {
  /** Of the chain that a message must name. */
  chainId: number;
  /** Lower-case addresses that may sign in. */
  isAllowed: (address: Address) => boolean;
  /** Seconds since 1970. */
  now?: () => number;
}

/** What stands for a signature in the requests after it: `authorization: Bearer TOKEN`. */
export interface SignedIn {
  token: string;
  address: Address;
  /** Seconds since 1970. */
  expires: number;
}

interface Session {
  address: Address;
  expires: number;
}

/**
 * Sign-in with Ethereum (EIP-4361): a nonce that is good once, a message that names this site, this chain and its own time, and
 * a token for it. Nothing is in a cookie, so no other site's page can bring it along. A restart ends all sessions.
 */
export class Sessions {
  private readonly options: SessionOptions;
  private readonly now: () => number;
  /** Until when each is good. */
  private readonly nonces = new Map<string, number>();
  /** By the token's SHA-256: no comparison tells how much of a guess was right. */
  private readonly sessions = new Map<string, Session>();

  constructor(options: SessionOptions) {
    this.options = options;
    this.now = options.now ?? systemClock.now;
  }

  /** A nonce for one message. */
  nonce(): { nonce: string; chainId: number } {
    const nonce = Buffer.from(randomBytes(16)).toString("hex");
    keep(this.nonces, nonce, this.now() + NONCE_S);
    return { nonce, chainId: this.options.chainId };
  }

  /**
   * Takes a signed message.
   * @param host the name and port by which this site was asked for.
   * @throws CodedError `SIGN_IN_REFUSED` saying what does not fit.
   */
  async signIn(message: string, signature: Hex, host: string | undefined): Promise<SignedIn> {
    const said = parseSiweMessage(message);
    const until = this.nonces.get(said.nonce ?? "");
    // Whatever comes of it: a nonce is good once.
    this.nonces.delete(said.nonce ?? "");
    const now = this.now();
    if (until === undefined || until < now) throw refused("its nonce is unknown, used or too old");
    if (host === undefined || said.domain !== host || !isOf(said.uri, host))
      throw refused("it was made for another site");
    if (said.chainId !== this.options.chainId) throw refused("it was made for another chain");
    if (said.version !== "1") throw refused("it is of another version");
    this.requireTimes(said, now);
    const address = (
      await recoverMessageAddress({ message, signature }).catch(() => undefined)
    )?.toLowerCase();
    if (address === undefined || address !== said.address?.toLowerCase())
      throw refused("its signature is not of the address that it names");
    if (!this.options.isAllowed(address as Address))
      throw refused("this node's operator lets other accounts in only");
    return this.begin(address as Address, now);
  }

  /** The account of an `authorization` header. @throws CodedError `API_NOT_SIGNED_IN`. */
  account(authorization: string | undefined): Address {
    const token = /^Bearer +(\S{1,200})$/i.exec(authorization ?? "")?.[1];
    const session = token === undefined ? undefined : this.sessions.get(digest(token));
    if (session !== undefined && session.expires > this.now()) return session.address;
    throw apiError("API_NOT_SIGNED_IN", {
      message: token === undefined ? "This needs a sign-in." : "The sign-in is over, or never was.",
      fix: "Sign in again: POST /api/sign-in/nonce, then POST /api/sign-in.",
    });
  }

  private requireTimes(
    { issuedAt, expirationTime, notBefore }: ReturnType<typeof parseSiweMessage>,
    now: number,
  ): void {
    const seconds = (date: Date | undefined) => (date === undefined ? undefined : date.getTime() / 1000);
    const issued = seconds(issuedAt);
    if (issued === undefined || issued > now + SKEW_S || issued < now - NONCE_S - SKEW_S)
      throw refused("it was not made just now: look at this device's clock");
    if ((seconds(expirationTime) ?? now + 1) <= now) throw refused("it is over");
    if ((seconds(notBefore) ?? now) > now + SKEW_S) throw refused("its time has not come");
  }

  private begin(address: Address, now: number): SignedIn {
    const token = Buffer.from(randomBytes(32)).toString("base64url");
    const expires = Math.floor(now) + TOKEN_S;
    keep(this.sessions, digest(token), { address, expires });
    return { token, address, expires };
  }
}

function isOf(uri: string | undefined, host: string): boolean {
  return uri !== undefined && URL.canParse(uri) && new URL(uri).host === host;
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST && oldest !== undefined) map.delete(oldest);
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function refused(why: string) {
  return apiError("SIGN_IN_REFUSED", {
    message: `The sign-in is refused: ${why}.`,
    fix: "Ask for a new nonce and sign a message with it.",
  });
}
