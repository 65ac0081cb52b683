import { createServer, type Server } from "node:http";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../../test/harness/anvil.ts";
import { bytesToHex, equalsBytes } from "../../base/bytes.ts";
import { BLOB_BYTES } from "../../chain/codec/blob.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { blobHash, commitmentOf } from "../../execution/blob-hash.ts";
import { rollupError } from "../errors.ts";
import { type BlobBlock, createBeaconLookup } from "./beacon.ts";
import { type BlobReader, createAnvilLookup, createBlobReader } from "./blobs.ts";

/** Of a constant polynomial each: the proof of whatever value is the point at infinity. */
const blobs = [1, 2, 3].map((byte) =>
  Uint8Array.from({ length: BLOB_BYTES }, (_, i) => (i % 32 === 31 ? byte : 0)),
);
const hashes = blobs.map((blob) => blobHash(blob)!);
const [first, second, third] = hashes as [Hash, Hash, Hash];
const block: BlobBlock = { number: 7n, hash: `0x${"77".repeat(32)}`, timestamp: 1_000n + 12n * 5n + 3n };
const text = (index: number) => bytesToHex(blobs[index]!);

/** An anvil reads the whole ceremony before its first blob transaction. */
const KZG_SETUP_MS = 120_000;
const POINT_AT_INFINITY = Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0xc0 : 0));

type Answer = { status?: number; body?: unknown };
const open: Server[] = [];

