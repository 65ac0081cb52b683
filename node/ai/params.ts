import type { z } from "zod";
import { aiError } from "./errors.ts";

/** A method's positional parameters in the form that it wants. @throws CodedError `INVALID_PARAMS`. */
export function parseParams<T>(schema: z.ZodType<T>, params: readonly unknown[]): T {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw aiError("INVALID_PARAMS", {
    message: `parameter ${issue.path.join(".") || "list"}: ${issue.message}`,
    fix: "see the method's description",
  });
}
