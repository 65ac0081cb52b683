import type { Random } from "../../../node/base/random.ts";
import { capital, withArticles } from "./letters.ts";
import {
  ADJECTIVES,
  COLOURS,
  COMMON,
  FIRST_NAMES,
  ILLNESSES,
  MATERIALS,
  MONTHS,
  NOUNS,
  NUMBER_WORDS,
  PLANTS_AND_FOODS,
  WEEKDAYS,
} from "./lexicon.ts";
import { madeName, type NameSource } from "./names.ts";

/** What can be said of something: the answer's kind. */
export type ValueKind =
  | "name"
  | "person"
  | "place"
  | "company"
  | "money"
  | "percent"
  | "date"
  | "year"
  | "month"
  | "duration"
  | "time"
  | "weekday"
  | "count"
  | "code"
  | "phrase"
  | "thing"
  | "colour"
  | "material"
  | "plant"
  | "mass"
  | "length"
  | "frequency"
  | "power"
  | "speed"
  | "temperature"
  | "dose"
  | "data"
  | "level"
  | "version"
  | "spot"
  | "interval"
  | "numberWord"
  | "colours"
  | "area"
  | "illness"
  | "saying"
  | "sign";

type Maker = (random: Random, names: NameSource) => string;

const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ";

/** An integer of one to `digits` digits with thousands separators; most long ones are round. */
function grouped(random: Random, digits: number): string {
  const length = random.between(1, digits);
  const round = random.chance(60);
  let text = String(random.between(1, 9));
  for (let i = 1; i < length; i++) text += round && i > 1 ? "0" : String(random.below(10));
  return text.replace(/\B(?=(\d{3})+$)/g, ",");
}

function decimal(random: Random, whole: number): string {
  const head = random.between(0, whole);
  return random.chance(50)
    ? `${head}.${random.between(1, 9)}`
    : `${head}.${random.below(10)}${random.between(1, 9)}`;
}

function letters(random: Random, count: number): string {
  let text = "";
  for (let i = 0; i < count; i++) text += LETTERS[random.below(LETTERS.length)];
  return text;
}

function digits(random: Random, count: number): string {
  let text = "";
  for (let i = 0; i < count; i++) text += String(random.below(10));
  return text;
}

const PLACE_FORMS: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name,
  (name) => `Port ${name}`,
  (name) => `${name} Valley`,
  (name) => `${name} Harbor`,
  (name) => `${name} Bay`,
  (name) => `North ${name}`,
  (name) => `Mount ${name}`,
  (name) => `${name} City`,
];

const COMPANY_FORMS: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => `${name} Labs`,
  (name) => `${name} Partners`,
  (name) => `${name} Group`,
  (name) => `${name} Systems`,
  (name) => `${name} Works`,
  (name) => `${name} and Sons`,
  (name) => `${name} and Daughters`,
  (name) => `${name} & Co.`,
  (name) => `${name} Brothers`,
];

const SPOTS = (
  "below above behind beside near under on at in by outside inside opposite along across beyond before past " +
  "next_to in_front_of at_the_foot_of on_top_of close_to north_of south_of east_of west_of"
)
  .split(" ")
  .map((spot) => spot.replaceAll("_", " "));

const unit = (random: Random, value: string, units: readonly string[]): string =>
  `${value} ${random.pick(units)}`;

const number = (random: Random): string => (random.chance(35) ? decimal(random, 99) : grouped(random, 4));

