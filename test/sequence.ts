import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Takes a quarter of an hour: begun last, it would go on alone for as long. Beside it go short ones, which leave its devnet a processor. */
export const LONGEST = "test/browser/pages.test.ts";

/** Take minutes too, most of them waiting for blocks: last, beside each other, the longest first. */
export const WAITING = [
  "test/governance/governance.test.ts",
  "test/e2e/epochs.test.ts",
  "test/circle/circle.test.ts",
  "test/e2e/protocol-commands.test.ts",
  "test/agents/commands.test.ts",
  "test/e2e/devnet.test.ts",
  "test/attacks/attacks.test.ts",
];

/**
 * Each has a process of its own: they look at its processor time or memory, put something in a module's place, or use a client library
 * that goes on asking after its test.
 */
export const ALONE = [
  "native/js/formats.test.ts",
  "node/ai/model/gguf.test.ts",
  "node/ai/template/template.test.ts",
  "node/api/factory-routes.test.ts",
  "node/chain/codec/transaction-hostile.test.ts",
  "node/execution/evm/block-executor.test.ts",
  "node/rpc/door/door-thread.test.ts",
  "node/store/block-codec.test.ts",
  "test/clients/ethers.test.ts",
  "test/clients/otterscan.test.ts",
  "test/clients/web3.test.ts",
];

/** Begins with the longest, and takes those that wait in the order of their list; the others keep vitest's order. */
export class ByDuration extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const placeOf = ({ moduleId }: TestSpecification) => {
      if (moduleId.endsWith(LONGEST)) return -1;
      return 1 + WAITING.findIndex((name) => moduleId.endsWith(name));
    };
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
