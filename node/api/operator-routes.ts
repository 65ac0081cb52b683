import { z } from "zod";
import type { Address } from "../chain/types/primitives.ts";
import { apiError } from "./errors.ts";
import type { ApiRoute } from "./routes.ts";
import type { ShownSetting } from "./site.ts";

/** Lines of the log that one answer has. */
const MOST_LINES = 500;
const LINES = 100;
const nothing = z.strictObject({});

/** What the operator's doors tell of. */
export interface OperatorParts {
  settings: () => readonly ShownSetting[];
  /** The newest lines of the log, oldest first. */
  log: (count: number) => readonly string[];
}

/** The doors for whoever runs the node: its settings and its log. */
export function operatorRoutes(
  { settings, log }: OperatorParts,
  isAllowed: (account: Address) => boolean,
): ApiRoute[] {
  const own = { needsSignIn: true, isAllowed, method: "GET", body: nothing } as const;
  return [
    {
      ...own,
      path: "/api/operator/settings",
      summary: "The node's settings as they are in force; keys and passwords are not told.",
      run: async () => ({ settings: settings() }),
    },
    {
      ...own,
      path: "/api/operator/log",
      summary: "The newest lines of the node's log, oldest first.",
      query: { lines: `how many, 1 to ${MOST_LINES}; ${LINES} unless given` },
      run: async (_, { query }) => ({ lines: log(linesOf(query.get("lines"))) }),
    },
  ];
}

function linesOf(text: string | null): number {
  if (text === null) return LINES;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST_LINES) return count;
  throw apiError("API_BODY_INVALID", {
    message: `A log has 1 to ${MOST_LINES} lines to show.`,
    fix: "Give such a number as lines, or none.",
  });
}
