import { JsonRpcProvider, toBeHex } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChainReader } from "../../node/app/readers.ts";
import { createStateReader } from "../../node/execution/evm/state-reader.ts";
import { nodeRpcMethods } from "../../node/rpc/node-methods.ts";
import { createRpcServer, type RpcServer } from "../../node/rpc/server.ts";
import { createDiskChain, type DiskChain } from "../support/disk-chain.ts";
import { SENDER, signed } from "../support/small-chain.ts";
import { REVERTS } from "./fixture.ts";

/** Makes a contract with the call's value, by CREATE. */
const FACTORY = `0x${"fa".repeat(20)}` as const;
const REVERT_DATA = `0x08c379a0${toBeHex(32, 32).slice(2)}${toBeHex(2, 32).slice(2)}6e6f${"00".repeat(30)}`;
const RECIPIENT = `0x${"ee".repeat(20)}` as const;
const PAGE = 25;

let disk: DiskChain;
let server: RpcServer;
let provider: JsonRpcProvider;
/** What a transaction of block `number` is called; after the L1 attributes. */
const hashAt = async (number: number, index = 1) =>
  (await disk.small.chain.blockByNumber(BigInt(number)))!.transactions[index]!.hash;

beforeAll(async () => {
  disk = await createDiskChain({
    accounts: [
      { address: FACTORY, codeHex: "0x6360015ff35f526004601c34f000" },
      {
        address: REVERTS,
        codeHex: "0x6308c379a060e01b5f5260206004526002602452616e6f60f01b60445260645ffd",
      },
    ],
  });
  await disk.advance([await signed({ nonce: 0, to: FACTORY, value: 7n })]);
  await disk.advance([await signed({ nonce: 1, to: null, data: "0x60015ff3" })]);
  await disk.advance([await signed({ nonce: 2, to: REVERTS })]);
  for (let block = 0, nonce = 3; block < 5; block++, nonce += 10) {
    const ten = Array.from({ length: 10 }, (_, i) => signed({ nonce: nonce + i, to: RECIPIENT, value: 1n }));
    await disk.advance(await Promise.all(ten));
  }
  await disk.store.addressIndex.extend(8n);
  const { small, store } = disk;
  const head = () => small.chain.head();
  const engine = {
    heads: () => ({ unsafe: head(), safe: head(), finalized: head() }),
    subscribe: () => () => undefined,
  };
  server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods: nodeRpcMethods({
      chain: createChainReader(store, engine, true),
      state: createStateReader(store.state),
      simulator: disk.startPool(),
      rollup: small.rollup,
      version: "openledger/test",
    }),
  });
  // As Otterscan does: calls of one turn go out as one batch.
  provider = new JsonRpcProvider(server.httpUrl, undefined, { staticNetwork: true });
}, 120_000);
afterAll(async () => {
  provider.destroy();
  await server.close();
  await disk.close();
});

