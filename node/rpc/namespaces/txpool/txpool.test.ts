import { beforeEach, describe, expect, test } from "vitest";
import { type Ask, askOf } from "../../../../test/support/ask.ts";
import { hashOf, PoolFixture, poolAccount, poolTransfer } from "../../../../test/support/pool-fixture.ts";
import { createSmallChain } from "../../../../test/support/small-chain.ts";
import { bytesToHex } from "../../../base/bytes.ts";

/** Signed without EIP-155, nonce 0. */
const UNPROTECTED =
  "0xf864808502540be40082520894a0ee7a142d267c1f36714e4a8f75612f20a7972080801ba06571447384dc4de29378c32d55abf9e1fa4f9821370d9468a65ec9ebbf26e4caa0638fa7276df5375fabb45a48e1e54d1de18f318a34183210a18e3454473d1756";
/** Signed for chain 1. */
const OF_MAINNET =
  "0x02f8670180018502540be40082520894a0ee7a142d267c1f36714e4a8f75612f20a797208080c080a0b8d492d98e50c56573017823a06e0e26a6fa02610ea48ada776c3afbaad5d986a001e29cc24136b143f038215477324c40b338700cc26496a17498a050762c62a3";

describe("txpool", () => {
  const small = createSmallChain();
  let fixture: PoolFixture;
  let ask: Ask;

  beforeEach(() => {
    fixture = new PoolFixture();
    ask = askOf(small, { pool: fixture.pool });
  });

  test("answers in geth's forms", async () => {
    const creation = { to: undefined, gas: 100_000n, data: "0x00" };
    const raws = [
      await poolTransfer(1, 0),
      await poolTransfer(1, 1, "1", creation),
      await poolTransfer(1, 10),
      await poolTransfer(2, 7),
    ];
    await fixture.add(...raws);
    expect((await ask("txpool_status")).result).toEqual({ pending: "0x2", queued: "0x2" });
    const [one, two] = [poolAccount(1).address, poolAccount(2).address];
    const to = "0x00000000000000000000000000000000000000AA";
    const line = `${to}: 1 wei + 21000 gas × 2000000000 wei`;
    expect((await ask("txpool_inspect")).result).toEqual({
      pending: { [one]: { 0: line, 1: "contract creation: 1 wei + 100000 gas × 2000000000 wei" } },
      queued: { [one]: { 10: line }, [two]: { 7: line } },
    });
    const { pending, queued } = (await ask("txpool_content")).result;
    expect(Object.keys(pending)).toEqual([one]);
    expect(pending[one][0]).toEqual((await ask("eth_getTransactionByHash", hashOf(raws[0]!))).result);
    expect(pending[one][0]).toMatchObject({ hash: hashOf(raws[0]!), nonce: "0x0", blockHash: null });
    expect(queued[two][7]).toMatchObject({ hash: hashOf(raws[3]!), blockNumber: null });
    const from = (await ask("txpool_contentFrom", one)).result;
    expect(from).toEqual({ pending: pending[one], queued: queued[one] });
    expect((await ask("txpool_contentFrom", to)).result).toEqual({ pending: {}, queued: {} });
    expect((await ask("txpool_contentFrom", "0x12")).error?.code).toBe(-32602);
  });

  test("a transaction that is valid on every chain is refused, whatever its nonce", async () => {
    for (const raw of [UNPROTECTED, bytesToHex(await unprotected(99))]) {
      const { error } = await ask("eth_sendRawTransaction", raw);
      expect(error).toMatchObject({
        code: -32000,
        message: "only replay-protected (EIP-155) transactions allowed over RPC",
      });
    }
    const rules = { l2ChainId: 901n, allowUnprotected: true };
    const open = new PoolFixture({ rules });
    const { result } = await askOf(small, { pool: open.pool })("eth_sendRawTransaction", UNPROTECTED);
    expect(open.held()).toEqual(new Set([result]));
  });

  test("one that is signed for another chain is told both chain ids", async () => {
    const eip155 = await poolTransfer(1, 0, "1", { ...LEGACY, chainId: 10 });
    for (const [raw, chain] of [
      [OF_MAINNET, 1],
      [bytesToHex(eip155), 10],
    ]) {
      expect((await ask("eth_sendRawTransaction", raw)).error).toMatchObject({
        code: -32000,
        message: `invalid sender: invalid chain id for signer: have ${chain} want 901`,
      });
    }
  });
});

const LEGACY = {
  type: "legacy",
  gasPrice: 10n ** 10n,
  maxFeePerGas: undefined,
  maxPriorityFeePerGas: undefined,
};

function unprotected(nonce: number): Promise<Uint8Array> {
  return poolTransfer(1, nonce, "1", { ...LEGACY, chainId: undefined });
}
