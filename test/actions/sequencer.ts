import { l2BlockRefFromBlock, systemConfigFromBlock } from "../../node/chain/system-config.ts";
import type { Block } from "../../node/chain/types/block.ts";
import type { L1ChainConfig, RollupConfig } from "../../node/chain/types/rollup.ts";
import { buildAttributes } from "../../node/rollup/derivation/attributes.ts";
import type { Miner } from "./miner.ts";
import type { BuildBlock } from "./verifier.ts";

export interface SequencerOptions {
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  genesis: Block;
  build: BuildBlock;
  miner: Miner;
}

/** Builds unsafe blocks by hand; takes the next L1 origin as soon as L2 time allows. */
export class Sequencer {
  private readonly options: SequencerOptions;
  private chain: Block[];

  constructor(options: SequencerOptions) {
    this.options = options;
    this.chain = [options.genesis];
  }

  get unsafe(): Block {
    return this.chain.at(-1)!;
  }

  readonly at = (number: bigint | number): Block | undefined => this.chain[Number(number)];

  /** Builds one block with these signed transactions. */
  async build(...transactions: Uint8Array[]): Promise<Block> {
    const { rollup, l1Chain, miner, build } = this.options;
    const parent = this.unsafe;
    const ref = l2BlockRefFromBlock(parent, rollup);
    const next = miner.at(ref.l1Origin.number + 1n);
    const adopts = next !== undefined && ref.timestamp + rollup.blockTime >= next.timestamp;
    const origin = adopts ? next : miner.at(ref.l1Origin.number)!;
    const safeHead = { ref, systemConfig: systemConfigFromBlock(parent, rollup) };
    const required = buildAttributes({ rollup, l1Chain, parent: safeHead, origin });
    const { block } = await build(parent, {
      ...required,
      transactions: [...required.transactions, ...transactions],
    });
    this.chain.push(block);
    return block;
  }

  async buildMany(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.build();
  }

  /** Goes on from that block of another chain. */
  adopt(chain: readonly Block[]): void {
    this.chain = [...chain];
  }
}
