import { beforeAll, describe, expect, it } from "vitest";
import { askOf } from "../../test/support/ask.ts";
import { createSmallChain, signed } from "../../test/support/small-chain.ts";

const small = createSmallChain();
const ask = askOf(small);

beforeAll(async () => {
  for (let nonce = 0; nonce < 8; nonce++) {
    await small.advance([await signed({ nonce, maxPriorityFeePerGas: BigInt(nonce) * 1_000n })]);
  }
});

describe("eth_feeHistory", () => {
  it.each([5, "5", "0x5", "0X05", "005"])("takes %j as a number of blocks", async (count) => {
    const { result } = await ask("eth_feeHistory", count, "latest", []);
    expect(result).toMatchObject({ oldestBlock: "0x4", blobGasUsedRatio: [0, 0, 0, 0, 0] });
    expect(result.gasUsedRatio).toHaveLength(5);
    expect(result.baseFeePerGas).toHaveLength(6);
    expect(result).not.toHaveProperty("reward");
  });

  it.each([0, "0", "0x0", ""])("answers nothing for %j blocks", async (count) => {
    const { result } = await ask("eth_feeHistory", count, "latest", []);
    expect(result).toEqual({ oldestBlock: "0x0", gasUsedRatio: null });
  });

  it("counts a pending block as asked for, and stops at genesis and at 1,024", async () => {
    const pending = await ask("eth_feeHistory", 3, "pending", []);
    expect(pending.result.gasUsedRatio).toHaveLength(2);
    const all = await ask("eth_feeHistory", "0xffffffffffffffff", "latest", []);
    expect(all.result.oldestBlock).toBe("0x0");
    expect(all.result.gasUsedRatio).toHaveLength(9);
  });

  it("gives tips at percentiles, the same again from memory", async () => {
    const { result } = await ask("eth_feeHistory", 2, "0x8", [0, 99.5]);
    expect(result.reward).toEqual([
      ["0x0", "0x1770"],
      ["0x0", "0x1b58"],
    ]);
    expect((await ask("eth_feeHistory", 2, "0x8", [0, 99.5])).result).toEqual(result);
    expect((await ask("eth_feeHistory", 1, "0x8", [99])).result.reward).toEqual([["0x1b58"]]);
  });

  it.each([
    [[2, "latest", [50, 50]], -32000, "invalid reward percentile: #0:50.000000 >= #1:50.000000"],
    [[2, "latest", [101]], -32000, "invalid reward percentile: 101.000000"],
    [[2, "latest", Array.from({ length: 101 }, (_, i) => i / 2)], -32000, "over the query limit 100"],
    [[2, "0x9", []], -32000, "request beyond head block: requested 9, head 8"],
    [["five", "latest", []], -32602, "invalid hex or decimal integer"],
    [[1.5, "latest", []], -32602, "invalid hex or decimal integer"],
    [[-1, "latest", []], -32602, "invalid hex or decimal integer"],
    [["0x10000000000000000", "latest", []], -32602, "invalid hex or decimal integer"],
    [[undefined, "latest", []], -32602, "block count"],
  ])("refuses %j with %i", async (params, code, text) => {
    const { error } = await ask("eth_feeHistory", ...params);
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
  });
});
