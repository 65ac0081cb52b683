import { checkMethod, type Method } from "../train/method.ts";

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