describe("Otterscan", { timeout: 120_000 }, () => {
  it("starts, and follows the head by numbers in JSON", async () => {
    const [number, header, level, network] = await Promise.all([
      provider.getBlockNumber(),
      provider.send("erigon_getHeaderByNumber", ["latest"]),
      provider.send("ots_getApiLevel", []),
      provider.getNetwork(),
    ]);
    expect([number, level, network.chainId]).toEqual([8, 8, 901n]);
    expect(await provider.send("erigon_getHeaderByNumber", [number])).toEqual(header);
    expect(header).toMatchObject({ number: "0x8", hash: disk.small.chain.head().hash });
    expect(await provider.send("erigon_getHeaderByNumber", [9])).toBeNull();
  });

  it("shows a block, by number and by hash, with its fees", async () => {
    const byNumber = await provider.send("ots_getBlockDetails", [1]);
    expect(await provider.send("ots_getBlockDetailsByHash", [byNumber.block.hash])).toEqual(byNumber);
    const receipts = await Promise.all(
      [0, 1].map(async (i) => provider.getTransactionReceipt(await hashAt(1, i))),
    );
    expect(byNumber.block).toMatchObject({ number: "0x1", transactionCount: 2, logsBloom: null });
    expect(byNumber.block).not.toHaveProperty("transactions");
    expect(BigInt(byNumber.totalFees)).toBe(receipts[1]!.gasUsed * receipts[1]!.gasPrice);
    expect(BigInt(byNumber.gasUsedDepositTx)).toBe(receipts[0]!.gasUsed);
    expect(await provider.send("ots_getBlockDetails", [9])).toBeNull();
  });

  it("lists a block's transactions in pages from its end", async () => {
    const page = (number: number, size: number) =>
      provider.send("ots_getBlockTransactions", [4, number, size]);
    const hashes = (answer: { fullblock: { transactions: { hash: string }[] } }) =>
      answer.fullblock.transactions.map(({ hash }) => hash);
    const block = (await disk.small.chain.blockByNumber(4n))!;
    const all = block.transactions.map(({ hash }) => hash);
    const first = await page(0, 4);
    expect(hashes(first)).toEqual(all.slice(7));
    expect(first.receipts.map((receipt: { transactionHash: string }) => receipt.transactionHash)).toEqual(
      all.slice(7),
    );
    expect(first.receipts[0]).toMatchObject({ logs: null, logsBloom: null, status: "0x1" });
    expect(hashes(await page(2, 4))).toEqual(all.slice(0, 3));
    expect(hashes(await page(3, 4))).toEqual([]);
    const [deposit] = (await page(0, PAGE)).fullblock.transactions;
    expect(deposit.input).toHaveLength(10);
  });

  it("shows a transaction's calls, operations and error", async () => {
    const [made, failed] = [await hashAt(1), await hashAt(3)];
    const child = (await provider.send("ots_getInternalOperations", [made]))[0].to;
    const factory = expect.objectContaining({ type: 2, from: FACTORY, value: "0x7" });
    expect(await provider.send("ots_getInternalOperations", [made])).toEqual([factory]);
    const from = SENDER.address.toLowerCase();
    expect(await provider.send("ots_traceTransaction", [made])).toEqual([
      { type: "CALL", depth: 0, from, to: FACTORY, value: "0x7", input: "0x", output: "0x" },
      {
        type: "CREATE",
        depth: 1,
        from: FACTORY,
        to: child,
        value: "0x7",
        input: "0x60015ff3",
        output: "0x00",
      },
    ]);
    expect(await provider.send("ots_getTransactionError", [made])).toBe("0x");
    expect(await provider.send("ots_getTransactionError", [failed])).toBe(REVERT_DATA);
    expect(await provider.send("ots_getInternalOperations", [failed])).toEqual([]);
    expect(await provider.send("ots_hasCode", [child, "latest"])).toBe(true);
    expect(await provider.send("ots_hasCode", [child, 0])).toBe(false);
    expect(await provider.send("ots_hasCode", [RECIPIENT, "latest"])).toBe(false);
  });

  it("finds who made a contract, directly or by another contract, and nobody of genesis's", async () => {
    const creator = (address: string) => provider.send("ots_getContractCreator", [address]);
    const child = (await provider.send("ots_getInternalOperations", [await hashAt(1)]))[0].to;
    expect(await creator(child)).toEqual({ hash: await hashAt(1), creator: FACTORY });
    const made = (await provider.getTransactionReceipt(await hashAt(2)))!.contractAddress!;
    expect(await creator(made)).toEqual({ hash: await hashAt(2), creator: SENDER.address.toLowerCase() });
    expect(await creator(FACTORY)).toBeNull();
    expect(await creator(RECIPIENT)).toBeNull();
  });

  it("finds a transaction by its sender and nonce", async () => {
    const find = (nonce: number) =>
      provider.send("ots_getTransactionBySenderAndNonce", [SENDER.address, nonce]);
    expect(await Promise.all([0, 2, 14].map(find))).toEqual([
      await hashAt(1),
      await hashAt(3),
      await hashAt(5, 2),
    ]);
    expect(await find(53)).toBeNull();
    expect(await provider.send("ots_getTransactionBySenderAndNonce", [RECIPIENT, 0])).toBeNull();
  });

  it("pages through an address's transactions, newest first, both ways to the same end", async () => {
    type Page = {
      txs: { blockNumber: string; hash: string }[];
      receipts: { timestamp: number; transactionHash: string }[];
      firstPage: boolean;
      lastPage: boolean;
    };
    const page = (way: string, bound: number): Promise<Page> =>
      provider.send(`ots_searchTransactions${way}`, [RECIPIENT, bound, PAGE]);
    const numbers = ({ txs }: Page) => txs.map(({ blockNumber }) => Number(blockNumber));
    const first = await page("Before", 0);
    // Whole blocks: 30 where 25 were asked for.
    expect(numbers(first)).toEqual([8, 7, 6].flatMap((number) => Array(10).fill(number)));
    expect([first.firstPage, first.lastPage]).toEqual([true, false]);
    expect(first.txs[0]!.hash).toBe(await hashAt(8, 10));
    expect(first.receipts.map(({ transactionHash }) => transactionHash)).toEqual(
      first.txs.map(({ hash }) => hash),
    );
    expect(first.receipts[0]!.timestamp).toBe(Number(disk.small.head.timestamp));
    const second = await page("Before", 6);
    expect(numbers(second)).toEqual([5, 4].flatMap((number) => Array(10).fill(number)));
    expect([second.firstPage, second.lastPage]).toEqual([false, true]);
    const oldest = await page("After", 0);
    expect(numbers(oldest)).toEqual([6, 5, 4].flatMap((number) => Array(10).fill(number)));
    expect([oldest.firstPage, oldest.lastPage]).toEqual([false, true]);
    const newest = await page("After", 6);
    expect(numbers(newest)).toEqual([8, 7].flatMap((number) => Array(10).fill(number)));
    expect([newest.firstPage, newest.lastPage]).toEqual([true, false]);
  });
});
