import type { Arithmetic } from "./types.ts";

/** What an engine holds at once, and how it computes. */
export interface EngineSizes {
  /** How products with the base model's weights are made. */
  arithmetic: Arithmetic;
  /** Requests in the batch. */
  maxBatch: number;
  /** Requests that wait for it. */
  maxQueue: number;
  /** Prompt tokens of one step, of all requests together. */
  chunkTokens: number;
  /** Positions of one page of the key-value cache. */
  pageTokens: number;
  /** Pages of all requests together. */
  pages: number;
  /** Only ids below this are chosen; 0: all. */
  vocabulary: number;
}

/** An engine at one moment, and since it began. */
export interface EngineStatus {
  running: number;
  waiting: number;
  freePages: number;
  /** Adapters on the device. */
  adapters: number;
  /** Micro-batches run, and the rows that they had. */
  steps: number;
  tokens: number;
  /** Most requests in one micro-batch. */
  largest: number;
  /** Sequences whose pages were not side by side. */
  gathered: number;
}

/** How a token is chosen, in whole numbers, so that a choice can be hashed and made again; see native/spec.md. */
export interface Sampling {
  seed: bigint;
  /** Which of several answers to one prompt. */
  choice: number;
  /** 1/1000; 0: the largest logit. */
  temperature: number;
  /** The most likely tokens that stay; 0: all. */
  topK: number;
  /** 10^-6: the share of the most likely tokens that stays; 1,000,000: all. */
  topP: number;
  /** 1/1000: what a token of prompt or answer is divided by; 1000: nothing. */
  repetition: number;
  /** 1/1000: what a token of the answer loses; 0: nothing. */
  presence: number;
}
