import { z } from "zod";
import { circleError } from "./errors.ts";
import { FOCUSES, TIERS } from "./words.ts";

/** Longest application, in characters. */
const MOST_TEXT = 1 << 20;
const text = z.string().min(1).max(100_000);

const schema = z.strictObject({
  title: z.string().min(1).max(200),
  tier: z.enum(TIERS),
  focus: z.enum(FOCUSES),
  /** Whole dollars. */
  usd: z.number().int().positive(),
  /** What is built, by whom, for whom. */
  text,
  milestones: z
    .array(
      z.strictObject({
        /** Part of the grant, in percent with up to two decimals. */
        percent: z.number().positive().max(100),
        /** Days from the approval. */
        days: z.number().int().positive().max(730),
        /** When it is reached. */
        criteria: text,
      }),
    )
    .min(2)
    .max(8),
});

/** An application as its author writes it; its bytes are in the content store. */
export type ApplicationDocument = z.output<typeof schema>;

/** An application to begin with. */
export const EXAMPLE: ApplicationDocument = {
  title: "A model of the valley's workshops",
  tier: "exploration",
  focus: "vertical",
  usd: 25_000,
  text: "What we build, who we are, whose data it takes, who will use it, and what it costs.",
  milestones: [
    { percent: 20, days: 30, criteria: "A datanet with 1,000 accepted rows of five workshops." },
    { percent: 30, days: 90, criteria: "A registered model that answers at /v1." },
    { percent: 50, days: 180, criteria: "10,000 settled answers, and their contributors paid." },
  ],
};

/** Reads an application. @throws CodedError `APPLICATION_INVALID` with the first thing that is wrong. */
export function parseApplication(source: string): ApplicationDocument {
  if (source.length > MOST_TEXT) throw invalid(`it has more than ${MOST_TEXT} characters`);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw invalid("it is not JSON", cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join(".") || "it"}: ${issue?.message}`, parsed.error);
  }
  const bps = parsed.data.milestones.map(({ percent }) => bpsOf(percent));
  const sum = bps.reduce((total, one) => total + one, 0);
  if (sum !== 10_000) throw invalid(`the milestones' percents are ${sum / 100} together, not 100`);
  return parsed.data;
}

/** Percent with up to two decimals, in 1/10000. @throws CodedError `APPLICATION_INVALID`. */
export function bpsOf(percent: number): number {
  const bps = Math.round(percent * 100);
  if (Math.abs(percent * 100 - bps) > 1e-6) throw invalid(`${percent} percent have more than two decimals`);
  return bps;
}

function invalid(why: string, cause?: unknown) {
  return circleError("APPLICATION_INVALID", {
    message: `that is no application: ${why}`,
    fix: "begin with the one that `openledger circle example` prints",
    cause,
  });
}
