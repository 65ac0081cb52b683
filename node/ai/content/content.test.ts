import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../base/logger.ts";
import { PART_BYTES } from "../../chain/content-parts.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { openContentStore } from "../../store/content/content-store.ts";
import { rpcParts, rpcSink, rpcSource } from "../client/content.ts";
import { contentIdOf } from "../codec/hash.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { fetchEvidence } from "../verify/fetch-evidence.ts";
import { folderSource } from "./folder-source.ts";
import { type AiRpcMethod, contentMethods } from "./methods.ts";
import { fetchContent, type PartSource } from "./part-source.ts";
import { cachedSource } from "./source.ts";
import { Uploads } from "./upload.ts";
import { uploadsOf } from "./upload-order.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const bytes = (length: number, seed = 7) =>
  Uint8Array.from({ length }, (_, i) => (i * seed + (i >> 19) * 31) & 255);
const refused = (run: () => unknown, name: string) =>
  expect((async () => run())()).rejects.toThrow(code(name));

describe("content over RPC", () => {
  const chain = { id: 77 };
  const sign = uploadsOf(chain, privateKeyToAccount(generatePrivateKey()));
  let folder: string;
  let methods: Readonly<Record<string, AiRpcMethod>>;
  /** What a client has, without the network in between. */
  const client = {
    rpcUrl: "here",
    rpc: async <T>(method: string, params: readonly unknown[]) => (await methods[method]!(params)) as T,
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "openledger-content-"));
    const store = await openContentStore(join(folder, "content"));
    const uploads = new Uploads({
      ...{ store, folder, logger: silentLogger, maxBytes: 2 ** 30, maxContentBytes: 2_000_000 },
      isNamed: () => false,
      chain: async () => ({ chainId: chain.id, balanceOf: async () => 10n ** 18n }),
    });
    methods = contentMethods(store, uploads);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("goes up and comes down in parts", async () => {
    for (const length of [0, 1, PART_BYTES, PART_BYTES + 1, 1_500_001]) {
      const content = bytes(length);
      const hash = await rpcSink(client, sign).put(content);
      expect(hash).toBe(contentIdOf(content));
      expect(await methods.openledger_hasContent!([hash])).toBe(true);
      expect(Buffer.compare(await rpcSource(client).get(hash), content)).toBe(0);
    }
    const other = contentIdOf(bytes(77));
    expect(await methods.openledger_hasContent!([other])).toBe(false);
    await refused(() => rpcSource(client).get(other), "CONTENT_NOT_FOUND");
  });

  test("what has not the form of the methods is refused with a code", async () => {
    const call = (method: string, ...params: unknown[]) => methods[method]!(params);
    const hash = contentIdOf(bytes(9));
    const part = { hash, total: 9, offset: 0, data: "0x00" };
    const wrong: [string, unknown[]][] = [
      ["openledger_getContent", ["../../etc/passwd"]],
      ["openledger_openUpload", [{ hash: "0x12", total: 9 }]],
      ["openledger_openUpload", [{ hash, total: -1 }]],
      ["openledger_openUpload", [{ hash, total: 9, sender: "0x12" }]],
      ["openledger_openUpload", [hash, 9]],
      ["openledger_putContent", [{ ...part, data: "0xabc" }]],
      ["openledger_putContent", [{ ...part, data: `0x${"00".repeat(PART_BYTES + 1)}` }]],
      ["openledger_putContent", [{ ...part, offset: -1 }]],
      ["openledger_putContent", [{ ...part, state: "0x12" }]],
      ["openledger_uploadQuota", []],
    ];
    for (const [method, params] of wrong) await refused(() => call(method, ...params), "INVALID_PARAMS");
    await refused(() => call("openledger_openUpload", { hash, total: 2_000_001 }), "CONTENT_TOO_LARGE");
    await refused(() => call("openledger_putContent", part), "UPLOAD_UNKNOWN");
  });
});

