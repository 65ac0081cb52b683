import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import {
  openShard,
  type Shard,
  type SpanDocuments,
  sortSuffixes,
  traceAnswer,
  writeShard,
} from "../../native/js/spans.ts";
import { CodedError } from "../../node/base/errors.ts";
import { type Bench, clockFor, countThreads, type Figure, medianSeconds } from "./figure.ts";
import { runPython } from "./python.ts";

/** Tokens of the corpus; OPENLEDGER_BENCH_TOKENS=100000000 is the size that RESULTS.md wants (about 4 GB of memory). */
const DEFAULT_TOKENS = 10_000_000;
const VOCABULARY = 32_000;
const DOCUMENT = 200;
const ANSWER = 512;
const RUNS = 3;
const PEER_SECONDS = 600;

/** Building a suffix array beside libdivsufsort over the same tokens, and tracing an answer of 512 tokens in it. */
export const spansBench: Bench = {
  name: "spans",
  async run() {
    const count = Number(process.env.OPENLEDGER_BENCH_TOKENS ?? DEFAULT_TOKENS);
    if (!Number.isInteger(count) || count < 10_000 || count > 2_000_000_000) {
      throw new CodedError("BENCH_SETTING", "fatal", {
        message: "OPENLEDGER_BENCH_TOKENS is not 10,000 to 2,000,000,000",
      });
    }
    const folder = mkdtempSync(join(tmpdir(), "openledger-bench-spans-"));
    try {
      const corpus = makeCorpus(count);
      const peer = measurePeer(corpus, folder);
      const threads = [...new Set([1, availableParallelism()])];
      const figures: Figure[] = [];
      for (const each of threads) figures.push(await sortFigure(corpus, peer, each));
      for (const each of threads) figures.push(await buildFigure(corpus, folder, each));
      const shard = await openShard(join(folder, "bench.spans"), { verify: false });
      for (const each of threads) figures.push(await traceFigure(shard, corpus, each));
      return figures;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Words by a power law; one document in eight repeats a stretch of an earlier one, as real text does. */
function makeCorpus(count: number): SpanDocuments {
  const next = xorshift(12345);
  const tokens = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const isCopy = i % DOCUMENT === 0 && i > 0 && next() % 8 === 0 && i + DOCUMENT < count;
    if (isCopy) {
      const from = next() % (i - DOCUMENT + 1);
      tokens.copyWithin(i, from, from + DOCUMENT / 2);
      i += DOCUMENT / 2 - 1;
      continue;
    }
    // 2^(15 * u): half of all tokens are among the 180 most frequent.
    tokens[i] = Math.min(VOCABULARY - 1, Math.floor(2 ** ((15 * (next() % 65_536)) / 65_536)) - 1);
  }
  const documents = Math.ceil(count / DOCUMENT);
  return {
    tokens,
    ends: Uint32Array.from({ length: documents }, (_, i) => Math.min(count, (i + 1) * DOCUMENT)),
    rows: Uint32Array.from({ length: documents }, (_, i) => i),
    contributors: new Uint8Array(20 * documents),
  };
}

function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Seconds of libdivsufsort over the same tokens as byte pairs, the ends left out. */
function measurePeer({ tokens }: SpanDocuments, folder: string): number | string {
  const file = join(folder, "tokens");
  const bytes = Buffer.alloc(2 * tokens.length);
  for (let i = 0; i < tokens.length; i++) bytes.writeUInt16BE(tokens[i]! + 1, 2 * i);
  writeFileSync(file, bytes);
  const answer = runPython("suffix.py", [file, String(RUNS)], PEER_SECONDS);
  rmSync(file);
  return typeof answer === "string" ? answer : answer.seconds!;
}

async function sortFigure(corpus: SpanDocuments, peer: number | string, threads: number): Promise<Figure> {
  const options = { clock: clockFor({ threads }), runs: RUNS };
  const seconds = await medianSeconds(() => sortSuffixes(corpus, { threads }), options);
  const count = corpus.tokens.length;
  return {
    what: `suffixes of ${count.toLocaleString("en-US")} tokens sorted, ${countThreads({ threads })}`,
    name: `spans-sort-${threads}`,
    unit: "tokens/s",
    ours: count / seconds,
    peer:
      typeof peer === "string"
        ? undefined
        : { name: "libdivsufsort (byte pairs, one thread)", value: count / peer },
    note: typeof peer === "string" ? peer : undefined,
  };
}

async function buildFigure(corpus: SpanDocuments, folder: string, threads: number): Promise<Figure> {
  const path = join(folder, "bench.spans");
  const options = { clock: clockFor({ threads }), runs: 1, warmUps: 0 };
  const seconds = await medianSeconds(() => writeShard(path, corpus, { threads }), options);
  return {
    what: `shard built: order, inverse, common prefixes, four Merkle trees, file; ${countThreads({ threads })}`,
    unit: "tokens/s",
    ours: corpus.tokens.length / seconds,
    peer: undefined,
    note: "no peer makes the same",
  };
}

/** Half of the answer is stretches of the corpus, half other words. */
async function traceFigure(shard: Shard, { tokens }: SpanDocuments, threads: number): Promise<Figure> {
  const next = xorshift(99);
  const answers = Array.from({ length: 16 }, () => {
    const answer = new Uint32Array(ANSWER);
    for (let i = 0; i < ANSWER; i += 16) {
      const from = next() % (tokens.length - 16);
      answer.set(tokens.subarray(from, from + 8), i);
      for (let k = 8; k < 16; k++) answer[i + k] = tokens[next() % tokens.length]!;
    }
    return answer;
  });
  const information = new Uint8Array(ANSWER).fill(8);
  const marks = new Uint8Array(ANSWER).fill(3);
  const limits = { leastLength: 4, leastInformation: 16, maxSpans: 64, maxOccurrences: 10, maxTotal: 640 };
  let turn = 0;
  const seconds = await medianSeconds(
    () => traceAnswer([shard], { answer: answers[turn++ % 16]!, information, marks, ...limits, threads }),
    { runs: 200, warmUps: 32 },
  );
  return {
    what: `answer of ${ANSWER} tokens traced: spans, counts, occurrences; ${threads} thread${threads === 1 ? "" : "s"}`,
    unit: "answers/s",
    ours: 1 / seconds,
    peer: undefined,
    note: `${(1000 * seconds).toFixed(2)} ms median by the wall clock; infini-gram's engine has no package that installs here`,
  };
}
