import type { Adapter, Session } from "../../native/js/index.ts";
import { exampleHash } from "../../node/ai/datanet/rows.ts";
import type { LoadedModel } from "../../node/ai/model/load.ts";
import type { Method } from "../../node/ai/train/method.ts";
import { planTraining } from "../../node/ai/train/plan.ts";
import type { TrainingExample } from "../../node/ai/train/snapshot.ts";
import { trainPlan } from "../../node/ai/train/train.ts";
import type { FactSet } from "./facts.ts";
import { type Form, rowsOf } from "./trial.ts";

/** A model of a set's rows, in this process. */
export interface Trained {
  session: Session;
  base: LoadedModel;
  set: FactSet;
  form: Form;
  owned: ReturnType<typeof rowsOf>;
  adapter: Adapter;
  examples: readonly TrainingExample[];
}

/** Trains on all rows of a set. @throws CodedError and NativeError of training. */
export async function trainOn(
  session: Session,
  base: LoadedModel,
  set: FactSet,
  form: Form,
  method: Method,
): Promise<Trained> {
  const owned = rowsOf(set, form);
  const examples = owned.map(({ row }, rowId) => ({ rowId, row, exampleHash: exampleHash(row) }));
  const plan = await planTraining(examples, method, base.tokenizer, base.config.contextLength);
  const { native: adapter } = await trainPlan(session, base, plan, method);
  return { session, base, set, form, owned, adapter, examples };
}