describe("content of several who have it", () => {
  const content = bytes(5 * PART_BYTES + 99);
  const hash = contentIdOf(content);
  let asked: [who: string, at: number][];
  const honest = memoryContent();
  /** Gives what `tell` makes of the true part. */
  const peer = (
    name: string,
    tell: (part: Awaited<ReturnType<PartSource["part"]>>, at: number) => object,
  ): PartSource => ({
    name,
    async part(id, at) {
      asked.push([name, at / PART_BYTES]);
      const part = await honest.part(id, at);
      return { ...part, ...tell(part, at) };
    },
  });
  const good = peer("good", () => ({}));
  const flipped = ({ bytes: all }: { bytes: Uint8Array }) => ({
    bytes: Uint8Array.from(all, (byte) => byte ^ 1),
  });

  beforeAll(() => void honest.put(content));
  beforeEach(() => {
    asked = [];
  });

  test("a liar's part is named when it comes, and the next one goes on from there", async () => {
    const liar = peer("liar", (part, at) => (at === 3 * PART_BYTES ? flipped(part) : {}));
    await expect(fetchContent([liar], hash, 2 ** 30)).rejects.toMatchObject({
      code: "CONTENT_PART_WRONG",
      facts: { offset: 3 * PART_BYTES, where: "liar" },
    });
    asked = [];
    expect(Buffer.compare(await fetchContent([liar, good], hash, 2 ** 30), content)).toBe(0);
    const whole = [
      ["liar", 0],
      ["liar", 5],
      ["liar", 4],
      ["liar", 3],
      ["good", 0],
      ["good", 3],
      ["good", 2],
      ["good", 1],
    ];
    expect(asked).toEqual(whole);
  });

  test("who lies about the first part, a state, the length or how much it gives is found out, and the next one asked", async () => {
    const liars = [
      peer("first", (part, at) => (at === 0 ? flipped(part) : {})),
      peer("state", (_, at) => (at === 2 * PART_BYTES ? { state: hash } : {})),
      peer("no state", () => ({ state: undefined })),
      peer("longer", ({ total }) => ({ total: total + 1 })),
      peer("shorter", () => ({ total: PART_BYTES })),
      peer("nothing", () => ({ bytes: new Uint8Array() })),
      peer("text", () => ({ total: "many" })),
    ];
    for (const liar of liars) {
      await expect(fetchContent([liar], hash, 2 ** 30), liar.name).rejects.toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^CONTENT_(PART_WRONG|ANSWER_INVALID|HASH_MISMATCH)$/),
        }),
      );
      expect(Buffer.compare(await fetchContent([liar, good], hash, 2 ** 30), content)).toBe(0);
    }
    expect(Buffer.compare(await fetchContent([...liars, good], hash, 2 ** 30), content)).toBe(0);
    await refused(() => fetchContent([], hash, 2 ** 30), "CONTENT_NOT_FOUND");
  });

  test("that it is too long is believed of its last part alone", async () => {
    await refused(() => fetchContent([good], hash, content.length - 1), "CONTENT_TOO_LARGE");
    expect(asked).toEqual([
      ["good", 0],
      ["good", 5],
    ]);
    const liar = peer("liar", () => ({ total: 2 ** 31 }));
    await refused(() => fetchContent([liar], hash, 2 ** 30), "CONTENT_ANSWER_INVALID");
    expect(Buffer.compare(await fetchContent([liar, good], hash, 2 ** 30), content)).toBe(0);
  });

  test("evidence that a node withholds or changes is that node's fault, not the host's", async () => {
    const small = await honest.put(bytes(400));
    const node = (rpcUrl: string, answer: unknown) => ({ rpcUrl, rpc: async <T>() => answer as T });
    const data = `0x${Buffer.from(bytes(400)).toString("hex")}`;
    const nodes = [
      node("liar", { data: "0x00", total: 1 }),
      node("none", null),
      node("good", { data, total: 400 }),
    ];
    expect(await fetchEvidence(nodes, small)).toEqual(bytes(400));
    await refused(() => fetchEvidence(nodes.slice(0, 1), small), "CONTENT_HASH_MISMATCH");
    await refused(() => fetchEvidence(nodes.slice(0, 2), small), "CONTENT_ANSWER_INVALID");
    expect((await rpcParts(nodes[2]!).part(small, 0)).bytes).toEqual(bytes(400));
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
  const hashes: Hash[] = await Promise.all([10, 11, 12].map((n) => memory.put(bytes(n))));
  const cached = cachedSource(memory, 24);
  for (const hash of hashes) await cached.get(hash);
  memory.all.clear();
  await expect(cached.get(hashes[0]!)).rejects.toThrow(code("CONTENT_NOT_FOUND"));
  expect(await cached.get(hashes[2]!)).toEqual(bytes(12));
});
