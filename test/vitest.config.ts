import { defineConfig } from "vitest/config";
import { ALONE, ByDuration, LONGEST, WAITING } from "./sequence.ts";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: ByDuration },
    projects: [
      {
        extends: true,
        test: {
          name: "files",
          include: ["{node,precompiles,native,devnet,test}/**/*.test.{ts,tsx}"],
          exclude: ["**/node_modules/**", "dist/**", ...WAITING, ...ALONE, LONGEST],
          // A process loads the modules once for all files that it runs, which takes longer than most of them do.
          isolate: false,
        },
      },
      { extends: true, test: { name: "alone", include: [LONGEST, ...ALONE] } },
      {
        extends: true,
        test: { name: "waiting", include: WAITING, maxWorkers: 3, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
