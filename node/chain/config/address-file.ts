import { existsSync, readFileSync } from "node:fs";
import type { z } from "zod";
import { replaceFile } from "../../base/files.ts";

/** A file with the addresses of contracts that belong together. */
export interface AddressFile<T> {
  /** @param source names in an error where the value comes from. @throws what `invalid` makes. */
  parse(value: unknown, source: string): T;
  /** The addresses in `file`, or undefined where nothing is deployed yet. @throws what `invalid` makes. */
  read(file: string): T | undefined;
  /** Whole or not at all. */
  write(file: string, addresses: T): void;
}

/** The file of such a form; `invalid` makes the error of one that has another. */
export function addressFile<T>(
  schema: z.ZodType<T>,
  invalid: (source: string, cause: unknown) => Error,
): AddressFile<T> {
  const parse = (value: unknown, source: string): T => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw invalid(source, parsed.error);
  };
  return {
    parse,
    read(file) {
      if (!existsSync(file)) return undefined;
      let value: unknown;
      try {
        value = JSON.parse(readFileSync(file, "utf8"));
      } catch (cause) {
        throw invalid(file, cause);
      }
      return parse(value, file);
    },
    write: (file, addresses) => replaceFile(file, `${JSON.stringify(addresses)}\n`),
  };
}
