import { readFileSync } from "node:fs";
import { z } from "zod";
import { CodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";
import type { Address, Hash, Hex } from "../types/primitives.ts";

/** A non-negative integer as JSON number, decimal string or hex quantity. */
export const quantity = z
  .union([
    z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
    z.string().regex(/^(0x[0-9a-fA-F]+|[0-9]+)$/),
  ])
  .transform((value) => BigInt(value));

function hexBytes(length: number) {
  return z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`), `expected ${length} bytes of hex with 0x`)
    .transform((value) => value.toLowerCase() as Hex);
}

export const hashField = hexBytes(32).transform((value): Hash => value);
export const addressField = hexBytes(20).transform((value): Address => value);
export const bytes8Field = hexBytes(8);
export const hexField = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/, "expected hex bytes with 0x")
  .transform((value) => value.toLowerCase() as Hex);

/** Checks `value` against `schema`. @throws CodedError with `code`, naming every field that is wrong. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, code: string, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
  throw new CodedError(code, "input", {
    message: `${what} is not valid: ${issues.slice(0, 5).join("; ")}`,
    fix: "Correct the fields named above, or make the file again.",
    facts: { issues },
  });
}

/** Reads a JSON file. @throws CodedError `CONFIG_FILE_UNREADABLE` naming the path. */
export function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw chainError("CONFIG_FILE_UNREADABLE", {
      message: `Can't read JSON from ${path}.`,
      fix: "Check that the file exists and holds JSON.",
      facts: { path },
      cause,
    });
  }
}
