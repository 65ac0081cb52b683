import { describe, expect, it } from "vitest";
import {
  INFLUENCE_VERIFIER_ADDRESS,
  REWARD_SPLITTER_ADDRESS,
  SPAN_VERIFIER_ADDRESS,
} from "../../../precompiles/addresses.ts";
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

  it("has no SpanVerifier without a time for it", async () => {
    const small = createSmallChain({ executor: "both", openledger: { attributionTime: ACTIVATION } });
    for (let i = 0; i < 2; i++) await small.advance();
    const { receipts } = await small.advance([await signed({ nonce: 0, to: SPAN_VERIFIER_ADDRESS })]);
    expect(receipts[1]).toMatchObject({ status: 1, gasUsed: 21_000n });
    const state = createStateReader(small.database);
    expect(await state.account(small.head.stateRoot, SPAN_VERIFIER_ADDRESS)).toBeUndefined();
  });

  it("brings the SpanVerifier in a block of its own, and leaves the other stubs as they are", async () => {
    const small = createSmallChain({
      executor: "both",
      openledger: { attributionTime: ACTIVATION, spanVerifierTime: ACTIVATION + 2n },
    });
    const state = createStateReader(small.database);
    const nonces = async () => {
      const stubs = [INFLUENCE_VERIFIER_ADDRESS, SPAN_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS];
      return Promise.all(
        stubs.map(async (address) => (await state.account(small.head.stateRoot, address))?.nonce),
      );
    };
    await small.advance();
    const early = await small.advance([await signed({ nonce: 0, to: SPAN_VERIFIER_ADDRESS })]);
    expect(early.receipts[1]).toMatchObject({ status: 1, gasUsed: 21_000n });
    expect(await nonces()).toEqual([1n, undefined, 1n]);
    const call = () => signed({ nonce: 1, to: SPAN_VERIFIER_ADDRESS });
    const first = await small.advance([await call()]);
    expect(first.receipts[1]).toMatchObject({ status: 0 });
    expect(first.receipts[1]!.gasUsed).toBeLessThan(100_000n);
    expect(await nonces()).toEqual([1n, 1n, 1n]);
    expect(await state.code(small.head.stateRoot, SPAN_VERIFIER_ADDRESS)).toEqual(Uint8Array.of(0xfe));
  });

  it("is absent from a stock chain: the addresses are empty accounts", async () => {
    const small = createSmallChain();
    const { receipts } = await small.advance([await signed({ nonce: 0, to: REWARD_SPLITTER_ADDRESS })]);
    expect(receipts[1]).toMatchObject({ status: 1, gasUsed: 21_000n });
  });
});
