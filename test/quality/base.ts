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

/** Between the seeds of two trainings, so that no stream of one is a stream of the other. */
const SEED_STEP = 1000;

/** The same method with all of its training's seeds changed; number 0 is the method itself. */
export function reseeded(method: Method, number: number): Method {
  const seed = (of: number) => (of + SEED_STEP * number) % 2 ** 32;
  const changed = {
    ...method,
    lora: { ...method.lora, seed: seed(method.lora.seed) },
    training: { ...method.training, seed: seed(method.training.seed) },
    variation: { ...method.variation, seed: seed(method.variation.seed) },
  };
  return checkMethod(changed);
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
