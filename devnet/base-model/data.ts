import { Tokenizer } from "tokenizers";
import type { Example } from "../../native/js/types.ts";
import { devnetError } from "../errors.ts";
import { TrainingText } from "./generator/text.ts";
import { BATCH_TOKENS, CONTEXT, END_OF_TEXT_ID, TRAINING_SEED } from "./settings.ts";
import { rarePieces } from "./tokenizer.ts";

/** A training step's documents as token sequences. */
export interface Batch {
  readonly examples: readonly Example[];
  readonly tokens: number;
}

/** Makes the batch of any step from the seed alone. */
export class TrainingData {
  private readonly text: TrainingText;
  private readonly tokenizer: Tokenizer;

  private constructor(text: TrainingText, tokenizer: Tokenizer) {
    this.text = text;
    this.tokenizer = tokenizer;
  }

  /** The data for a tokenizer: which tokens would be rare decides what the odd strings of the text are made of. */
  static async open(tokenizerJson: string): Promise<TrainingData> {
    const text = new TrainingText(TRAINING_SEED, await rarePieces(tokenizerJson));
    return new TrainingData(text, Tokenizer.fromString(tokenizerJson));
  }

  /**
   * Batch of step `step` (from 0): block `step` of the training text up to BATCH_TOKENS tokens. A document is one sequence
   * between two end-of-text tokens, cut at CONTEXT; every token but the first is a target.
   * @throws CodedError `BASE_MODEL_TOKENIZER` when the tokenizer has no end-of-text token where the model expects it.
   */
  async batch(step: number): Promise<Batch> {
    const examples: Example[] = [];
    let tokens = 0;
    for (const document of this.text.documents(step)) {
      const encoding = await this.tokenizer.encode(document);
      const ids = [...encoding.getIds(), END_OF_TEXT_ID].slice(0, CONTEXT);
      if (ids[0] !== END_OF_TEXT_ID) {
        throw devnetError("BASE_MODEL_TOKENIZER", {
          message: `a text begins with token ${ids[0]}, not with end of text (${END_OF_TEXT_ID})`,
          fix: "make the tokenizer with train-tokenizer of this folder",
        });
      }
      examples.push({ ids: Int32Array.from(ids), completionStart: 1 });
      tokens += ids.length;
      if (tokens >= BATCH_TOKENS) return { examples, tokens };
    }
    throw new Error("the generator never ends");
  }
}
