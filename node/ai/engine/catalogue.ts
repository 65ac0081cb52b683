import type { Engine } from "../../../native/js/engine.ts";
import type { Adapter, Session } from "../../../native/js/index.ts";
import type { Question } from "../datanet/row-tokens.ts";
import type { LoadedModel } from "../model/load.ts";

/** A model as a list shows it. */
export interface ModelCard {
  /** `base`, or `base+adapter`. */
  id: string;
  /** Seconds since the Unix epoch. */
  created: number;
  ownedBy: string;
}

/** Words of an answer that stand in rows letter for letter. */
export interface AnswerSpan {
  /** In the answer's text, in UTF-16 units, `end` exclusive; absent where the tokenizer does not say which bytes a token is. */
  start?: number;
  end?: number;
  /** Whole bits. */
  information: number;
  /** Rows that hold all of it, or a part. */
  rowIds: readonly number[];
}

/**
 * What made an answer: the rows, best first, and what each contribution counts for. Big numbers as decimal digits; a row's weight is
 * what it adds to its contribution's. `spans` is absent where the model commits none.
 */
export interface AnswerAttribution {
  rows: readonly { rowId: number; contributionId: string; score: string; weight: string }[];
  contributions: readonly { contributionId: string; weight: string }[];
  spans?: readonly AnswerSpan[];
}

/** A model that a request holds while it is answered. */
export interface HeldModel {
  id: string;
  /** Of the registry; absent: the base alone. */
  modelId?: bigint;
  base: LoadedModel;
  /** Absent: the base alone. */
  adapter?: Adapter;
  engine: Engine;
  session: Session;
  /** Short name of base and arithmetic: the same one gives the same answers. */
  fingerprint: string;
  /**
   * A question behind the rows that the model shows with it, and alone; absent where it shows none.
   * @param maxTokens that the answer may have; absent: as many as the method allows.
   */
  compose?(
    question: Question,
    maxTokens: number | undefined,
  ): Promise<{ promptIds: readonly number[]; alone: readonly number[] }>;
  /** The rows that made an answer; absent where nobody's rows did. */
  attribute?(promptIds: readonly number[], outputIds: readonly number[]): Promise<AnswerAttribution>;
  /** The request needs it no more. */
  release(): void;
}

/** The models that can be asked. */
export interface Catalogue {
  list(): Promise<readonly ModelCard[]>;
  /** By its id; undefined where there is none. @throws whatever loading throws. */
  open(id: string): Promise<HeldModel | undefined>;
}
