import { encodeDocument } from "../../../node/ai/datanet/document.ts";
import type { Row } from "../../../node/ai/datanet/rows.ts";
import type { LoadedModel } from "../../../node/ai/model/load.ts";
import type { CopyRule } from "../../../node/ai/train/copies.ts";
import {
  type Snapshot,
  snapshotRoot,
  type TrainingSet,
  trainingSet,
} from "../../../node/ai/train/snapshot.ts";
import type { Address, Hash } from "../../../node/chain/types/primitives.ts";
import { SKIPPED } from "../../../precompiles/influence-verifier/rule.ts";
import type { FactSet } from "../facts.ts";

/** Rows of one wallet, in the order in which contributions were accepted. */
export interface Contribution {
  wallet: string;
  rows: readonly Row[];
}

/** What keeps copies out: a method's rule for them; or nothing does, and every row trains and earns. */
export type Marks = CopyRule | "none";

/** Rows as the product reads them from a frozen snapshot, and whose each contribution is. */
export interface World {
  set: TrainingSet;
  walletOf: (contributionId: bigint) => string;
}

/** A set's question and answer rows, a contribution each contributor. */
export function contributionsOf({ contributors, facts }: FactSet): Contribution[] {
  return contributors.map(({ name }) => ({
    wallet: name,
    rows: facts
      .filter(({ contributor }) => contributor === name)
      .map(({ question, answer }) => ({ prompt: question, completion: answer })),
  }));
}

/** The same rows, one wallet's dealt out to several wallets in their order: so they keep their places. */
export function splitOver(
  contributions: readonly Contribution[],
  wallet: string,
  wallets: readonly string[],
) {
  return contributions.flatMap((contribution) => {
    if (contribution.wallet !== wallet) return [contribution];
    const { rows } = contribution;
    const parts = wallets.map((name, i) => {
      const [from, to] = [i, i + 1].map((at) => Math.floor((at * rows.length) / wallets.length));
      return { wallet: name, rows: rows.slice(from, to) };
    });
    return parts.filter((part) => part.rows.length > 0);
  });
}

/**
 * Encodes the contributions, freezes them and reads them back, so that it is the product that decides which rows repeat others and
 * which are skipped.
 */
export async function freeze(
  contributions: readonly Contribution[],
  { tokenizer, config }: Pick<LoadedModel, "tokenizer" | "config">,
  marks: Marks,
): Promise<World> {
  const documents = new Map<Hash, Uint8Array>();
  const wallets = [...new Set(contributions.map(({ wallet }) => wallet))];
  const accepted = contributions.map(({ wallet, rows }, i) => {
    const { bytes, ...document } = encodeDocument({ name: `${wallet}.jsonl`, rows });
    documents.set(document.contentId, bytes);
    return { contributionId: BigInt(i + 1), contributor: addressOf(wallets.indexOf(wallet)), ...document };
  });
  const snapshot: Snapshot = { root: snapshotRoot(accepted), contributions: accepted };
  const copies = marks === "none" ? "plain" : marks;
  const set = await trainingSet([snapshot], async (id) => documents.get(id), { tokenizer, config, copies });
  return {
    set: marks === "none" ? unmarked(set, contributions) : set,
    walletOf: (id) => contributions[Number(id) - 1]!.wallet,
  };
}

/** Every row that is not skipped trains and earns. */
function unmarked({ places, skipped }: TrainingSet, contributions: readonly Contribution[]): TrainingSet {
  const own = places.map((place) => (place.first === SKIPPED ? place : { ...place, first: place.rowId }));
  const examples = own.flatMap(({ rowId, first, contributionId, row, exampleHash }) =>
    first === rowId
      ? [{ rowId, row: contributions[Number(contributionId) - 1]!.rows[row]!, exampleHash: exampleHash! }]
      : [],
  );
  return { places: own, examples, repeats: 0, skipped };
}

function addressOf(index: number): Address {
  return `0x${(index + 1).toString(16).padStart(40, "0")}`;
}
