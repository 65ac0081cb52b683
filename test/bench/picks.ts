import { CodedError } from "../../node/base/errors.ts";

/**
 * Those of `all` that an environment variable names, with commas between; all of them where it is not set.
 * @throws CodedError `BENCH_SETTING` for a name that is none of them.
 */
export function picked(variable: string, all: readonly string[]): readonly string[] {
  const wanted = process.env[variable]?.split(",") ?? all;
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length === 0) return wanted;
  throw new CodedError("BENCH_SETTING", "fatal", {
    message: `${variable} names ${unknown.join(", ")}`,
    fix: `name some of ${all.join(", ")}, with commas between`,
  });
}
