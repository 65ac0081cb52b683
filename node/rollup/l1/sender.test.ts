import { parseTransaction, type TransactionSerializedEIP1559 } from "viem";
import { afterEach, describe, expect, test } from "vitest";
import { ANVIL_KEYS } from "../../../test/harness/anvil.ts";
import { hexToBytes } from "../../base/bytes.ts";
import { CodedError } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import { keccakHash } from "../../chain/crypto.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import { createL1Sender, type L1SenderOptions } from "./sender.ts";

const INBOX = "0x00000000000000000000000000000000000000aa";
const GWEI = 1_000_000_000n;
const hex = (value: bigint) => `0x${value.toString(16)}`;

/** An L1 that mines only when it is told to. */
class ScriptedL1 {
  baseFee = 10n * GWEI;
  tip: bigint | undefined = 2n * GWEI;
  away = false;
  nonce = 0n;
  /** So many questions for a receipt have no answer after it was mined. */
  receiptsLate = 0;
  readonly sent: { hash: Hash; nonce: bigint; maxFee: bigint; tip: bigint }[] = [];
  readonly mined = new Map<Hash, number>();

  readonly rpc = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (this.away) throw new CodedError("L1_UNAVAILABLE", "temporary", { message: "away" });
    if (method === "eth_getTransactionCount") return hex(this.nonce);
    if (method === "eth_estimateGas") return hex(30_000n);
    if (method === "eth_getBlockByNumber") return { baseFeePerGas: hex(this.baseFee) };
    if (method === "eth_sendRawTransaction") return this.take(params[0] as Hex);
    if (method === "eth_getTransactionReceipt") return this.receipt(params[0] as Hash);
    if (method === "eth_maxPriorityFeePerGas" && this.tip !== undefined) return hex(this.tip);
    throw new CodedError("L1_RPC_ERROR", "temporary", {
      message: "no",
      facts: { reason: `the method ${method} does not exist`, rpcCode: -32601 },
    });
  };

  /** Mines the dearest transaction of each waiting nonce; at most `count` nonces. */
  mine(count = 100): void {
    for (let done = 0; done < count; done++) {
      const best = this.sent.filter(({ nonce }) => nonce === this.nonce).at(-1);
      if (best === undefined) return;
      this.mined.set(best.hash, done);
      this.nonce++;
    }
  }

  private take(raw: Hex): Hash {
    const { nonce, maxFeePerGas, maxPriorityFeePerGas } = parseTransaction(
      raw as TransactionSerializedEIP1559,
    );
    const hash = keccakHash(hexToBytes(raw));
    this.sent.push({ hash, nonce: BigInt(nonce ?? 0), maxFee: maxFeePerGas!, tip: maxPriorityFeePerGas! });
    return hash;
  }

  private receipt(hash: Hash): unknown {
    if (!this.mined.has(hash) || this.receiptsLate-- > 0) return null;
    return {
      blockHash: `0x${"01".repeat(32)}`,
      blockNumber: "0x1",
      status: "0x1",
      gasUsed: "0x7530",
      effectiveGasPrice: hex(this.baseFee),
    };
  }
}

