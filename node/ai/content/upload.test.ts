import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../base/logger.ts";
import { PART_BYTES, PartStates } from "../../chain/content-parts.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { type ContentStore, openContentStore } from "../../store/content/content-store.ts";
import { requireRoom, rpcSink } from "../client/content.ts";
import { contentIdOf, hexOfBytes } from "../codec/hash.ts";
import { contentMethods } from "./methods.ts";
import { Uploads } from "./upload.ts";
import { type Upload, uploadsOf } from "./upload-order.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const OPEN = 10n ** 18n;
const DAY = 86_400;
const CHAIN = { id: 77 };
/** Contents of one byte value each. */
const content = (n: number, length = 100 * KIB) => new Uint8Array(length).fill(n);
const code = (name: string) => expect.objectContaining({ code: name });

describe("uploads", () => {
  let folder: string;
  let store: ContentStore;
  let named: Set<Hash> | undefined;
  let balances: Map<Address, bigint>;
  let now: number;
  let methods: ReturnType<typeof contentMethods>;

  const open = (maxBytes = 1_000 * KIB) => {
    const uploads = new Uploads({
      ...{ store, folder, maxBytes, logger: silentLogger, clock: { now: () => now } },
      isNamed: (hash) => named?.has(hash),
      chain: async () => ({
        chainId: CHAIN.id,
        balanceOf: async (address) => balances.get(address) ?? 0n,
      }),
    });
    methods = contentMethods(store, uploads);
  };
  const rpc = async <T>(method: string, params: readonly unknown[]) => (await methods[method]!(params)) as T;
  const call = <T>(method: string, order: object) => rpc<T>(method, [order]);
  /** An account with so many wei. */
  const account = (balance: bigint): PrivateKeyAccount => {
    const made = privateKeyToAccount(generatePrivateKey());
    balances.set(made.address.toLowerCase() as Address, balance);
    return made;
  };
  const quota = ({ address }: PrivateKeyAccount) =>
    rpc<{ quota: number; held: number }>("openledger_uploadQuota", [address]);
  const put = async (who: PrivateKeyAccount | undefined, bytes: Uint8Array) => {
    const sign = who && uploadsOf(CHAIN, who);
    // The node's clock, not this machine's.
    const timed = sign && ((upload: Upload) => sign({ ...upload, expires: Math.floor(now) + 600 }));
    return rpcSink({ rpc }, timed).put(bytes);
  };
  /** Which of the contents 0 to `count` - 1 are here. */
  const here = async (count: number) => {
    const sizes = Array.from({ length: count }, (_, n) => store.contentSize(contentIdOf(content(n))));
    return (await Promise.all(sizes)).flatMap((size, n) => (size === undefined ? [] : [n]));
  };
  const openingOf = async (who: PrivateKeyAccount, bytes: Uint8Array, expires = Math.floor(now) + 600) =>
    uploadsOf(CHAIN, who)({ hash: contentIdOf(bytes), total: bytes.length, expires });
  /** One part of a content as a sender brings it. */
  const partOf = (bytes: Uint8Array, who: PrivateKeyAccount, i: number) => {
    const made = new PartStates();
    for (let at = 0; at < bytes.length; at += PART_BYTES) made.add(bytes.subarray(at, at + PART_BYTES));
    const offset = i * PART_BYTES;
    return {
      ...{
        hash: contentIdOf(bytes),
        total: bytes.length,
        sender: who.address,
        offset,
        state: made.states[i],
      },
      data: hexOfBytes(bytes.subarray(offset, offset + PART_BYTES)),
    };
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "uploads-"));
    store = await openContentStore(join(folder, "content"));
    named = new Set();
    balances = new Map();
    now = Math.floor(Date.now() / 1000) + 0.5;
    open();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("a stranger who signs nothing, or has nothing on the chain, leaves nothing here", async () => {
    await expect(put(undefined, content(1))).rejects.toThrow(code("UPLOAD_UNSIGNED"));
    await expect(put(account(0n), content(1))).rejects.toThrow(code("UPLOAD_QUOTA"));
    await expect(put(account(OPEN / 2n ** 13n), content(1))).rejects.toThrow(code("UPLOAD_QUOTA"));
    const part = { ...partOf(content(1), account(OPEN), 0), state: undefined };
    await expect(call("openledger_putContent", part)).rejects.toThrow(code("UPLOAD_UNKNOWN"));
    expect(readdirSync(join(folder, "uploads"))).toEqual([]);
    expect(await put(account(OPEN / 2n ** 11n), content(1))).toBe(contentIdOf(content(1)));
  });

  test("only the sender's own signature opens, for that content, on this chain, while it holds", async () => {
    const who = account(OPEN);
    const good = await openingOf(who, content(1));
    const other = uploadsOf({ id: 78 }, who);
    const wrong = [
      { ...good, sender: account(OPEN).address },
      { ...good, hash: contentIdOf(content(2)) },
      { ...good, total: good.total - 1 },
      { ...good, signature: `0x${"11".repeat(65)}` },
      await other(good),
      await openingOf(who, content(1), Math.floor(now)),
      await openingOf(who, content(1), Math.floor(now) + DAY),
    ];
    for (const order of wrong)
      await expect(call("openledger_openUpload", order)).rejects.toThrow(code("UPLOAD_SIGNATURE"));
    expect(await call("openledger_openUpload", good)).toEqual({ here: false, from: good.total });
  });

  test("what is here already is free for everybody, and so is what the chain names", async () => {
    const [first, second] = [account(OPEN), account(0n)];
    await put(first, content(1));
    const order = { hash: contentIdOf(content(1)), total: content(1).length };
    expect(await call("openledger_openUpload", order)).toEqual({ here: true, from: 0 });
    expect(await put(second, content(1))).toBe(order.hash);
    expect([(await quota(first)).held, (await quota(second)).held]).toEqual([100 * KIB, 0]);
    named!.add(contentIdOf(content(2)));
    expect(await put(undefined, content(2))).toBe(contentIdOf(content(2)));
    named!.add(order.hash);
    expect((await quota(first)).held).toBe(0);
  });

  test("an account's room goes by its OPEN; a day long nothing of it gives way to another of its own", async () => {
    // 256 MiB an OPEN: three contents.
    const who = account((OPEN * 320n) / (256n * 1024n));
    for (const n of [0, 1, 2]) {
      await put(who, content(n));
      now += 60;
    }
    await expect(put(who, content(3))).rejects.toMatchObject({
      code: "UPLOAD_QUOTA",
      facts: { quota: 320 * KIB, held: 300 * KIB },
    });
    named!.add(contentIdOf(content(1)));
    await put(who, content(3));
    expect(await here(4)).toEqual([0, 1, 2, 3]);
    now += DAY;
    await put(who, content(4));
    expect(await here(5)).toEqual([1, 2, 3, 4]);
    now += DAY;
    await expect(put(who, content(5, 321 * KIB))).rejects.toThrow(code("UPLOAD_QUOTA"));
    expect(await here(5)).toEqual([1, 2, 3, 4]);
  });

  test("one sender's fill keeps nobody out, and neither does one of many accounts with the same OPEN", async () => {
    const rich = account(100n * OPEN);
    for (let n = 0; n < 10; n++) await put(rich, content(n));
    const small = account(OPEN);
    expect(await put(small, content(10))).toBe(contentIdOf(content(10)));
    expect(await here(11)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    // The same OPEN goes on through other accounts, each with as much as the one before.
    for (let n = 11; n < 31; n++) {
      for (const address of balances.keys())
        if (address !== small.address.toLowerCase()) balances.set(address, 0n);
      await put(account(100n * OPEN), content(n));
    }
    expect(await here(11)).toEqual([10]);
    // Who has most for its OPEN is refused itself.
    for (const address of balances.keys()) balances.set(address, 100n * OPEN);
    await expect(put(account(OPEN / 1_000n), content(40))).rejects.toThrow(code("UPLOAD_BUSY"));
    expect(await here(11)).toEqual([10]);
  });

  test("a wrong part is named at once; nobody can spoil another one's upload", async () => {
    const who = account(OPEN);
    open(8 * MIB);
    const bytes = content(5, 2 * PART_BYTES + 9);
    await call("openledger_openUpload", await openingOf(who, bytes));
    const [first, second, third] = [0, 1, 2].map((i) => partOf(bytes, who, i));
    const bad = { ...third!, data: hexOfBytes(content(6, 9)) };
    await expect(call("openledger_putContent", bad)).rejects.toMatchObject({
      code: "CONTENT_PART_WRONG",
      facts: { offset: 2 * PART_BYTES },
    });
    await expect(call("openledger_putContent", first!)).rejects.toThrow(code("UPLOAD_ORDER"));
    expect(await call("openledger_putContent", third!)).toEqual({ here: false, from: 2 * PART_BYTES });
    // A stranger has nothing that passes, and a part again changes nothing.
    const spoilt = { ...second!, data: hexOfBytes(content(7, PART_BYTES)) };
    await expect(call("openledger_putContent", spoilt)).rejects.toThrow(code("CONTENT_PART_WRONG"));
    expect(await call("openledger_putContent", third!)).toEqual({ here: false, from: 2 * PART_BYTES });
    const shorter = { ...(await openingOf(who, bytes)), total: 10 };
    await expect(call("openledger_openUpload", shorter)).rejects.toThrow(code("UPLOAD_PART_INVALID"));
    expect(await call("openledger_putContent", second!)).toEqual({ here: false, from: PART_BYTES });
    expect(await call("openledger_putContent", first!)).toEqual({ here: true, from: 0 });
    expect(Buffer.compare(await store.getContent(contentIdOf(bytes)), bytes)).toBe(0);
  });

  test("what a killed process had acknowledged is there, charged to whom it was", async () => {
    const who = account(OPEN);
    const bytes = content(5, 4 * PART_BYTES);
    open(8 * MIB);
    await put(who, content(1));
    await call("openledger_openUpload", await openingOf(who, bytes));
    await call("openledger_putContent", partOf(bytes, who, 3));
    await call("openledger_putContent", partOf(bytes, who, 2));
    // Torn lines of a machine that lost its power, and a file whose log is not there.
    const log = readdirSync(join(folder, "uploads")).find((name) => name.endsWith(".log"))!;
    appendFileSync(join(folder, "uploads", log), "0 0x12");
    appendFileSync(join(folder, "unnamed-contents"), `+${contentIdOf(content(9))} 10`);
    writeFileSync(join(folder, "uploads", `${"ab".repeat(20)}-${"cd".repeat(32)}`), "stray");
    open(8 * MIB);
    expect((await quota(who)).held).toBe(100 * KIB + bytes.length);
    expect(readdirSync(join(folder, "uploads"))).toHaveLength(2);
    // Without another signature.
    const standing = { hash: contentIdOf(bytes), total: bytes.length, sender: who.address };
    expect(await call("openledger_openUpload", standing)).toEqual({ here: false, from: 2 * PART_BYTES });
    await call("openledger_putContent", partOf(bytes, who, 1));
    open(8 * MIB);
    expect(await call("openledger_openUpload", standing)).toEqual({ here: false, from: PART_BYTES });
    expect(await call("openledger_putContent", partOf(bytes, who, 0))).toEqual({ here: true, from: 0 });
    expect(Buffer.compare(await store.getContent(contentIdOf(bytes)), bytes)).toBe(0);
    expect(readdirSync(join(folder, "uploads"))).toEqual([]);
    open(8 * MIB);
    expect((await quota(who)).held).toBe(100 * KIB + bytes.length);
  });

  test("bytes that the disk changed become no content, and the upload begins anew", async () => {
    const who = account(OPEN);
    const bytes = content(5, 2 * PART_BYTES);
    open(8 * MIB);
    await call("openledger_openUpload", await openingOf(who, bytes));
    await call("openledger_putContent", partOf(bytes, who, 1));
    const file = readdirSync(join(folder, "uploads")).find((name) => !name.endsWith(".log"))!;
    const path = join(folder, "uploads", file);
    writeFileSync(path, readFileSync(path).fill(0));
    await expect(call("openledger_putContent", partOf(bytes, who, 0))).rejects.toThrow(
      code("CONTENT_HASH_MISMATCH"),
    );
    expect((await quota(who)).held).toBe(0);
    await put(who, bytes);
    expect(Buffer.compare(await store.getContent(contentIdOf(bytes)), bytes)).toBe(0);
  });

  test("nothing gives way, and nothing is taken unsigned, before it is known what the chain names", async () => {
    const [rich, small] = [account(100n * OPEN), account(OPEN)];
    for (let n = 0; n < 10; n++) await put(rich, content(n));
    named = undefined;
    await expect(put(small, content(10))).rejects.toThrow(code("UPLOAD_BUSY"));
    await expect(put(undefined, content(10))).rejects.toThrow(code("UPLOAD_BUSY"));
    expect(await here(11)).toHaveLength(10);
    named = new Set();
    await put(small, content(10));
    expect(await here(11)).not.toContain(0);
  });

  test("a small content counts 64 KiB, and none may be larger than all", async () => {
    const who = account(OPEN);
    open(130 * KIB);
    await put(who, Uint8Array.of(1));
    expect((await quota(who)).held).toBe(64 * KIB);
    await expect(put(who, content(3, 131 * KIB))).rejects.toThrow(code("CONTENT_TOO_LARGE"));
    await expect(put(who, content(3, 257 * MIB))).rejects.toThrow(code("CONTENT_TOO_LARGE"));
    await put(who, Uint8Array.of(2));
    await expect(put(who, Uint8Array.of(3))).rejects.toThrow(code("UPLOAD_QUOTA"));
  });

  test("a list of before there were quotas is read, and gives way first", async () => {
    await store.putContent(content(0));
    writeFileSync(join(folder, "unnamed-contents"), `+${contentIdOf(content(0))} ${100 * KIB}\n`);
    const who = account(OPEN);
    open(164 * KIB);
    await put(who, Uint8Array.of(0));
    expect(await here(1)).toEqual([0]);
    await put(who, Uint8Array.of(1));
    expect(await here(1)).toEqual([]);
  });

  test("before OPEN is bound for a content it is known whether there will be room for it", async () => {
    const who = account(2n * OPEN);
    const getBalance = async () => balances.get(who.address.toLowerCase() as Address)!;
    const client = { rpc, public: { getBalance } } as unknown as Parameters<typeof requireRoom>[0];
    await requireRoom(client, who.address, { bytes: 255 * MIB, spends: OPEN });
    await expect(requireRoom(client, who.address, { bytes: 257 * MIB, spends: OPEN })).rejects.toThrow(
      code("UPLOAD_QUOTA"),
    );
    await put(who, content(1));
    await expect(requireRoom(client, who.address, { bytes: 256 * MIB, spends: OPEN })).rejects.toThrow(
      code("UPLOAD_QUOTA"),
    );
    await expect(requireRoom(client, who.address, { bytes: 1, spends: 2n * OPEN })).rejects.toThrow(
      code("UPLOAD_QUOTA"),
    );
  });
});
