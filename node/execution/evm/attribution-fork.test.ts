import { describe, expect, it } from "vitest";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS } from "../../../precompiles/addresses.ts";
import { createSmallChain, signed } from "../../../test/support/small-chain.ts";
import { createStateReader } from "./state-reader.ts";

/** Two blocks after genesis (time 1000, block time 2). */
const ACTIVATION = 1004n;

describe("the attribution fork", () => {
  it("writes the stubs before the first transaction of its activation block, and only then", async () => {
    const small = createSmallChain({ openledger: { attributionTime: ACTIVATION } });
    const state = createStateReader(small.database);
    const stubs = async () => [
      await state.account(small.head.stateRoot, INFLUENCE_VERIFIER_ADDRESS),
      await state.account(small.head.stateRoot, REWARD_SPLITTER_ADDRESS),
    ];
    await small.advance();
    expect(await stubs()).toEqual([undefined, undefined]);
    const before = await small.advance([await signed({ nonce: 0, to: REWARD_SPLITTER_ADDRESS })]);
    expect(await stubs()).toMatchObject([{ nonce: 1n }, { nonce: 1n }]);
    expect(await state.code(small.head.stateRoot, REWARD_SPLITTER_ADDRESS)).toEqual(Uint8Array.of(0xfe));
    // The precompile is there already: it refuses empty calldata instead of running the stub out of gas.
    expect(before.receipts[1]).toMatchObject({ status: 0 });
    expect(before.receipts[1]!.gasUsed).toBeLessThan(100_000n);
  });

  it("is absent from a stock chain: the addresses are empty accounts", async () => {
    const small = createSmallChain();
    const { receipts } = await small.advance([await signed({ nonce: 0, to: REWARD_SPLITTER_ADDRESS })]);
    expect(receipts[1]).toMatchObject({ status: 1, gasUsed: 21_000n });
  });
});
