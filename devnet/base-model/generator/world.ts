import { Random } from "../../../node/base/random.ts";
import { NameSource, WORLD_NAMES } from "./names.ts";
import { type Fact, makeFact, makeRelation, makeSubject, relationsOf, SUBJECT_KINDS } from "./phrasing.ts";

/** How many subjects the fixed world has. */
export const WORLD_SUBJECTS = 360;
const FACTS_PER_SUBJECT = 4;
const WORLD_SEED = 0x0e1d;

/**
 * The fixed world: subjects whose facts come back all through the training text, so that the model learns to keep facts in
 * its weights and to find them again from any wording. Entry i holds the facts of subject i; one in four facts is of a
 * relation made up for it.
 */
export function makeWorld(): readonly (readonly Fact[])[] {
  const random = new Random(WORLD_SEED);
  const names = new NameSource(0, WORLD_NAMES);
  return Array.from({ length: WORLD_SUBJECTS }, () => {
    const kind = random.pick(SUBJECT_KINDS);
    const subject = makeSubject(kind, random, names);
    const known = random.sample(relationsOf(kind), FACTS_PER_SUBJECT - 1);
    const relations = [...known, makeRelation(kind, random)];
    return relations.map((rel) => makeFact(subject, rel, random, names));
  });
}