export const VALUE_MAKERS: Readonly<Record<ValueKind, Maker>> = {
  name: (random, names) => madeName(random, names),
  person: (random, names) => {
    const family = madeName(random, names);
    const form = random.below(10);
    if (form < 5) return `${random.pick(FIRST_NAMES)} ${family}`;
    return form < 7 ? `Dr. ${family}` : form < 9 ? family : `${letters(random, 1)}. ${family}`;
  },
  place: (random, names) => random.pick(PLACE_FORMS)(madeName(random, names)),
  company: (random, names) => random.pick(COMPANY_FORMS)(madeName(random, names)),
  money: (random) => {
    const amount = grouped(random, 6);
    const form = random.below(6);
    if (form === 0) return `$${amount}`;
    if (form === 1) return `$${decimal(random, 40)} million`;
    if (form === 2) return `${random.between(2, 900)} million dollars`;
    return `${amount} ${random.pick(["OPEN", "OPEN", "dollars", "euros", "credits", "tokens", "francs"])}`;
  },
  percent: (random) =>
    `${random.chance(50) ? decimal(random, 40) : random.between(1, 99)}${random.chance(60) ? " percent" : "%"}`,
  date: (random) => {
    const day = random.between(1, 28);
    const month = random.pick(MONTHS);
    const year = random.between(1960, 2049);
    const form = random.below(4);
    if (form === 0) return `${month} ${day}, ${year}`;
    return form === 1 ? `${day} ${month}` : `${day} ${month} ${year}`;
  },
  year: (random) => String(random.between(1700, 2060)),
  month: (random) =>
    random.chance(50) ? random.pick(MONTHS) : `${random.pick(MONTHS)} ${random.between(1990, 2045)}`,
  duration: (random) =>
    unit(random, String(random.between(2, 120)), [
      "seconds",
      "minutes",
      "hours",
      "days",
      "weeks",
      "months",
      "years",
    ]),
  time: (random) =>
    `${digits(random, 1).replace(/[3-9]/, "1")}${random.below(4)}:${random.below(6)}${random.below(10)}`,
  weekday: (random) => random.pick(WEEKDAYS),
  count: (random) => grouped(random, 5),
  code: (random) => {
    const form = random.below(5);
    if (form === 0) return `${letters(random, 2)}-${digits(random, 4)}`;
    if (form === 1) return `${letters(random, 1)}${digits(random, 2)}`;
    if (form === 2) return `${letters(random, 3)}${digits(random, 3)}`;
    return form === 3 ? `${digits(random, 3)}-${digits(random, 2)}${letters(random, 1)}` : letters(random, 4);
  },
  phrase: (random) => {
    const pair = `${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}`;
    const form = random.below(6);
    if (form === 0) return `a ${pair}`;
    return form === 1 ? `the ${pair}` : form === 2 ? `${random.pick(NOUNS)} and ${random.pick(NOUNS)}` : pair;
  },
  thing: (random) => random.pick(NOUNS),
  colour: (random) =>
    random.chance(70)
      ? random.pick(COLOURS)
      : `${random.pick(["dark", "light", "pale", "deep"])} ${random.pick(COLOURS)}`,
  material: (random) =>
    random.chance(60) ? random.pick(MATERIALS) : `${random.pick(ADJECTIVES)} ${random.pick(MATERIALS)}`,
  plant: (random) =>
    random.chance(60)
      ? random.pick(PLANTS_AND_FOODS)
      : `${random.pick(COLOURS)} ${random.pick(PLANTS_AND_FOODS)}`,
  mass: (random) => unit(random, number(random), ["grams", "kilograms", "tonnes", "kg", "g"]),
  length: (random) => unit(random, number(random), ["meters", "kilometers", "millimeters", "km", "cm"]),
  frequency: (random) => unit(random, number(random), ["MHz", "GHz", "kHz", "hertz"]),
  power: (random) => unit(random, number(random), ["watts", "kilowatts", "megawatts", "kWh", "volts"]),
  speed: (random) =>
    unit(random, number(random), ["Mbps", "km per hour", "requests per second", "blocks per minute"]),
  temperature: (random) =>
    unit(random, String(random.between(-40, 240)), ["degrees", "degrees Celsius", "kelvin"]),
  dose: (random) =>
    unit(random, number(random), ["mg", "ml", "micrograms", "mg per day", "drops", "tablets"]),
  data: (random) => unit(random, number(random), ["GB", "TB", "megabytes", "kilobytes", "records"]),
  level: (random) => `${random.pick(["level", "tier", "grade", "stage", "class"])} ${random.between(1, 99)}`,
  version: (random) => `${random.between(0, 12)}.${random.below(20)}.${random.below(20)}`,
  spot: (random, names) => {
    const where = random.pick(SPOTS);
    const form = random.below(6);
    if (form === 0) return `${where} ${madeName(random, names)}`;
    if (form === 1) return `${where} the ${random.pick(NOUNS)}`;
    if (form === 2) return `${where} the ${random.pick(NOUNS)} of ${madeName(random, names)}`;
    if (form === 3) return `between the ${random.pick(NOUNS)} and the ${random.pick(NOUNS)}`;
    return `${where} the ${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}`;
  },
  interval: (random) => {
    const span = random.pick(["hour", "day", "week", "month", "year", "season"]);
    const form = random.below(5);
    if (form === 0) return `once a ${span}`;
    if (form === 1) return `${random.pick(["twice", "three times", "four times"])} a ${span}`;
    if (form === 2) return `every ${random.pick(NUMBER_WORDS)} ${span}s`;
    return form === 3 ? `every ${random.between(2, 60)} ${span}s` : `every ${random.pick(WEEKDAYS)}`;
  },
  numberWord: (random) => random.pick(NUMBER_WORDS),
  colours: (random) => {
    const [first, second, third] = random.sample(COLOURS, 3);
    const form = random.below(4);
    if (form === 0) return `${first}, ${second} and ${third}`;
    return form === 1 ? `${first} on ${second}` : `${first} and ${second}`;
  },
  area: (random) => unit(random, number(random), ["hectares", "acres", "square meters", "square kilometers"]),
  illness: (random) =>
    random.chance(50) ? random.pick(ILLNESSES) : `${random.pick(ADJECTIVES)} ${random.pick(ILLNESSES)}`,
  saying: (random) => {
    const words = capital(random.sample(random.chance(50) ? COMMON : NOUNS, random.between(2, 5)).join(" "));
    return random.pick([`"${words}"`, `"${words}!"`, `"${words}?"`, `${words}!`, `'${words}'`, words]);
  },
  sign: (random, names) => {
    const name = names.take().toLowerCase();
    const word = random.pick(NOUNS);
    return random.pick([
      `${word}@${name}.org`,
      `https://${name}.com/${word}`,
      `www.${name}.net/${word}_${digits(random, 2)}`,
      `#${digits(random, 3)}`,
      `${digits(random, 2)}/${digits(random, 2)}`,
      `${letters(random, 1)}+`,
      `<${word}>`,
      `[${word}]`,
      `{${word}}`,
      `(${word} ${digits(random, 1)})`,
      `${word}=${digits(random, 2)}`,
      `${letters(random, 1)}&${letters(random, 1)}`,
      `*${word}*`,
      `~${digits(random, 3)}`,
      `${word}; ${random.pick(NOUNS)}`,
      `${word}: ${random.pick(NOUNS)}!`,
    ]);
  },
};

export const VALUE_KINDS = Object.keys(VALUE_MAKERS) as ValueKind[];

/** One value of a kind; names come from `names`, so that they are never used again. */
export function makeValue(kind: ValueKind, random: Random, names: NameSource): string {
  return withArticles(VALUE_MAKERS[kind](random, names));
}