describe("the L1 sender", () => {
  const stop: AbortController[] = [];
  afterEach(() => {
    for (const controller of stop) controller.abort();
  });
  const senderOn = (l1: ScriptedL1, more: Partial<L1SenderOptions> = {}) => {
    const controller = new AbortController();
    stop.push(controller);
    return createL1Sender({
      rpc: l1.rpc,
      privateKey: ANVIL_KEYS[0],
      chainId: 900n,
      logger: silentLogger,
      signal: controller.signal,
      pollMs: 1,
      resubmitMs: 2,
      ...more,
    });
  };
  const until = (condition: () => boolean) =>
    expect.poll(condition, { timeout: 5_000, interval: 2 }).toBe(true);

  test("never offers more than five times what L1 suggests, however long L1 makes no blocks", async () => {
    const l1 = new ScriptedL1();
    const sending = senderOn(l1).send({ to: INBOX, data: "0x01" });
    await until(() => l1.sent.length > 60);
    expect(l1.sent.every(({ tip }) => tip <= 5n * 2n * GWEI)).toBe(true);
    expect(l1.sent.every(({ maxFee }) => maxFee <= 2n * 5n * 10n * GWEI + 5n * 2n * GWEI)).toBe(true);
    expect(l1.sent.at(-1)!.tip).toBeGreaterThan(l1.sent[0]!.tip);
    l1.mine();
    expect((await sending).status).toBe(1);
  });

  test("asks L1 for the tip, and has one of its own where L1 has no answer", async () => {
    for (const [answer, tip] of [
      [7n * GWEI, 7n * GWEI],
      [1n, GWEI],
      [undefined, GWEI],
    ] as const) {
      const l1 = new ScriptedL1();
      l1.tip = answer;
      const sending = senderOn(l1, { resubmitMs: 60_000 }).send({ to: INBOX, data: "0x01" });
      await until(() => l1.sent.length > 0);
      expect(l1.sent[0]!.tip).toBe(tip);
      l1.mine();
      await sending;
    }
  });

  test("waits while L1's base fee is above the ceiling, then goes on", async () => {
    const l1 = new ScriptedL1();
    l1.baseFee = 10_000n * GWEI;
    const sender = senderOn(l1, { limits: { multiple: 5n, maxBaseFee: 100n * GWEI, maxTip: 3n * GWEI } });
    await expect(sender.send({ to: INBOX, data: "0x01" })).rejects.toMatchObject({
      code: "L1_FEES_TOO_HIGH",
    });
    expect(l1.sent).toEqual([]);
    l1.baseFee = 60n * GWEI;
    const sending = sender.send({ to: INBOX, data: "0x01" });
    await until(() => l1.sent.length > 10);
    // What is on its way stays there; it is not chased beyond the ceiling.
    l1.baseFee = 60_000n * GWEI;
    const before = l1.sent.length;
    await until(() => l1.sent.length > before + 10);
    expect(l1.sent.every(({ maxFee, tip }) => maxFee <= 103n * GWEI && tip <= 3n * GWEI)).toBe(true);
    l1.mine();
    await sending;
  });

  test("sends a group with consecutive nonces before the first of them is mined", async () => {
    const l1 = new ScriptedL1();
    l1.nonce = 5n;
    const group = ["0x01", "0x02", "0x03"].map((data) => ({ to: INBOX, data: data as Hex }) as const);
    const sending = senderOn(l1, { resubmitMs: 60_000 }).sendAll(group);
    await until(() => l1.sent.length === 3);
    expect(l1.sent.map(({ nonce }) => nonce)).toEqual([5n, 6n, 7n]);
    l1.mine();
    expect((await sending).map(({ hash }) => hash)).toEqual(l1.sent.map(({ hash }) => hash));
  });

  test("raises the fees of those of a group that are left", async () => {
    const l1 = new ScriptedL1();
    const group = ["0x01", "0x02"].map((data) => ({ to: INBOX, data: data as Hex }) as const);
    const sending = senderOn(l1, { resubmitMs: 20 }).sendAll(group);
    await until(() => l1.sent.length === 2);
    l1.mine(1);
    await until(() => l1.sent.length > 3);
    expect(l1.sent.slice(2).filter(({ nonce }) => nonce === 0n).length).toBeLessThan(2);
    l1.mine();
    expect(await sending).toHaveLength(2);
  });

  test("knows its transactions again after L1 was away", async () => {
    const l1 = new ScriptedL1();
    const sending = senderOn(l1, { resubmitMs: 60_000 }).send({ to: INBOX, data: "0x01" });
    await until(() => l1.sent.length === 1);
    l1.away = true;
    await new Promise((resolve) => setTimeout(resolve, 30));
    l1.mine();
    l1.away = false;
    expect((await sending).hash).toBe(l1.sent[0]!.hash);
    expect(l1.sent).toHaveLength(1);
  });

  test("says when another program used its nonce", async () => {
    const l1 = new ScriptedL1();
    const sending = senderOn(l1).send({ to: INBOX, data: "0x01" });
    const said = expect(sending).rejects.toMatchObject({ code: "L1_NONCE_MOVED", severity: "temporary" });
    await until(() => l1.sent.length > 0);
    l1.nonce++;
    await said;
  });

  test("waits for a receipt that comes after its nonce has passed", async () => {
    const l1 = new ScriptedL1();
    const sending = senderOn(l1).send({ to: INBOX, data: "0x01" });
    await until(() => l1.sent.length > 0);
    l1.receiptsLate = 2;
    l1.mine();
    await expect(sending).resolves.toMatchObject({ status: 1 });
  });

  test("says so when L1 goes back and loses what came before", async () => {
    const l1 = new ScriptedL1();
    l1.nonce = 3n;
    const sending = senderOn(l1).send({ to: INBOX, data: "0x01" });
    await until(() => l1.sent.length > 0);
    expect(l1.sent[0]!.nonce).toBe(3n);
    // A reorganisation drops two transactions that were mined before: nonce 3 could wait for ever.
    l1.nonce = 1n;
    await expect(sending).rejects.toMatchObject({ code: "L1_NONCE_MOVED" });
  });
});
