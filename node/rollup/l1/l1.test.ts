import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, freePort, startAnvil } from "../../../test/harness/anvil.ts";
import type { CodedError } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import { parseL1Block, parseL1Ref } from "./format.ts";
import { createL1Reader } from "./reader.ts";
import { createL1Rpc } from "./rpc.ts";
import { createL1Sender } from "./sender.ts";
import { createL1Watcher, type L1Heads } from "./watcher.ts";

const RECIPIENT = "0x00000000000000000000000000000000000000aa";

describe("against anvil", () => {
  let anvil: Anvil;
  const controller = new AbortController();

  beforeAll(async () => {
    anvil = await startAnvil();
  });
  afterAll(async () => {
    controller.abort();
    await anvil.kill();
  });

  const sender = (resubmitMs = 60_000, key = 0) =>
    createL1Sender({
      rpc: anvil.rpc,
      privateKey: ANVIL_KEYS[key]!,
      chainId: 900n,
      logger: silentLogger,
      signal: controller.signal,
      pollMs: 20,
      resubmitMs,
    });

  /** Waits until a transaction is in L1's pool: a busy machine takes its time. */
  const pooled = async () => {
    while (((await anvil.rpc("txpool_status", [])) as { pending: string }).pending === "0x0") await sleep(20);
  };

  test("reads a block with its transactions and receipts, linked to its parent", async () => {
    const sent = sender().send({ to: RECIPIENT, data: "0x0102", value: 5n });
    await pooled();
    await anvil.mine();
    const { blockNumber, hash, status } = await sent;
    const reader = createL1Reader(anvil.rpc);
    const block = await reader.blockByNumber(blockNumber);
    const parent = await reader.refByNumber(blockNumber - 1n);
    expect(status).toBe(1);
    expect(block?.parentHash).toBe(parent?.hash);
    expect(block?.transactions).toEqual([
      { hash, type: 2, from: sender().address, to: RECIPIENT, input: Uint8Array.of(1, 2) },
    ]);
    expect(block?.receipts).toEqual([{ status: 1, logs: [] }]);
    expect(await reader.blockByNumber(blockNumber + 1n)).toBeUndefined();
    expect(await reader.chainId()).toBe(900n);
  });

  test("sends several transactions in order, one nonce each", async () => {
    const from = sender();
    const sent = [1n, 2n, 3n].map((value) => from.send({ to: RECIPIENT, data: "0x", value }));
    const mining = setInterval(() => void anvil.mine(), 50);
    const numbers = (await Promise.all(sent)).map((result) => result.blockNumber);
    clearInterval(mining);
    expect(numbers).toEqual([...numbers].sort((a, b) => Number(a - b)));
    expect(new Set(numbers).size).toBe(3);
  });

  test("sends again when L1 drops a transaction", async () => {
    const sent = sender(300, 1).send({ to: RECIPIENT, data: "0x" });
    await pooled();
    await anvil.rpc("anvil_dropAllTransactions", []);
    await pooled();
    await anvil.mine();
    expect((await sent).status).toBe(1);
  });

  test("says why L1 refuses a transaction", async () => {
    const poor = createL1Sender({
      rpc: anvil.rpc,
      privateKey: `0x${"11".repeat(32)}`,
      chainId: 900n,
      logger: silentLogger,
      signal: controller.signal,
    });
    await expect(poor.send({ to: RECIPIENT, data: "0x", value: 1n })).rejects.toMatchObject({
      code: "L1_SEND_FAILED",
    });
  });

  test("follows the head and tells of a shorter chain", async () => {
    const heads: L1Heads[] = [];
    const reader = createL1Reader(anvil.rpc);
    const watcher = createL1Watcher({
      reader,
      logger: silentLogger,
      signal: controller.signal,
      pollMs: 20,
    });
    watcher.subscribe((head) => heads.push(head));
    void watcher.run();
    const seen = (number: bigint) =>
      expect.poll(() => heads.at(-1)?.latest.number, { timeout: 20_000 }).toBe(number);
    await anvil.mine();
    const before = BigInt((await anvil.rpc("eth_blockNumber", [])) as string);
    await seen(before);
    await anvil.rpc("anvil_rollback", [2]);
    await seen(before - 2n);
  });
});

describe("trouble", () => {
  test("an L1 that does not answer", async () => {
    const rpc = createL1Rpc({ url: `http://127.0.0.1:${await freePort()}/secret-key` });
    const error = await rpc("eth_chainId", []).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "L1_UNAVAILABLE", facts: { method: "eth_chainId" } });
    expect(JSON.stringify((error as CodedError).facts)).not.toContain("secret-key");
  });

  test("an L1 that answers garbage", async () => {
    const port = await freePort();
    const server = createServer((_, response) => response.end("<html>"));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await expect(createL1Rpc({ url: `http://127.0.0.1:${port}` })("eth_chainId", [])).rejects.toMatchObject({
      code: "L1_UNAVAILABLE",
    });
    server.close();
  });

  const hash = (byte: string) => `0x${byte.repeat(32)}`;
  const tx = { hash: hash("02"), type: "0x2", from: RECIPIENT, to: null, input: "0x" };
  const block = {
    hash: hash("01"),
    number: "0x1",
    parentHash: hash("00"),
    timestamp: "0x2",
    baseFeePerGas: "0x7",
    mixHash: hash("03"),
    transactions: [tx],
  };
  const receipt = { status: "0x1", transactionHash: hash("02"), blockHash: hash("01"), logs: [] };

  test("blocks and receipts that do not belong together are refused", () => {
    expect(parseL1Block(block, [receipt]).transactions[0]?.to).toBeUndefined();
    const bad: [unknown, unknown][] = [
      [block, []],
      [block, [{ ...receipt, blockHash: hash("09") }]],
      [block, [{ ...receipt, transactionHash: hash("09") }]],
      [{ ...block, number: "12" }, [receipt]],
      [{ ...block, hash: "0x01" }, [receipt]],
      [{ ...block, transactions: [hash("02")] }, [receipt]],
      ["block", [receipt]],
    ];
    for (const [one, two] of bad) {
      expect(() => parseL1Block(one, two)).toThrow(expect.objectContaining({ code: "L1_RESPONSE_INVALID" }));
    }
    expect(parseL1Ref(null)).toBeUndefined();
  });
});
