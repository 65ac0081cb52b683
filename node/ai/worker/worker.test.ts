import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANVIL_KEYS } from "../../../test/harness/anvil.ts";
import { silentLogger } from "../../base/logger.ts";
import { aiError } from "../errors.ts";
import { WorkerLink } from "./link.ts";
import { type WorkerMethod, WorkerServer } from "./server.ts";
import { createAiWorker } from "./worker.ts";

const coded = (code: string) => expect.objectContaining({ code });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ai-worker-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A node that knows no contracts, after it has refused the first question. */
async function hesitantNode() {
  let asked = 0;
  const server = createServer((_, response) => {
    const answer = asked++ === 0 ? { error: { code: -32000, message: "an oversight" } } : { result: null };
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, ...answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

test("a fault of the host leaves the watcher alone, and the host starts again", async () => {
  const node = await hesitantNode();
  const worker = createAiWorker({
    nodeUrl: node.url,
    folder,
    hostKey: ANVIL_KEYS[0],
    watcherKey: ANVIL_KEYS[1],
    logger: silentLogger,
  });
  worker.start();
  const parts = () =>
    (worker.methods.worker_status!([]) as { parts: { state: string; error: unknown }[] }).parts;
  await expect.poll(() => parts().map(({ state }) => state)).toEqual(["restarting", "restarting"]);
  expect(parts()[0]).toMatchObject({ name: "host" });
  await worker.stop();
  node.close();
  expect(parts().every(({ state }) => state === "stopped")).toBe(true);
});

test("without a host it says so, after the parameters are looked at", async () => {
  const { methods, stop } = createAiWorker({ nodeUrl: "http://127.0.0.1:1", folder, logger: silentLogger });
  const refused = (method: string, params: unknown[], code: string) =>
    expect((async () => methods[method]!(params))()).rejects.toThrow(coded(code));
  const salt = `0x${"00".repeat(32)}`;
  expect(methods.openledger_host!([])).toBe(null);
  await refused("openledger_ask", [{ requestId: 1, prompt: "x", salt }], "HOST_ABSENT");
  await refused("openledger_ask", [{ requestId: 1, prompt: "x" }], "INVALID_PARAMS");
  await refused("openledger_ask", [{ requestId: -1, prompt: "x", salt }], "INVALID_PARAMS");
  await refused("openledger_getReceipt", ["7"], "HOST_ABSENT");
  await stop();
});

async function serve(methods: Record<string, WorkerMethod>, socketPath = join(folder, "socket")) {
  const server = new WorkerServer({ methods, logger: silentLogger });
  await server.listen({ socketPath });
  return { server, link: new WorkerLink({ socketPath }) };
}

test("answers and coded errors pass between two processes as they are", async () => {
  const { server, link } = await serve({
    echo: (params) => params,
    big: () => ({ wei: 10n ** 30n }),
    refuse: () => {
      throw aiError("HOST_BUSY", { message: "full", fix: "later", facts: { limit: 3n } });
    },
    fail: () => Promise.reject(new TypeError("a secret of the inside")),
  });
  expect(await link.call("echo", [1, "ä", null])).toEqual([1, "ä", null]);
  expect(await link.call("big", [])).toEqual({ wei: `1${"0".repeat(30)}` });
  const refused = await link.call("refuse", []).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    ...{ code: "HOST_BUSY", severity: "temporary", message: "full", fix: "later" },
    facts: { limit: "3" },
  });
  await expect(link.call("fail", [])).rejects.toThrow(coded("AI_WORKER_FAILED"));
  await expect(link.call("fail", [])).rejects.not.toThrow(/secret/);
  await expect(link.call("toString", [])).rejects.toThrow(coded("INVALID_PARAMS"));
  await expect(link.call("echo", ["x".repeat(2 ** 21)])).rejects.toThrow(coded("INVALID_PARAMS"));
  await server.close();
});

test("a worker that is gone, goes, or never was is told as one to try again", async () => {
  const never = new WorkerLink({ socketPath: join(folder, "never") });
  const gone = { code: "AI_WORKER_UNREACHABLE", severity: "temporary" };
  await expect(never.call("echo", [])).rejects.toMatchObject(gone);
  await expect(never.refresh()).rejects.toMatchObject(gone);
  expect(never.status()).toBeUndefined();
  const { server, link } = await serve({ wait: () => new Promise(() => {}) });
  const waiting = expect(link.call("wait", [])).rejects.toMatchObject(gone);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.close();
  await waiting;
});

test("what else a stranger sends is refused, and the socket of a killed worker is taken over", async () => {
  const { server } = await serve({ echo: (params) => params });
  const next = await serve({ echo: () => "next" });
  const send = (body: string) =>
    new Promise<unknown>((resolve, reject) => {
      const options = { socketPath: join(folder, "socket"), method: "POST", path: "/" };
      const sent = request(options, async (response) => {
        let text = "";
        for await (const piece of response) text += String(piece);
        resolve(JSON.parse(text));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  for (const body of [
    "",
    "[",
    "7",
    "null",
    "{}",
    '{"method":"echo"}',
    '{"method":1,"params":[]}',
    "[".repeat(9_999),
  ])
    expect(await send(body), body.slice(0, 20)).toMatchObject({ error: { code: "INVALID_PARAMS" } });
  expect(await next.link.call("echo", [])).toBe("next");
  await server.close();
  await next.server.close();
});
