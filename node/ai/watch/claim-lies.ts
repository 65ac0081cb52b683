import type { LocalAccount } from "viem";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { NO_SPANS } from "../attribution/score.ts";
import type { SentTransaction } from "../client/chain.ts";
import { challengeClaim, challengeSalt } from "../client/challenges.ts";
import type { ClaimWithQuery } from "../client/claims.ts";
import type { RegisteredModel } from "../client/models.ts";
import { challengeCover } from "../client/span-challenges.ts";
import { withSpans } from "../spans/model-spans.ts";
import { findCounterExample, findLieWithCover } from "./check-claim.ts";
import { RowCache } from "./row-cache.ts";
import type { JudgeOptions } from "./verdict.ts";

/** What is false in a claim. */
export interface ClaimLie {
  counter: NonNullable<Awaited<ReturnType<typeof findLieWithCover>>>;
  /** Announces and shows it at `challenges`. @param subject what the challenger's salt is of */
  refute(account: LocalAccount, challenges: Address, subject: string): Promise<SentTransaction>;
}

/** Where models, their indexes and their rows are read, and how many bytes of rows are kept. */
export type LieSource = Pick<JudgeOptions, "client" | "at" | "content" | "indexes" | "maxRowBytes">;

/** Finds what is false in claims, wherever they stand; it keeps nothing from one to the next but rows. */
export class ClaimLies {
  private readonly options: LieSource;
  private readonly rows: RowCache;

  constructor(options: LieSource) {
    this.options = options;
    this.rows = new RowCache(options, options.maxRowBytes);
  }

  /** @returns undefined where scores, omissions, weights and spans are right. */
  async find(model: RegisteredModel, lying: ClaimWithQuery): Promise<ClaimLie | undefined> {
    const { client, indexes } = this.options;
    const loaded = await indexes.get(model);
    const { index } = loaded;
    const rows = model.index.spans === NO_SPANS ? undefined : await this.rows.get(model, loaded);
    const counter = await (rows
      ? findLieWithCover(lying, index, rows.completions)
      : findCounterExample(lying, index));
    if (counter === undefined) return undefined;
    const bring = (account: LocalAccount, challenges: Address, salt: Hash) => {
      const at = { ...this.options.at, challenges };
      if (counter.kind !== "cover") return challengeClaim(client, at, account, lying, index, counter, salt);
      return withSpans(rows!.set, rows!.completions, (spans) =>
        challengeCover(client, at, account, lying, { index, spans }, counter.lie, salt),
      );
    };
    return {
      counter,
      refute: async (account, challenges, subject) =>
        bring(account, challenges, await challengeSalt(client, account, subject)),
    };
  }
}
