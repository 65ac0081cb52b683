import { createBlock } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM } from "@ethereumjs/evm";
import { createTxFromRLP } from "@ethereumjs/tx";
import { createAddressFromString } from "@ethereumjs/util";
import { createVM, runTx } from "@ethereumjs/vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTRACTS, call, program } from "../../../test/support/random-programs.ts";
import { createSmallChain, SENDER, signed } from "../../../test/support/small-chain.ts";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { BASE_FEE_VAULT, HISTORY_STORAGE } from "../../chain/constants.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { NodeStore } from "../state/node-store.ts";
import { commitChanges } from "../state/state-commit.ts";
import { TrieView } from "../state/state-view.ts";
import { ChainState } from "./ethereumjs/chain-state.ts";
import { chainCrypto } from "./ethereumjs/crypto.ts";
import { createStateReader } from "./state-reader.ts";

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
