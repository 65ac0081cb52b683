import type { ValueKind } from "./values.ts";

export type SubjectKind =
  | "fund"
  | "bank"
  | "company"
  | "token"
  | "clinic"
  | "drug"
  | "trial"
  | "patient"
  | "network"
  | "device"
  | "site"
  | "game"
  | "guild"
  | "item"
  | "hero"
  | "town"
  | "person"
  | "ship"
  | "school"
  | "work"
  | "building"
  | "club"
  | "animal"
  | "machine"
  | "event"
  | "dish"
  | "shop"
  | "plant"
  | "mountain"
  | "river"
  | "mine";

/**
 * Something that can be said of a kind of subject. `{s}` stands for the subject, `{v}` for the value. Every noun also fits
 * the shared forms of `phrasing.ts`, which come on top of the relation's own statements and questions.
 */
export interface Relation {
  readonly subject: SubjectKind;
  readonly value: ValueKind;
  readonly nouns: readonly string[];
  readonly statements: readonly string[];
  readonly questions: readonly string[];
}

/** One relation; the texts are lists separated by `|`. */
export function relation(
  subject: SubjectKind,
  value: ValueKind,
  nouns: string,
  statements: string,
  questions: string,
): Relation {
  const list = (text: string) => text.split("|").map((part) => part.trim());
  return { subject, value, nouns: list(nouns), statements: list(statements), questions: list(questions) };
}
