import { createBlock } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM } from "@ethereumjs/evm";
import { createTxFromRLP } from "@ethereumjs/tx";
import { bytesToHex, createAddressFromString, hexToBytes } from "@ethereumjs/util";
import { createVM, runTx } from "@ethereumjs/vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSmallChain, SENDER, signed } from "../../../test/support/small-chain.ts";
import { BASE_FEE_VAULT, HISTORY_STORAGE } from "../../chain/constants.ts";
import { chainCrypto } from "../../chain/crypto.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { NodeStore } from "../state/node-store.ts";
import { commitChanges } from "../state/state-commit.ts";
import { TrieView } from "../state/state-view.ts";
import { ChainState } from "./ethereumjs/chain-state.ts";
import { createStateReader } from "./state-reader.ts";

const CONTRACTS: Address[] = [1, 2, 3].map((i): Address => `0x${i.toString(16).padStart(2, "c").repeat(20)}`);

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
  (_, a) => `73${a}3b5073${a}3f50`, // EXTCODESIZE, EXTCODEHASH
  (_, a) => `73${a}3150475047505a50`, // BALANCE, SELFBALANCE, GAS
  (x) => `6960${x}5f5360015ff3 5f52600a6016 5ff050`, // CREATE of one byte of code
  (x) => `60${x}600a60165f f550`, // CREATE2 of memory
  (_, a) => `73${a}ff`, // SELFDESTRUCT
  () => "5f5ffd", // REVERT
  () => "fe", // INVALID
];

const program = fc
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

const call = fc.record({
  to: fc.option(fc.constantFrom<Address>(...CONTRACTS, "0x00000000000000000000000000000000000000ee"), {
    nil: null,
  }),
  value: fc.bigInt({ min: 0n, max: 1000n }),
  gas: fc.bigInt({ min: 60_000n, max: 400_000n }),
  data: program,
});

/** The same transactions by the stock `runTx`, on the state after the block's first transaction. */
async function stock(small: ReturnType<typeof createSmallChain>, envelopes: Uint8Array[]) {
  const common = new Common({
    chain: { ...Mainnet, chainId: "901" },
    hardfork: Hardfork.Prague,
    customCrypto: chainCrypto,
  });
  const first = await small.executor.build(small.head, small.attributes());
  small.database.write(first.state.writes);
  const root = hexToBytes(first.block.header.stateRoot);
  const nodes = new NodeStore(small.database);
  const view = new TrieView(nodes, root);
  const state = new ChainState(view);
  const evm = await createEVM({ common, stateManager: state });
  const vm = await createVM({ common, stateManager: state, evm });
  const { header } = first.block;
  const block = createBlock(
    {
      header: {
        number: header.number,
        timestamp: header.timestamp,
        gasLimit: header.gasLimit,
        baseFeePerGas: header.baseFeePerGas,
        coinbase: createAddressFromString(header.miner),
        excessBlobGas: 0n,
      },
    },
    { common, skipConsensusFormatValidation: true },
  );
  const results = [];
  for (const raw of envelopes) {
    const tx = createTxFromRLP(raw, { common });
    results.push(await runTx(vm, { tx, block, skipHardForkValidation: true }));
  }
  const commit = commitChanges(nodes, view, state.changes());
  small.database.write(commit.writes);
  return { results, root: commit.root };
}

describe("signed transactions without OP fees", () => {
  it("do what @ethereumjs/vm's runTx does", { timeout: 120_000 }, async () => {
    const codes = fc.tuple(program, program, program);
    const property = fc.asyncProperty(
      codes,
      fc.array(call, { minLength: 1, maxLength: 4 }),
      async (programs, calls) => {
        const small = createSmallChain({
          accounts: CONTRACTS.map((address, i) => ({
            address,
            balance: 10n,
            nonce: 1n,
            codeHex: programs[i]!,
          })),
        });
        const envelopes = await Promise.all(calls.map((fields, nonce) => signed({ ...fields, nonce })));
        const reference = await stock(small, envelopes);
        const { receipts, block } = await small.advance(envelopes);
        for (const [index, result] of reference.results.entries()) {
          const receipt = receipts[index + 1]!;
          expect(receipt.gasUsed).toBe(result.totalGasSpent);
          expect(receipt.status).toBe(result.execResult.exceptionError === undefined ? 1 : 0);
          expect(receipt.logs).toHaveLength(result.receipt.logs.length);
          expect(bytesToHex(receipt.logsBloom)).toBe(bytesToHex(result.bloom.bitvector));
        }
        const state = createStateReader(small.database);
        for (const address of [...CONTRACTS, SENDER.address.toLowerCase() as Address, HISTORY_STORAGE]) {
          expect(await state.account(block.header.stateRoot, address)).toEqual(
            await state.account(reference.root, address),
          );
        }
        const vault = await state.account(block.header.stateRoot, BASE_FEE_VAULT);
        expect(vault!.balance).toBeGreaterThan(0n);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
