import { expect, it, vi } from "vitest";
import { createSmallChain, signed } from "../../../../test/support/small-chain.ts";
import * as senders from "../../senders.ts";

const to = `0x${"ee".repeat(20)}` as const;

it("senders of the next block are recovered while this one runs, once", async () => {
  const recover = vi.spyOn(senders, "recoverSendersOffThread");
  const recovered = () => recover.mock.calls.map(([jobs]) => jobs.length).filter((count) => count > 0);
  const small = createSmallChain({ executor: "wasm" });
  const raws = await Promise.all(Array.from({ length: 6 }, (_, nonce) => signed({ nonce, to })));
  const [first, second, third] = [raws.slice(0, 2), raws.slice(2, 4), raws.slice(4)];
  const build = async (transactions: Uint8Array[], ahead?: readonly Uint8Array[]) => {
    const { executor, head } = small;
    const built = await executor.build(head, small.attributes(transactions), undefined, ahead && { ahead });
    small.database.write(built.state.writes);
    small.head = built.block.header;
    small.chain.append(built.block, built.receipts);
    return built.block.transactions.length;
  };
  expect(await build(first, second)).toBe(3);
  expect(recovered()).toEqual([2, 2]);
  expect(await build(second, [...third].reverse())).toBe(3);
  expect(recovered()).toEqual([2, 2, 2]);
  // Not what was expected: it is recovered anew, in its own order.
  expect(await build(third)).toBe(3);
  expect(recovered()).toEqual([2, 2, 2, 2]);
});
