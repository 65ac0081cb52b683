import fc from "fast-check";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";

/** Contracts of random programs, which call each other. */
export const CONTRACTS: Address[] = [1, 2, 3].map(
  (i): Address => `0x${i.toString(16).padStart(2, "c").repeat(20)}`,
);

/** Snippets that leave the stack as it was; `x` is a small number, `a` a contract's address. */
const SNIPPETS: ((x: string, a: string) => string)[] = [
  (x) => `60${x}60${x}55`, // SSTORE
  (x) => `5f60${x}55`, // SSTORE 0
  (x) => `60${x}60${x}555f60${x}55`, // SSTORE and clear: a refund
  (x) => `60${x}5450`, // SLOAD
  (x) => `60${x}60${x}5d60${x}5c50`, // TSTORE, TLOAD
  (x) => `60${x}5f5fa1`, // LOG1
  (x) => `60${x}5f52`, // MSTORE
  (_, a) => `5f5f5f5f5f73${a}61ffff f150`, // CALL
  (x, a) => `5f5f5f5f60${x}73${a}61fffff150`, // CALL with value
  (_, a) => `5f5f5f5f73${a}61fffff450`, // DELEGATECALL
  (_, a) => `5f5f5f5f73${a}61fffffa50`, // STATICCALL
  (x, a) => `73${a}3b60${x}5573${a}3f50`, // EXTCODESIZE, kept; EXTCODEHASH
  (x, a) => `60${x}5f5f73${a}3c5f5160${x}55`, // EXTCODECOPY, kept
  (_, a) => `73${a}3150475047505a50`, // BALANCE, SELFBALANCE, GAS
  (x) => `6960${x}5f5360015ff3 5f52600a6016 5ff050`, // CREATE of one byte of code
  (x) => `60${x}600a60165f f550`, // CREATE2 of memory
  (_, a) => `73${a}ff`, // SELFDESTRUCT
  () => "5f5ffd", // REVERT
  () => "fe", // INVALID
];

/** Code of one of the contracts. */
export const program = fc
  .array(fc.tuple(fc.nat(SNIPPETS.length - 1), fc.integer({ min: 1, max: 9 }), fc.nat(2)), { maxLength: 8 })
  .map(
    (parts) =>
      `0x${parts
        .map(([snippet, x, to]) =>
          SNIPPETS[snippet]!(x.toString(16).padStart(2, "0"), CONTRACTS[to]!.slice(2)),
        )
        .join("")
        .replaceAll(" ", "")}` as Hex,
  );

/** A transaction to one of them, to an account without code, or creating. */
export const call = fc.record({
  to: fc.option(fc.constantFrom<Address>(...CONTRACTS, "0x00000000000000000000000000000000000000ee"), {
    nil: null,
  }),
  value: fc.bigInt({ min: 0n, max: 1000n }),
  gas: fc.bigInt({ min: 60_000n, max: 400_000n }),
  data: program,
});
