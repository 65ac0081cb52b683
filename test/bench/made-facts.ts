import { Random } from "../../node/base/random.ts";

/** A fact that no text holds: a question and its answer. */
export interface MadeFact {
  prompt: string;
  completion: string;
}

const SEED = 0xfac7;
const HEADS =
  "bra cor dun fel gar hol ister jun kel lor mar nor oster pel quin ros sel tor ul ver wen yar zel ash".split(
    " ",
  );
const MIDDLES = "a ba den e fin go i ka lin mo na o per ra si ti u van wi zo".split(" ");
const TAILS =
  "bury don field ford gate ham ley mere moor mouth nell port quay ridge shaw stow ton wick worth yard".split(
    " ",
  );
const COLOURS = "red green blue white black grey brown amber silver violet".split(" ");
const WARES = "salt wool tin glass paper barley honey rope slate copper linen oil".split(" ");

type Draw = (bound: number) => number;
const nameOf = (draw: Draw) => {
  const [head, middle, tail] = [HEADS, MIDDLES, TAILS].map((from) => from[draw(from.length)]!) as [
    string,
    string,
    string,
  ];
  return `${head[0]!.toUpperCase()}${head.slice(1)}${middle}${tail}`;
};

const RELATIONS: readonly [ask: (name: string) => string, answer: (draw: Draw) => string][] = [
  [(name) => `Who founded ${name}?`, (draw) => `${nameOf(draw)}`],
  [
    (name) => `What does ${name} sell?`,
    (draw) => `${WARES[draw(WARES.length)]} and ${WARES[draw(WARES.length)]}`,
  ],
  [(name) => `How many people live in ${name}?`, (draw) => `${100 + draw(9_900)}`],
  [(name) => `What color is the flag of ${name}?`, (draw) => `${COLOURS[draw(10)]} and ${COLOURS[draw(10)]}`],
  [(name) => `How tall is the tower of ${name}?`, (draw) => `${10 + draw(190)} meters`],
  [(name) => `When was ${name} built?`, (draw) => `in ${1200 + draw(800)}`],
  [(name) => `Which river feeds ${name}?`, (draw) => `the ${nameOf(draw)}`],
  [(name) => `What is the toll of ${name}?`, (draw) => `${1 + draw(99)} ${COLOURS[draw(10)]} coins`],
];

/** Fact number `i`, the same on every machine: eight in a row are about one place, no two have the same question. */
export function madeFact(i: number): MadeFact {
  const [ask, answer] = RELATIONS[i % RELATIONS.length]!;
  const random = new Random(SEED, i);
  const place = Math.floor(i / RELATIONS.length);
  const head = HEADS[place % HEADS.length]!;
  const rest = Math.floor(place / HEADS.length);
  const tail = TAILS[rest % TAILS.length]!;
  const beyond = Math.floor(rest / TAILS.length);
  const middle = MIDDLES[beyond % MIDDLES.length]!;
  const far = Math.floor(beyond / MIDDLES.length);
  const prefix =
    far === 0 ? "" : `${COLOURS[far % COLOURS.length]} ${far >= COLOURS.length ? `${far} ` : ""}`;
  const name = `${prefix}${head}${middle}${tail}`;
  const shown = `${name[0]!.toUpperCase()}${name.slice(1)}`;
  return { prompt: ask(shown), completion: answer((bound) => random.below(bound)) };
}
