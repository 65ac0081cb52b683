import type { Block, BlockHeader } from "../../node/chain/types/block.ts";
import type { Hash } from "../../node/chain/types/primitives.ts";
import type { AncestorHash } from "../../node/execution/evm/executor.ts";

/** Headers by hash: tells an executor the hashes of a block's ancestors, as a node's store does. */
export class Ancestors {
  private readonly headers = new Map<Hash, BlockHeader>();

  constructor(...blocks: readonly Block[]) {
    for (const block of blocks) this.add(block);
  }

  add({ hash, header }: Block): void {
    this.headers.set(hash, header);
  }

  readonly hash: AncestorHash = (number, parent) => {
    let child: BlockHeader | undefined = parent;
    while (child !== undefined && child.number > number + 1n) child = this.headers.get(child.parentHash);
    return child?.parentHash;
  };
}

/** For chains on which no transaction asks for more than the state tells. */
export const NO_ANCESTORS: AncestorHash = () => undefined;
