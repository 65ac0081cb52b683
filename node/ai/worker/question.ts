import { z } from "zod";
import { MAX_MESSAGES, ROW_ROLES } from "../datanet/rows.ts";

/** Longest prompt taken, with the messages before it, in UTF-16 units; the model's own limit is in tokens. */
const MAX_PROMPT = 262_144;

const message = z.strictObject({ role: z.enum(ROW_ROLES), content: z.string() });

/** What is asked, and what opens its hash. */
export const questionFields = {
  prompt: z.string().min(1),
  before: z.array(message).max(MAX_MESSAGES).optional(),
  salt: z.string().regex(/^0x[0-9a-f]{64}$/, "must be 0x and 64 lower-case hexadecimal digits"),
};

/** The same with a limit for prompt and messages together. */
export function withinPrompt<
  T extends z.ZodType<{ prompt: string; before?: { content: string }[] | undefined }>,
>(schema: T): T {
  return schema.refine(
    ({ prompt, before = [] }) =>
      before.reduce((sum, { content }) => sum + content.length, prompt.length) <= MAX_PROMPT,
    `has more than ${MAX_PROMPT} characters of prompt and messages`,
  );
}
