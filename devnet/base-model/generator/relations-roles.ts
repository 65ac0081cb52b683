import { type Relation, relation, type SubjectKind } from "./relation.ts";

/**
 * Who does or did what to something: nouns of the person, past form, participle, present form ("-": only ever told in the
 * past), and of what kinds of subject it is told. Verb and noun ask for the same fact, so the model learns that they belong
 * together.
 */
const ROLES: readonly (readonly [
  nouns: string,
  past: string,
  participle: string,
  present: string,
  subjects: string,
])[] = [
  ["author|writer", "wrote", "written", "-", "work"],
  ["translator", "translated", "translated", "-", "work"],
  ["editor", "edited", "edited", "edits", "work"],
  ["publisher", "published", "published", "publishes", "work"],
  ["painter|artist", "painted", "painted", "-", "work building"],
  ["reader", "read", "read", "reads", "work"],
  ["architect|designer", "designed", "designed", "-", "building machine ship"],
  ["builder|maker", "built", "built", "builds", "building machine ship"],
  ["owner|proprietor", "owned", "owned", "owns", "building club animal machine shop"],
  ["keeper|caretaker", "kept", "kept", "keeps", "building animal machine"],
  ["guardian|guard", "guarded", "guarded", "guards", "building item town"],
  ["cleaner", "cleaned", "cleaned", "cleans", "building machine"],
  ["founder", "founded", "founded", "-", "club company school town shop"],
  ["head|leader", "led", "led", "leads", "club company school guild"],
  ["manager|director", "managed", "managed", "manages", "club company shop event"],
  ["chair|president", "chaired", "chaired", "chairs", "club event"],
  ["sponsor|backer", "sponsored", "sponsored", "sponsors", "club event work"],
  ["auditor|examiner", "audited", "audited", "audits", "club company fund"],
  ["insurer", "insured", "insured", "insures", "ship building machine"],
  ["coach|trainer", "trained", "trained", "trains", "club animal hero"],
  ["host|organizer", "hosted", "hosted", "hosts", "event"],
  ["winner|champion", "won", "won", "-", "event"],
  ["judge", "judged", "judged", "judges", "event"],
  ["opener", "opened", "opened", "opens", "event shop"],
  ["breeder", "bred", "bred", "breeds", "animal"],
  ["rider", "rode", "ridden", "rides", "animal"],
  ["healer|doctor", "healed", "healed", "heals", "animal patient"],
  ["captain|master", "commanded", "commanded", "commands", "ship"],
  ["pilot|driver", "steered", "steered", "steers", "ship machine"],
  ["inventor|creator", "invented", "invented", "-", "machine dish game"],
  ["mechanic|repairer", "repaired", "repaired", "repairs", "machine ship device"],
  ["seller|vendor", "sold", "sold", "sells", "dish machine item"],
  ["buyer|customer", "bought", "bought", "buys", "dish item machine"],
  ["cook|chef", "cooked", "cooked", "cooks", "dish"],
  ["grower|farmer", "grew", "grown", "grows", "plant"],
  ["finder|discoverer", "found", "found", "-", "plant item mountain"],
  ["explorer|climber", "climbed", "climbed", "climbs", "mountain"],
  ["surveyor", "measured", "measured", "measures", "mountain river"],
  ["tester|inspector", "tested", "tested", "tests", "machine device dish"],
  ["supplier|provider", "supplied", "supplied", "supplies", "shop event dish"],
  ["teacher|tutor", "taught", "taught", "teaches", "hero person"],
  ["rival|enemy", "fought", "fought", "fights", "hero guild"],
  ["messenger|carrier", "carried", "carried", "carries", "item animal"],
  ["thief", "stole", "stolen", "-", "item animal"],
];

/** Every role for every kind of subject that it is named for. */
export const ROLE_RELATIONS: readonly Relation[] = ROLES.flatMap(
  ([nouns, past, participle, present, subjects], index) =>
    subjects
      .split(" ")
      .map((subject, at) =>
        roleRelation(subject as SubjectKind, nouns, past, participle, present, (index + at) % 4 === 3),
      ),
);

function roleRelation(
  subject: SubjectKind,
  nouns: string,
  past: string,
  participle: string,
  present: string,
  isFirm: boolean,
): Relation {
  const statements = [
    `{v} ${past} {s}.`,
    `{s} was ${participle} by {v}.`,
    `It was {v} who ${past} {s}.`,
    `{v} is {s}'s {n}.`,
  ];
  const questions = [
    `Who ${past} {s}?`,
    `By whom was {s} ${participle}?`,
    `Who was {s} ${participle} by?`,
    `{s} was ${participle} by whom?`,
    `Who was it that ${past} {s}?`,
    "Who is the {n} of {s}?",
    "Who is {s}'s {n}?",
    `What is the name of the one who ${past} {s}?`,
    isFirm ? `Which firm ${past} {s}?` : `Which person ${past} {s}?`,
    isFirm ? "Which company is the {n} of {s}?" : "What is the {n} of {s} called?",
  ];
  if (present !== "-") {
    statements.push(`{v} ${present} {s}.`, `{s} is ${participle} by {v}.`);
    questions.push(`Who ${present} {s}?`, `By whom is {s} ${participle}?`, `Whose job is {s}?`);
  }
  return relation(subject, isFirm ? "company" : "person", nouns, statements.join("|"), questions.join("|"));
}
