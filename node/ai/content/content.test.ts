import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openContentStore } from "../../store/content/content-store.ts";
import { rpcSink, rpcSource } from "../client/content.ts";
import { contentIdOf, hexOfBytes } from "../codec/hash.ts";
import { type AiRpcMethod, aiRpcMethods } from "../serve/rpc-methods.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { cachedSource, folderSource } from "./source.ts";
import { Uploads } from "./upload.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
const refused = (run: () => unknown, name: string) =>
  expect((async () => run())()).rejects.toThrow(code(name));

describe("content over RPC", () => {
  let folder: string;
  let methods: Readonly<Record<string, AiRpcMethod>>;
  const call = (method: string, ...params: unknown[]) => methods[method]!(params);
  /** What a client has, without the network in between. */
  const client = {
    rpcUrl: "here",
    rpc: async <T>(method: string, params: readonly unknown[]) => (await methods[method]!(params)) as T,
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "openledger-content-"));
    const store = await openContentStore(folder);
    const limits = { maxBytes: 2_000_000, maxPartBytes: 600_000, maxPendingBytes: 3_000_000 };
    const uploads = new Uploads({ put: (content) => store.putContent(content) }, limits);
    const signal = new AbortController().signal;
    const nothing = {
      addresses: () => undefined,
      host: () => undefined,
      watcher: () => undefined,
      hostAddress: undefined,
    };
    methods = aiRpcMethods({ store, uploads, signal, ...nothing });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("goes up and comes down in parts", async () => {
    for (const length of [0, 1, 524_288, 1_500_001]) {
      const content = bytes(length);
      const hash = await rpcSink(client).put(content);
      expect(hash).toBe(contentIdOf(content));
      expect(await call("openledger_hasContent", hash)).toBe(true);
      expect(Buffer.compare(await rpcSource(client).get(hash), content)).toBe(0);
    }
    expect(await call("openledger_hasContent", contentIdOf(bytes(77)))).toBe(false);
    await expect(rpcSource(client).get(contentIdOf(bytes(77)))).rejects.toThrow(code("CONTENT_NOT_FOUND"));
  });

  test("hostile uploads are refused with codes", async () => {
    const content = bytes(1000);
    const hash = contentIdOf(content);
    const part = hexOfBytes(content.subarray(0, 500));
    const put = (...params: unknown[]) => call("openledger_putContent", ...params);
    await refused(() => put(hash, 3_000_000, 0, part), "CONTENT_TOO_LARGE");
    await refused(() => put(hash, 400, 0, part), "UPLOAD_PART_INVALID");
    await refused(() => put(hash, 1000, 0, "0x"), "UPLOAD_PART_INVALID");
    await refused(() => put(hash, 1000, 500, part), "UPLOAD_ORDER");
    await put(hash, 1000, 0, part);
    await refused(() => put(hash, 1001, 500, part), "UPLOAD_ORDER");
    await refused(() => put(hash, 1000, 500, part), "CONTENT_HASH_MISMATCH");
    await refused(() => put("0x12", 1000, 0, part), "INVALID_PARAMS");
    await refused(() => put(hash, 1000, 0, "0xabc"), "INVALID_PARAMS");
    await refused(() => put(hash, 1000, -1, part), "INVALID_PARAMS");
    await refused(() => put(hash), "INVALID_PARAMS");
    await refused(() => call("openledger_getContent", "../../etc/passwd"), "INVALID_PARAMS");
    expect(await call("openledger_hasContent", hash)).toBe(false);
  });

  test("unfinished uploads give way to newer ones", async () => {
    const contents = [1, 2, 3].map((n) => bytes(1_500_000).fill(n));
    const first = (content: Uint8Array) =>
      call(
        "openledger_putContent",
        contentIdOf(content),
        content.length,
        0,
        hexOfBytes(content.subarray(0, 10)),
      );
    for (const content of contents) await first(content);
    const next = (content: Uint8Array) =>
      call(
        "openledger_putContent",
        contentIdOf(content),
        content.length,
        10,
        hexOfBytes(content.subarray(10, 20)),
      );
    await refused(() => next(contents[0]!), "UPLOAD_ORDER");
    expect(await next(contents[2]!)).toEqual({ received: 20, total: 1_500_000 });
  });

  test("a node without a host says so", async () => {
    expect(await call("openledger_protocol")).toBe(null);
    expect(await call("openledger_host")).toBe(null);
    const salt = `0x${"00".repeat(32)}`;
    await refused(() => call("openledger_ask", { requestId: 1, prompt: "x", salt }), "HOST_ABSENT");
    await refused(() => call("openledger_ask", { requestId: 1, prompt: "x" }), "INVALID_PARAMS");
    await refused(() => call("openledger_ask", { requestId: -1, prompt: "x", salt }), "INVALID_PARAMS");
    await refused(() => call("openledger_getReceipt", "7"), "HOST_ABSENT");
  });
});

test("a folder gives what has its name's hash only", async () => {
  const folder = await mkdtemp(join(tmpdir(), "openledger-folder-"));
  const [good, bad] = [bytes(10), bytes(20)];
  await writeFile(join(folder, contentIdOf(good).slice(2)), good);
  await writeFile(join(folder, contentIdOf(bad).slice(2)), good);
  const source = folderSource(folder);
  expect(await source.get(contentIdOf(good))).toEqual(good);
  await expect(source.get(contentIdOf(bad))).rejects.toThrow(code("CONTENT_HASH_MISMATCH"));
  await expect(source.get(contentIdOf(bytes(30)))).rejects.toThrow(code("CONTENT_NOT_FOUND"));
  await rm(folder, { recursive: true, force: true });
});

test("a cache forgets the oldest first", async () => {
  const memory = memoryContent();
  const hashes = await Promise.all([10, 11, 12].map((n) => memory.put(bytes(n))));
  const cached = cachedSource(memory, 24);
  for (const hash of hashes) await cached.get(hash);
  memory.all.clear();
  await expect(cached.get(hashes[0]!)).rejects.toThrow(code("CONTENT_NOT_FOUND"));
  expect(await cached.get(hashes[2]!)).toEqual(bytes(12));
});
