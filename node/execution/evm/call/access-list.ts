import { hexToBytes } from "../../../base/bytes.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";
import { executionError } from "../../errors.ts";
import type { StateView } from "../../state/state-view.ts";
import { creationAddress } from "../block/outcome.ts";
import type { AccessListResult, CallRequest } from "../executor.ts";
import type { Simulate } from "./simulate.ts";
import { toCallResult } from "./simulation.ts";

/** A list that still changes after so many runs never settles: its own cost decides what the message touches. */
const MAX_ROUNDS = 16;

/** Address of the contract that the message creates when it has no `to`. */
function createdBy(view: StateView, request: CallRequest): string {
  return creationAddress(request.from, view.account(hexToBytes(request.from))?.nonce ?? 0n);
}

function sameList(a: readonly AccessListEntry[], b: readonly AccessListEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ address, storageKeys }, i) => {
      const other = b[i]!;
      return (
        address === other.address &&
        storageKeys.length === other.storageKeys.length &&
        storageKeys.every((key, j) => key === other.storageKeys[j])
      );
    })
  );
}

/** What either list names, sorted. */
function union(a: readonly AccessListEntry[], b: readonly AccessListEntry[]): AccessListEntry[] {
  const byAddress = new Map<Address, Set<Hash>>();
  for (const { address, storageKeys } of [...a, ...b]) {
    const keys = byAddress.get(address) ?? new Set();
    for (const key of storageKeys) keys.add(key);
    byAddress.set(address, keys);
  }
  return [...byAddress]
    .map(([address, keys]) => ({ address, storageKeys: [...keys].sort() }))
    .sort((x, y) => (x.address < y.address ? -1 : 1));
}

/**
 * Runs until the list that a message touches with the list given is that list. Source: op-geth `AccessList`.
 * @throws CodedError `ACCESS_LIST_UNSTABLE` when that takes too many runs, `CALL_FUNDS`, `CALL_GAS`.
 */
export async function createAccessList(
  simulate: Simulate,
  view: StateView,
  header: BlockHeader,
  request: CallRequest,
): Promise<AccessListResult> {
  let current: readonly AccessListEntry[] = request.accessList ?? [];
  const excluded: readonly string[] = [request.from, request.to ?? createdBy(view, request)];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const run = await simulate(header, { ...request, accessList: current }, { touched: true });
    // As op-geth's, the list only grows: what was given stays, touched or not.
    const next = union(current, run.touched).filter(
      ({ address, storageKeys }) => storageKeys.length > 0 || !excluded.includes(address),
    );
    if (sameList(next, current)) {
      return { accessList: next, gasUsed: run.gasUsed, error: toCallResult(run).error?.reason };
    }
    current = next;
  }
  throw executionError("ACCESS_LIST_UNSTABLE", {
    message: `The access list did not settle in ${MAX_ROUNDS} runs: what the message touches depends on the list's own cost.`,
    fix: "Build the list by hand, or send the transaction without one.",
    facts: { rounds: MAX_ROUNDS },
  });
}
