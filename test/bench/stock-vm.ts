import { createBlock } from "@ethereumjs/block";
import { Common, type CustomCrypto, Hardfork, Mainnet } from "@ethereumjs/common";
import { createTxFromRLP } from "@ethereumjs/tx";
import { Account, bytesToHex, createAddressFromString } from "@ethereumjs/util";
import { createVM, runBlock, type VM } from "@ethereumjs/vm";
import type { BlockHeader } from "../../node/chain/types/block.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import type { AccountView } from "../../node/execution/evm/executor.ts";

/** What one block did, in a form that both sides give. */
export interface BlockOutcome {
  /** Of each signed transaction. */
  gasUsed: readonly bigint[];
}

/** @ethereumjs/vm as it comes: its own state manager over a trie in memory. */
export class StockVm {
  private readonly vm: VM;
  /** State that every {@link run} starts from. */
  private root: Uint8Array;

  private constructor(vm: VM, root: Uint8Array) {
    this.vm = vm;
    this.root = root;
  }

  /** @param crypto Hashes and signature recovery; absent: its own. */
  static async create(
    chainId: bigint,
    funded: Address,
    balance: bigint,
    crypto?: CustomCrypto,
  ): Promise<StockVm> {
    const chain = { ...Mainnet, chainId: chainId.toString() };
    const common = new Common({ chain, hardfork: Hardfork.Prague, customCrypto: crypto });
    const vm = await createVM({ common });
    await vm.stateManager.putAccount(createAddressFromString(funded), new Account(0n, balance));
    return new StockVm(vm, await vm.stateManager.getStateRoot());
  }

  /** Decodes the transactions, runs them in a block with the header's surroundings, and makes all roots. */
  async run(header: BlockHeader, envelopes: readonly Uint8Array[]): Promise<BlockOutcome> {
    const { common } = this.vm;
    const transactions = envelopes.map((raw) => createTxFromRLP(raw, { common }));
    const { number, timestamp, gasLimit, baseFeePerGas, miner } = header;
    const block = createBlock(
      { header: { number, timestamp, gasLimit, baseFeePerGas, coinbase: miner }, transactions },
      { common },
    );
    const result = await runBlock(this.vm, {
      block,
      root: this.root,
      generate: true,
      skipBlockValidation: true,
    });
    return { gasUsed: result.results.map(({ totalGasSpent }) => totalGasSpent) };
  }

  /** Lets later runs start from the state after the newest run. */
  async keep(): Promise<void> {
    this.root = await this.vm.stateManager.getStateRoot();
  }

  /** An account after the newest run. */
  async account(address: Address): Promise<AccountView | undefined> {
    const found = await this.vm.stateManager.getAccount(createAddressFromString(address));
    if (found === undefined) return undefined;
    const { nonce, balance } = found;
    return {
      nonce,
      balance,
      codeHash: bytesToHex(found.codeHash),
      storageRoot: bytesToHex(found.storageRoot),
    };
  }
}
