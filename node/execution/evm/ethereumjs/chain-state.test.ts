import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { MerkleStateManager } from "@ethereumjs/statemanager";
import { Account, Address, bytesToHex, hexToBytes, setLengthLeft } from "@ethereumjs/util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryDatabase } from "../../state/memory-database.ts";
import { NodeStore } from "../../state/node-store.ts";
import { commitChanges } from "../../state/state-commit.ts";
import { TrieView } from "../../state/state-view.ts";
import { EMPTY_TRIE } from "../../state/trie.ts";
import { ChainState } from "./chain-state.ts";
import { chainCrypto } from "./crypto.ts";

const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague, customCrypto: chainCrypto });
const addresses = [1, 2, 3].map((i) => new Address(new Uint8Array(20).fill(i)));
const slot = (i: number) => setLengthLeft(Uint8Array.of(i), 32);

type Step =
  | { do: "balance"; of: number; value: bigint }
  | { do: "code"; of: number; value: Uint8Array }
  | { do: "storage"; of: number; slot: number; value: number }
  | { do: "delete" | "clear"; of: number }
  | { do: "checkpoint" | "commit" | "revert" | "root" };

const of = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("balance" as const), of, value: fc.bigInt({ min: 1n, max: 9n }) }),
  fc.record({ do: fc.constant("code" as const), of, value: fc.uint8Array({ minLength: 1, maxLength: 3 }) }),
  fc.record({ do: fc.constant("storage" as const), of, slot: fc.nat(3), value: fc.nat(3) }),
  fc.record({ do: fc.constantFrom("delete" as const, "clear" as const), of }),
  fc.record({
    do: fc.constantFrom("checkpoint" as const, "commit" as const, "revert" as const, "root" as const),
  }),
);

/** The part of both state managers that the steps use. */
type Subject = Pick<
  ChainState,
  | "getAccount"
  | "putAccount"
  | "putCode"
  | "putStorage"
  | "deleteAccount"
  | "clearStorage"
  | "checkpoint"
  | "commit"
  | "revert"
>;

async function apply(state: Subject, action: Step, depth: number): Promise<number> {
  switch (action.do) {
    case "balance": {
      const account = (await state.getAccount(addresses[action.of]!)) ?? new Account();
      account.balance = action.value;
      await state.putAccount(addresses[action.of]!, account);
      return depth;
    }
    case "code":
      await state.putCode(addresses[action.of]!, action.value);
      return depth;
    case "storage":
      if ((await state.getAccount(addresses[action.of]!)) === undefined) return depth;
      await state.putStorage(addresses[action.of]!, slot(action.slot), Uint8Array.of(action.value));
      return depth;
    case "delete":
      await state.deleteAccount(addresses[action.of]!);
      return depth;
    case "clear":
      if ((await state.getAccount(addresses[action.of]!)) !== undefined) {
        await state.clearStorage(addresses[action.of]!);
      }
      return depth;
    case "checkpoint":
      await state.checkpoint();
      return depth + 1;
    case "commit":
      if (depth > 0) await state.commit();
      return Math.max(depth - 1, 0);
    case "revert":
      if (depth > 0) await state.revert();
      return Math.max(depth - 1, 0);
    default:
      return depth;
  }
}

describe("ChainState", () => {
  it("comes to the roots of MerkleStateManager after any writes, deletions, commits and reverts", async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const database = new MemoryDatabase();
      const nodes = () => new NodeStore(database);
      let view = new TrieView(nodes(), EMPTY_TRIE);
      let ours = new ChainState(view);
      // Without caches: the reference writes its tries at once.
      const reference = new MerkleStateManager({ common });
      let depth = 0;
      const compare = async () => {
        const { root, writes } = commitChanges(nodes(), view, ours.changes());
        database.write(writes);
        expect(root).toBe(bytesToHex(await reference.getStateRoot()));
        // What follows reads from the database alone.
        view = new TrieView(nodes(), hexToBytes(root));
        ours = new ChainState(view);
      };
      for (const action of steps) {
        if (action.do === "root" && depth === 0) await compare();
        await apply(reference, action, depth);
        depth = await apply(ours, action, depth);
      }
      for (; depth > 0; depth--) {
        await reference.commit();
        await ours.commit();
      }
      await compare();
    });
    await fc.assert(property, { numRuns: 150 });
  });

  it("rolls back to a mark whatever checkpoints are open", async () => {
    const state = new ChainState(new TrieView(new NodeStore(new MemoryDatabase()), EMPTY_TRIE));
    await state.putAccount(addresses[0]!, new Account(1n, 5n));
    const mark = state.mark();
    await state.checkpoint();
    await state.putStorage(addresses[0]!, slot(1), Uint8Array.of(1));
    await state.checkpoint();
    await state.deleteAccount(addresses[0]!);
    state.rollback(mark);
    expect((await state.getAccount(addresses[0]!))?.balance).toBe(5n);
    expect(await state.getStorage(addresses[0]!, slot(1))).toEqual(new Uint8Array(0));
  });
});
