import { hexToBytes } from "../../../base/bytes.ts";
import { HISTORY_STORAGE } from "../../../chain/constants.ts";
import { HISTORY_SERVE_WINDOW } from "../../../chain/rules/chain-spec.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { StateView } from "../../state/state-view.ts";
import type { ChainRules } from "../executor.ts";

const history = hexToBytes(HISTORY_STORAGE);

/**
 * Hashes of `parent` and its ancestors by number, for a block on `parent` at `header`'s time: from the state where EIP-2935 put
 * them, from the chain's own record before.
 */
export function blockHashes(
  rules: ChainRules,
  view: StateView,
  parent: BlockHeader,
  header: Pick<BlockHeader, "timestamp" | "parentHash">,
): (number: bigint) => Uint8Array | undefined {
  const lookUp = (number: bigint) => {
    if (number === parent.number) return hexToBytes(header.parentHash);
    if (isActive(rules.rollup, "isthmus", header.timestamp)) {
      const slot = new Uint8Array(32);
      new DataView(slot.buffer).setBigUint64(24, number % HISTORY_SERVE_WINDOW);
      const stored = view.storage(history, slot);
      if (stored.length > 0) return leftPadded(stored);
    }
    const hash = rules.ancestorHash(number, parent);
    return hash === undefined ? undefined : hexToBytes(hash);
  };
  // BLOCKHASH reaches 256 blocks back, so that there is no more to keep.
  const known = new Map<bigint, Uint8Array | undefined>();
  return (number) => {
    if (!known.has(number)) known.set(number, lookUp(number));
    return known.get(number);
  };
}

/** The same for a message after `header`'s block, which sees that block as its own: its last ancestor is that block's parent. */
export function callBlockHashes(
  rules: ChainRules,
  view: StateView,
  header: BlockHeader,
): (number: bigint) => Uint8Array | undefined {
  const hashOf = blockHashes(rules, view, header, header);
  return (number) => {
    // A message that was given another block's number may ask beyond both ends of what the state keeps.
    if (number >= header.number) return undefined;
    if (number + 1n === header.number) return hexToBytes(header.parentHash);
    if (header.number - number < HISTORY_SERVE_WINDOW) return hashOf(number);
    const hash = rules.ancestorHash(number, header);
    return hash === undefined ? undefined : hexToBytes(hash);
  };
}

function leftPadded(value: Uint8Array): Uint8Array {
  const word = new Uint8Array(32);
  word.set(value, 32 - value.length);
  return word;
}
