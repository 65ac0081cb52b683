import { readFileSync } from "node:fs";
import { inspectModel } from "../../node/ai/model/inspect.ts";
import { checkMethod, DEFAULT_METHOD, defaultMethod, type Method } from "../../node/ai/train/method.ts";
import { CodedError } from "../../node/base/errors.ts";
import { smollm2 } from "../support/smollm2.ts";

/** The method of a file, or the default for a base model. */
export async function methodOf(file: string | undefined, base: string | undefined): Promise<Method> {
  if (file !== undefined) return checkMethod(JSON.parse(readFileSync(file, "utf8")));
  return base === undefined ? DEFAULT_METHOD : defaultMethod((await inspectModel(base)).parameters);
}

/** A base model's path; `smollm2` is fetched. @throws CodedError BASE_NOT_FETCHED. */
export function baseOf(named: string | undefined): string | undefined {
  if (named !== "smollm2") return named;
  const found = smollm2();
  if ("path" in found) return found.path;
  throw new CodedError("BASE_NOT_FETCHED", "fatal", {
    message: found.reason,
    fix: "give the file's path in OPENLEDGER_SMOLLM2",
  });
}
