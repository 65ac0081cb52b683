import { setTimeout as sleep } from "node:timers/promises";
import { createWalletClient, http, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../../test/harness/anvil.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { parseL1Block, parseL1Ref } from "./format.ts";
import { createL1Reader } from "./reader.ts";
import type { L1Rpc } from "./rpc.ts";
import { verifyHeader, verifyL1Block } from "./verify.ts";

const INBOX: Address = `0x${"1b".repeat(20)}`;
/** Init code: on creation it logs twice and leaves no code. */
const LOGS_TWICE: Hex = "0x3060205fa13060205fa15f5ff3";

type Json = Record<string, unknown> & { transactions: Record<string, unknown>[] };
type Receipts = (Record<string, unknown> & { logs: Record<string, unknown>[] })[];

let anvil: Anvil;
let block: Json;
let receipts: Receipts;

beforeAll(async () => {
  anvil = await startAnvil();
  const [from, other] = ANVIL_KEYS.map((key) => privateKeyToAccount(key));
  const client = createWalletClient({ account: from!, transport: http(anvil.url) });
  const authorization = await other!.signAuthorization({ chainId: 900, address: INBOX, nonce: 0 });
  const accessList = [{ address: INBOX, storageKeys: [`0x${"07".repeat(32)}`] as const }];
  const gas = { gas: 200_000n, chain: null };
  const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };
  const sent = [
    { ...gas, type: "legacy", to: INBOX, data: "0x01", gasPrice: 10n ** 10n, nonce: 0 },
    { ...gas, type: "eip2930", to: INBOX, accessList, gasPrice: 10n ** 10n, nonce: 1 },
    { ...gas, ...fees, type: "eip1559", to: INBOX, value: parseEther("1"), data: "0x0203", nonce: 2 },
    { ...gas, ...fees, type: "eip7702", to: INBOX, authorizationList: [authorization], nonce: 3 },
    { ...gas, ...fees, type: "eip1559", data: LOGS_TWICE, nonce: 4 },
  ] as const;
  for (const request of sent) await client.sendTransaction(request as never);
  while (((await anvil.rpc("txpool_status", [])) as { pending: Hex }).pending !== "0x5") await sleep(20);
  await anvil.mine();
  block = (await anvil.rpc("eth_getBlockByNumber", ["0x1", true])) as Json;
  receipts = (await anvil.rpc("eth_getBlockReceipts", ["0x1"])) as Receipts;
});
afterAll(() => anvil.kill());

const copy = () => structuredClone({ block, receipts });
const verify = (each: { block: Json; receipts: Receipts }) =>
  verifyL1Block(each.block, each.receipts, parseL1Block(each.block, each.receipts), INBOX);
const lie = expect.objectContaining({ code: "L1_RESPONSE_INVALID", severity: "temporary" });

describe("what an L1 node answers", () => {
  test("is taken as it is when it is true, with every type of transaction", () => {
    expect(block.transactions.map(({ type }) => type)).toEqual(["0x0", "0x1", "0x2", "0x4", "0x2"]);
    expect(receipts.flatMap(({ logs }) => logs)).toHaveLength(2);
    verify(copy());
  });

  test.each([
    "parentHash",
    "mixHash",
    "stateRoot",
    "timestamp",
    "baseFeePerGas",
    "number",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "hash",
  ])("is refused with another %s", (field) => {
    const changed = copy();
    const text = block[field] as string;
    changed.block[field] = text.slice(0, -1) + (text.endsWith("1") ? "2" : "1");
    for (const receipt of changed.receipts) receipt.blockHash = changed.block.hash;
    expect(() => verifyHeader(changed.block)).toThrowError(lie);
    expect(() => verify(changed)).toThrowError(lie);
  });

  test.each<[string, (changed: { block: Json; receipts: Receipts }) => unknown]>([
    ["other calldata", ({ block: { transactions } }) => Object.assign(transactions[0]!, { input: "0x02" })],
    [
      "another sender to the inbox",
      ({ block: { transactions } }) => Object.assign(transactions[2]!, { from: INBOX }),
    ],
    [
      "another sender of a legacy one",
      ({ block: { transactions } }) => Object.assign(transactions[0]!, { from: INBOX }),
    ],
    ["another value", ({ block: { transactions } }) => Object.assign(transactions[2]!, { value: "0x7" })],
    [
      "another recipient",
      ({ block: { transactions } }) => Object.assign(transactions[1]!, { to: `0x${"ab".repeat(20)}` }),
    ],
    [
      "another transaction hash",
      (changed) => {
        const hash = `0x${"ab".repeat(32)}`;
        changed.block.transactions[0]!.hash = hash;
        changed.receipts[0]!.transactionHash = hash;
      },
    ],
    [
      "a transaction less",
      (changed) => {
        changed.block.transactions.pop();
        changed.receipts.pop();
      },
    ],
    ["another status", (changed) => Object.assign(changed.receipts[1]!, { status: "0x0" })],
    [
      "other log data",
      (changed) => Object.assign(changed.receipts[4]!.logs[0]!, { data: `0x${"01".repeat(32)}` }),
    ],
    ["another log address", (changed) => Object.assign(changed.receipts[4]!.logs[1]!, { address: INBOX })],
    ["a log less", (changed) => changed.receipts[4]!.logs.pop()],
    [
      "a log with another index",
      (changed) => Object.assign(changed.receipts[4]!.logs[1]!, { logIndex: "0x5" }),
    ],
    [
      "a type of transaction that nobody knows",
      ({ block: { transactions } }) => Object.assign(transactions[0]!, { type: "0x6" }),
    ],
  ])("is refused with %s", (_, change) => {
    const changed = copy();
    change(changed);
    expect(() => verify(changed)).toThrowError(lie);
  });
});

