import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take minutes, most of them waiting for blocks: begun last, one of them would go on alone for as long. */
export const LONGEST = [
  "test/browser/pages.test.ts",
  "test/governance/governance.test.ts",
  "test/e2e/epochs.test.ts",
  "test/circle/circle.test.ts",
  "test/e2e/protocol-commands.test.ts",
  "test/agents/commands.test.ts",
  "test/e2e/devnet.test.ts",
  "test/attacks/attacks.test.ts",
];

/** The longest first, the others in vitest's order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return place < 0 ? LONGEST.length : place;
    };
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
