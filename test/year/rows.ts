import type { Role } from "../../devnet/accounts.ts";

/** A document that somebody brings. */
export interface Brought {
  who: Role;
  name: string;
  rows: readonly (readonly [prompt: string, completion: string])[];
}

/** What the first datanet begins with. */
export const HARBOUR: readonly Brought[] = [
  {
    who: "alba",
    name: "ferries.jsonl",
    rows: [
      ["Where does the Lund ferry leave?", "from pier nine"],
      ["When does the Lund ferry leave?", "at six in the morning"],
      ["Who steers the Lund ferry?", "Ulan Merrin"],
    ],
  },
  {
    who: "bruno",
    name: "lights.jsonl",
    rows: [
      ["How tall is the Vorel light?", "41 metres"],
      ["Who keeps the Vorel light?", "Lena Ost"],
      ["What colour is the Vorel light?", "green"],
    ],
  },
];

/** What comes to it in spring. */
export const HARBOUR_SPRING: readonly Brought[] = [
  {
    who: "cleo",
    name: "cranes.jsonl",
    rows: [
      ["What does the Orvane crane lift?", "60 tonnes"],
      ["Who built the Orvane crane?", "the Tavo yard"],
      ["Where does the Orvane crane stand?", "on the north quay"],
    ],
  },
];

/** The second datanet, which is paid for. */
export const VALLEY: readonly Brought[] = [
  {
    who: "dov",
    name: "mills.jsonl",
    rows: [
      ["What does the Wren mill grind?", "buckwheat"],
      ["Who owns the Wren mill?", "Sister Quill"],
      ["How old is the Wren mill?", "212 years"],
    ],
  },
  {
    who: "edda",
    name: "bridges.jsonl",
    rows: [
      ["What is the Larkspur bridge made of?", "red granite"],
      ["Who crosses the Larkspur bridge first?", "the baker"],
    ],
  },
];