describe("a reader of several endpoints", () => {
  /** The anvil behind an endpoint that changes some answers. */
  const through =
    (change: (method: string, answer: unknown) => unknown, calls: string[] = []): L1Rpc =>
    async (method, params) => {
      calls.push(method);
      return change(method, structuredClone(await anvil.rpc(method, params)));
    };
  const lying = (calls?: string[]) =>
    through((method, answer) => {
      if (method === "eth_getBlockReceipts") (answer as Receipts)[4]!.logs[0]!.data = `0x${"01".repeat(32)}`;
      return answer;
    }, calls);

  test("takes a block from the second one where the first lies about a receipt", async () => {
    const calls: string[] = [];
    const reader = createL1Reader([lying(calls), anvil.rpc], { inbox: INBOX });
    expect(await reader.blockByNumber(1n)).toEqual(parseL1Block(block, receipts));
    const before = calls.length;
    expect(await reader.refByNumber(1n)).toEqual(parseL1Ref(block));
    expect(calls.length).toBe(before);
    await expect(createL1Reader(lying()).blockByNumber(1n)).rejects.toMatchObject({
      code: "L1_RESPONSE_INVALID",
    });
    const trusting = await createL1Reader(lying(), { trust: true }).blockByNumber(1n);
    expect(trusting?.receipts[4]?.logs[0]?.data[0]).toBe(1);
  });

  test("does not take another block than the one that it asked for", async () => {
    const other: L1Rpc = async (method, params) =>
      method.startsWith("eth_getBlockBy")
        ? anvil.rpc("eth_getBlockByNumber", ["0x0", params[1]])
        : anvil.rpc(method, params);
    const reader = createL1Reader(other);
    const refused = { code: "L1_RESPONSE_INVALID", message: expect.stringContaining("when asked for block") };
    await expect(reader.refByNumber(1n)).rejects.toMatchObject(refused);
    await expect(reader.blockByNumber(1n)).rejects.toMatchObject(refused);
    await expect(reader.blockByHash(block.hash as Hex)).rejects.toMatchObject(refused);
  });

  test("asks the others for a block that some endpoint must have", async () => {
    const behind = through((method, answer) => (method === "eth_getBlockByNumber" ? null : answer));
    const reader = createL1Reader([behind, anvil.rpc]);
    expect(await reader.refByNumber(1n)).toBeUndefined();
    await createL1Reader(anvil.rpc).label("latest");
    const named = createL1Reader([
      through((method, answer) =>
        method === "eth_getBlockByNumber" &&
        (answer as Json)?.transactions?.length === 5 &&
        typeof (answer as Json).transactions[0] === "object"
          ? null
          : answer,
      ),
      anvil.rpc,
    ]);
    expect((await named.label("latest"))?.number).toBe(1n);
    expect((await named.blockByNumber(1n))?.hash).toBe(block.hash);
  });

  test("reads receipts one by one from a node that has no method for a block's", async () => {
    const one = through((_, answer) => answer);
    const old: L1Rpc = async (method, params) =>
      one(method === "eth_getBlockReceipts" ? "eth_noSuchMethod" : method, params);
    expect(await createL1Reader(old).blockByNumber(1n)).toEqual(parseL1Block(block, receipts));
  });

  test("gives a block that it has read again by its hash without a call", async () => {
    const calls: string[] = [];
    const reader = createL1Reader(through((_, answer) => answer, calls));
    const read = await reader.blockByNumber(1n);
    calls.length = 0;
    expect(await reader.blockByHash(block.hash as Hex)).toBe(read);
    expect(calls).toEqual([]);
  });
});
