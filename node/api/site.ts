import { readFileSync } from "node:fs";
import { z } from "zod";
import { apiError } from "./errors.ts";

const accountsSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(64),
      purpose: z.string().max(200),
      address: z.string().regex(/^0x[0-9a-f]{40}$/),
      privateKey: z.string().regex(/^0x[0-9a-f]{64}$/),
    }),
  )
  .max(64);

/** An account whose key is public: a devnet's. */
export type PublicAccount = z.output<typeof accountsSchema>[number];

/** What a page has to know before it can ask the chain anything: `GET /site.json`. */
export interface SiteDescription {
  version: string;
  /** Where pages find JSON-RPC: a port of the page's own host, or a whole address. */
  rpc: { port: number } | { url: string };
  /** L1's JSON-RPC, where pages may ask it. */
  l1Url: string | undefined;
  /** Accounts that every page may sign with; only a devnet has any. */
  accounts: readonly PublicAccount[];
  /** Whether this node trains models for those who sign in. */
  hasFactory: boolean;
  /** Whether accounts may make themselves keys of OpenAI's API. */
  hasKeys: boolean;
  /** A key of that API which is everybody's; only a devnet has one. */
  freeKey: string | undefined;
  /** Whether the chain is governed by votes. */
  hasGovernance: boolean;
  /** Whether the chain has OpenCircle, a fund for builders. */
  hasCircle: boolean;
  /** Whether the chain has contracts of agents. */
  hasAgents: boolean;
  /** Whether accounts may read the node's settings and log. */
  hasOperator: boolean;
}

/** A setting of the node as it is in force. */
export interface ShownSetting {
  name: string;
  /** Undefined: it is not set. What is secret is told as such, never itself. */
  value: string | undefined;
  /** Nobody gave another one. */
  isDefault: boolean;
  /** What it is. */
  about: string;
}

/** Reads the file of public accounts. @throws CodedError `WEB_ACCOUNTS_INVALID`. */
export function readPublicAccounts(file: string): PublicAccount[] {
  try {
    return accountsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw apiError("WEB_ACCOUNTS_INVALID", {
      message: `The file of public accounts ${file} can't be read.`,
      fix: "Give a JSON list of {name, purpose, address, privateKey}; never a key that holds anything of value.",
      facts: { file },
      cause,
    });
  }
}
