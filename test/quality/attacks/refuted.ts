/** A lie of a trainer or a host that is not paid less but shown false: by what, and the test that does it. */
export interface Refuted {
  attack: string;
  by: string;
  /** File and name of a test. */
  test: readonly [file: string, name: string];
}

export const REFUTED: readonly Refuted[] = [
  {
    attack: "index tampering: rows that the snapshots don't hold",
    by: "a path to the frozen snapshot, while the registration is pending",
    test: [
      "node/ai/watch/watcher.test.ts",
      "refutes a registration whose records name other rows than the snapshots hold",
    ],
  },
  {
    attack: "index tampering: a copy that is not marked",
    by: "the two rows, while the registration is pending",
    test: ["node/ai/watch/watcher.test.ts", "refutes a registration that does not mark a repeat"],
  },
  {
    attack: "index tampering: a row marked or skipped without a reason",
    by: "a panel (RepeatMark, SkipMark), while the registration is pending",
    test: [
      "node/ai/watch/watcher.test.ts",
      "asks a panel about a row that is skipped without a reason, once",
    ],
  },
  {
    attack: "index tampering: a sketch that is not the row's",
    by: "a panel that sketches the row again (Sketch), while the registration is pending",
    test: [
      "node/ai/verify/verifier.test.ts",
      "compute a disputed record again: a false sketch and a false skip mark fail the registration, a true record stands",
    ],
  },
  {
    attack: "index tampering: spans that are not those of the rows",
    by: "a panel that makes them again (disputeSpans), while the registration is pending",
    test: [
      "node/ai/verify/verifier.test.ts",
      "compute disputed spans again: false ones fail the registration, true ones stand",
    ],
  },
  {
    attack: "a false score, order or weight, an omitted row",
    by: "a counter-example to the claim within its window",
    test: [
      "node/ai/watch/watcher.test.ts",
      "refutes each kind of false claim; half of what the liar loses is the watcher's",
    ],
  },
  {
    attack: "other parameters once the questions are known",
    by: "the registered hashes: what they don't name is not served",
    test: ["node/ai/serve/market.test.ts", "a model is registered with hashes that lead to everything"],
  },
  {
    attack: "an adapter in another gauge than training gives",
    by: "training again (receipt verify --train); no contract acts on it",
    test: [
      "node/ai/serve/market.test.ts",
      "anybody recomputes the receipt against the chain, and from a folder alone",
    ],
  },
];