/** A consensus node whose answers stand by path, and the paths that were asked for. */
async function consensusNode(answers: Record<string, Answer>): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url!.split("?")[0]!;
    asked.push(request.url!);
    const { status = 200, body } = answers[path] ?? { status: 404, body: { code: 404, message: "no" } };
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`, asked };
}

const clock = {
  "/eth/v1/config/spec": { body: { data: { SECONDS_PER_SLOT: "12", OTHER: "x" } } },
  "/eth/v1/beacon/genesis": { body: { data: { genesis_time: "1000" } } },
};
/** Which of the blobs came. */
async function given(source: BlobReader, at: BlobBlock, wanted: Hash[]): Promise<number[]> {
  const found = await source.blobs(at, wanted);
  return found.map((blob) => blobs.findIndex((each) => equalsBytes(each, blob)));
}

const reader = (...urls: string[]) => createBlobReader(urls.map((url) => createBeaconLookup(url)));

afterAll(() => {
  for (const server of open) server.close();
});

describe("blobs of a consensus node", () => {
  test("come by their slot and versioned hashes, in the order that was asked for", async () => {
    const node = await consensusNode({
      ...clock,
      "/eth/v1/beacon/blobs/5": { body: { data: [text(0), text(1), text(2)] } },
    });
    const source = reader(node.url);
    expect(await given(source, block, [third, first, third])).toEqual([2, 0, 2]);
    expect(node.asked.at(-1)).toBe(`/eth/v1/beacon/blobs/5?versioned_hashes=${third},${first}`);
    await source.blobs(block, [second]);
    expect(node.asked.filter((path) => path.includes("spec"))).toHaveLength(1);
  });

  test("come as sidecars from an older node", async () => {
    const sidecars = [1, 0].map((index) => ({
      index: String(index),
      blob: text(index),
      kzg_commitment: "0x",
    }));
    const node = await consensusNode({
      ...clock,
      "/eth/v1/beacon/blobs/5": { status: 400, body: "{}" },
      "/eth/v1/beacon/blob_sidecars/5": { body: { data: sidecars } },
    });
    expect(await given(reader(node.url), block, [first, second])).toEqual([0, 1]);
  });

  test("are put together from several nodes, and one that is down or lies does not matter", async () => {
    const down = await consensusNode({});
    const broken = await consensusNode({ ...clock, "/eth/v1/beacon/blobs/5": { body: "{" } });
    const forged = blobs[1]!.slice();
    forged[40] = 1;
    const lying = await consensusNode({
      ...clock,
      "/eth/v1/beacon/blobs/5": { body: { data: [text(0), bytesToHex(forged)] } },
    });
    const honest = await consensusNode({ ...clock, "/eth/v1/beacon/blobs/5": { body: { data: [text(1)] } } });
    const found = reader("http://127.0.0.1:1", down.url, broken.url, lying.url, honest.url);
    expect(await given(found, block, [first, second])).toEqual([0, 1]);
    expect(honest.asked.at(-1)).toBe(`/eth/v1/beacon/blobs/5?versioned_hashes=${second}`);
    const refused = { code: "BLOBS_UNAVAILABLE", severity: "temporary", facts: { blob: second } };
    await expect(reader(lying.url).blobs(block, [first, second])).rejects.toMatchObject(refused);
    await expect(reader(broken.url).blobs(block, [second])).rejects.toMatchObject(refused);
  });

  test("are not waited for from a node of another chain", async () => {
    const young = await consensusNode({
      ...clock,
      "/eth/v1/beacon/genesis": { body: { data: { genesis_time: "999999999" } } },
    });
    await expect(reader(young.url).blobs(block, [first])).rejects.toMatchObject({
      code: "BLOBS_UNAVAILABLE",
      cause: { code: "L1_RESPONSE_INVALID" },
    });
  });
});

describe("a consensus node's answers", () => {
  const causeOf = async (url: string, at: BlobBlock = block) => {
    const error = await reader(url)
      .blobs(at, [first])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "BLOBS_UNAVAILABLE" });
    return (error as { cause?: { code: string; facts: { what: string; reason: string } } }).cause;
  };

  test.each([400, 404, 405, 410, 501])("with the status %d say that it has no such thing", async (status) => {
    const sidecars = [{ blob: text(0) }];
    const node = await consensusNode({
      ...clock,
      "/eth/v1/beacon/blobs/5": { status, body: "no" },
      "/eth/v1/beacon/blob_sidecars/5": { body: { data: sidecars } },
    });
    expect(await given(reader(node.url), block, [first])).toEqual([0]);
    const none = await consensusNode({ ...clock, "/eth/v1/beacon/blobs/5": { status, body: "no" } });
    expect(await causeOf(none.url)).toBeUndefined();
  });

  test("that are failures, no JSON, too long or of another form are named", async () => {
    const path = "/eth/v1/beacon/blobs/5";
    const of = async (answer: Answer) => (await consensusNode({ ...clock, [path]: answer })).url;
    const invalid = (reason: string | RegExp, what = path) => ({
      code: "L1_RESPONSE_INVALID",
      facts: { what, reason: expect.stringMatching(reason) },
    });
    expect(await causeOf(await of({ status: 500, body: "x" }))).toMatchObject({
      code: "L1_UNAVAILABLE",
      facts: { what: path, reason: "HTTP status 500" },
    });
    expect(await causeOf(await of({ body: "{" }))).toMatchObject(invalid(/^no JSON$/));
    const long = `"${"a".repeat(64 * 1024 * 1024)}"`;
    expect(await causeOf(await of({ body: long }))).toMatchObject(invalid(/too long/, "blobs"));
    const broken = { body: { data: [text(0), "0x00"] } };
    expect(await causeOf(await of(broken))).toMatchObject(invalid(/^data\.1: /, "blobs"));
    expect(await causeOf(await of({ body: "5" }))).toMatchObject(invalid(/^answer: /, "blobs"));
    const away = await of({});
    await new Promise((resolve) => open.pop()!.close(resolve));
    expect(await causeOf(away)).toMatchObject({
      code: "L1_UNAVAILABLE",
      facts: { reason: expect.stringContaining("ECONNREFUSED") },
    });
  });

  test("about its clock decide the slot", async () => {
    const start = await consensusNode({ ...clock, "/eth/v1/beacon/blobs/0": { body: { data: [text(0)] } } });
    expect(await given(reader(start.url), { ...block, timestamp: 1_000n }, [first])).toEqual([0]);
    expect(await given(reader(start.url), { ...block, timestamp: 1_011n }, [first])).toEqual([0]);
    expect(await causeOf(start.url, { ...block, timestamp: 999n })).toMatchObject({
      code: "L1_RESPONSE_INVALID",
    });
    const still = await consensusNode({
      ...clock,
      "/eth/v1/config/spec": { body: { data: { SECONDS_PER_SLOT: "0" } } },
    });
    expect(await causeOf(still.url)).toMatchObject({ code: "L1_RESPONSE_INVALID" });
  });
});

describe("sources of blobs", () => {
  const [one, two] = blobs as [Uint8Array, Uint8Array];

  test("are asked in turn until all is there", async () => {
    let asked = 0;
    const more = async () => {
      asked++;
      return [two];
    };
    const both = createBlobReader([async () => [one], more, more]);
    expect(await given(both, block, [second, first])).toEqual([1, 0]);
    expect(asked).toBe(1);
  });

  test("are believed nothing: of an answer the first 128 blobs are looked at, each by its hash", async () => {
    const others = (count: number) => Array<Uint8Array>(count).fill(two);
    const last = createBlobReader([async () => [...others(127), one]]);
    expect(await given(last, block, [first])).toEqual([0]);
    const late = createBlobReader([async () => [...others(128), one]]);
    await expect(late.blobs(block, [first])).rejects.toMatchObject({ code: "BLOBS_UNAVAILABLE" });
  }, 60_000);

  test("that break in a way that nobody foresaw are not passed over", async () => {
    const broken = async () => {
      throw new TypeError("a fault of this program");
    };
    await expect(createBlobReader([broken, async () => [one]]).blobs(block, [first])).rejects.toThrow(
      TypeError,
    );
  });

  test("over JSON-RPC have none where the method is unknown, and fail otherwise", async () => {
    const failing = (rpcCode: number) =>
      createBlobReader([
        createAnvilLookup(async () => {
          throw rollupError("L1_RPC_ERROR", { message: "no", facts: { rpcCode } });
        }),
      ]).blobs(block, [first]);
    const none = await failing(-32601).catch((error: unknown) => error as Error);
    expect([none, (none as Error).cause]).toEqual([
      expect.objectContaining({ code: "BLOBS_UNAVAILABLE" }),
      undefined,
    ]);
    await expect(failing(-32000)).rejects.toMatchObject({
      code: "BLOBS_UNAVAILABLE",
      cause: { code: "L1_RPC_ERROR" },
    });
  });
});

describe("blobs of an anvil", () => {
  let anvil: Anvil;
  const account = privateKeyToAccount(ANVIL_KEYS[0]).address;
  const at: BlobBlock = { ...block };

  beforeAll(async () => {
    anvil = await startAnvil({ automine: true });
    const client = createWalletClient({
      account: privateKeyToAccount(ANVIL_KEYS[0]),
      transport: http(anvil.url, { timeout: KZG_SETUP_MS, retryCount: 0 }),
    });
    const sent = await client.sendTransaction({
      chain: null,
      to: account,
      blobs: blobs.slice(0, 2),
      kzg: {
        blobToKzgCommitment: (blob: Uint8Array) => commitmentOf(blob)!,
        computeBlobKzgProof: () => POINT_AT_INFINITY,
      },
      maxFeePerBlobGas: 10n ** 10n,
    });
    const receipt = async () =>
      (await anvil.rpc("eth_getTransactionReceipt", [sent])) as { blockHash: Hash } | null;
    let found = await receipt();
    while (found === null) found = await receipt();
    at.hash = found.blockHash;
  }, KZG_SETUP_MS);
  afterAll(() => anvil.kill());

  test("come over JSON-RPC, and from its own consensus interface by the block's hash", async () => {
    expect(await given(createBlobReader([createAnvilLookup(anvil.rpc)]), at, [first, second])).toEqual([
      0, 1,
    ]);
    expect(await given(reader(anvil.url), at, [second])).toEqual([1]);
    const missing = createBlobReader([createAnvilLookup(anvil.rpc), createBeaconLookup(anvil.url)]);
    await expect(missing.blobs(at, [third])).rejects.toMatchObject({ code: "BLOBS_UNAVAILABLE" });
  });
});
