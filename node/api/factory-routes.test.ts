import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { defaultSettings } from "../ai/factory/order.ts";
import { factoryRoutes } from "./factory-routes.ts";
import { Sessions } from "./sessions.ts";
import { readStaticSite } from "./static-files.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const owner = account.address.toLowerCase();
const JOB = "0123456789abcdef";
const FILE = { name: "a.csv", text: "prompt,completion\na,b\n", base: "shipped" };
const ORDER = {
  name: "facts",
  base: "shipped",
  snapshots: [{ datanetId: "1", number: 1 }],
  settings: defaultSettings(1),
};

let folder: string;
let server: WebServer;
let host: string;
/** What the worker was asked. */
let calls: [method: string, params: readonly unknown[]][];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "web-"));
  writeFileSync(join(folder, "index.html"), "<p>");
  const worker = {
    call: async (method: string, params: readonly unknown[]) => {
      calls.push([method, params]);
      return { method };
    },
  };
  server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    pages: readStaticSite(folder),
    site: () => ({
      version: "v",
      rpc: { port: 1 },
      l1Url: undefined,
      accounts: [],
      hasFactory: true,
      hasGovernance: false,
      hasCircle: false,
      hasAgents: false,
      hasOperator: false,
      hasKeys: false,
      freeKey: undefined,
    }),
    isHostAllowed: () => true,
    routes: factoryRoutes(worker, () => true),
    sessions: new Sessions({ chainId: 901, isAllowed: () => true }),
    onInternalError: () => undefined,
  });
  host = new URL(server.url).host;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  calls = [];
});

function ask(path: string, method = "GET", body?: unknown, token?: string): Promise<Response> {
  return fetch(`http://${host}${path}`, {
    method,
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function signIn(): Promise<string> {
  const { nonce, chainId } = (await (await ask("/api/sign-in/nonce", "POST", {})).json()) as {
    nonce: string;
    chainId: number;
  };
  const message = createSiweMessage({
    ...{ address: account.address, chainId, nonce, domain: host, uri: `http://${host}`, version: "1" },
    issuedAt: new Date(),
  });
  const signature = await account.signMessage({ message });
  const answer = await ask("/api/sign-in", "POST", { message, signature });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { token: string }).token;
}

describe("the doors to training", () => {
  test("who signed in reaches its jobs, and the worker is told who asks", async () => {
    const token = await signIn();
    expect((await ask("/api/jobs", "POST", ORDER, token)).status).toBe(200);
    await ask("/api/jobs", "GET", undefined, token);
    await ask(`/api/jobs/${JOB}`, "GET", undefined, token);
    await ask(`/api/jobs/${JOB}/events?after=7&wait=10`, "GET", undefined, token);
    await ask(`/api/jobs/${JOB}/cancel`, "POST", {}, token);
    await ask(`/api/jobs/${JOB}/resume`, "POST", {}, token);
    await ask(`/api/jobs/${JOB}/compare`, "POST", { prompt: "Why?" }, token);
    await ask(`/api/jobs/${JOB}`, "DELETE", undefined, token);
    await ask("/api/preview", "POST", FILE, token);
    expect(calls).toEqual([
      ["factory_create", [owner, { ...ORDER, heldOut: [] }]],
      ["factory_list", [owner]],
      ["factory_job", [owner, JOB]],
      ["factory_events", [owner, JOB, 7, 10]],
      ["factory_cancel", [owner, JOB]],
      ["factory_resume", [owner, JOB]],
      ["factory_compare", [owner, JOB, "Why?"]],
      ["factory_delete", [owner, JOB]],
      ["factory_preview_file", [FILE]],
    ]);
  });

  test("who did not gets nothing but the list of base models", async () => {
    expect((await ask("/api/bases")).status).toBe(200);
    for (const [path, method, body] of [
      ["/api/jobs", "GET", undefined],
      ["/api/jobs", "POST", ORDER],
      ["/api/jobs/preview", "POST", ORDER],
      ["/api/preview", "POST", FILE],
      [`/api/jobs/${JOB}`, "DELETE", undefined],
      [`/api/jobs/${JOB}/events`, "GET", undefined],
    ] as const) {
      expect((await ask(path, method, body)).status).toBe(401);
      expect((await ask(path, method, body, "guessed")).status).toBe(401);
    }
    expect(calls).toEqual([["factory_bases", []]]);
  });

  test("another site's page can't, token or not", async () => {
    const token = await signIn();
    const answer = await fetch(`http://${host}/api/jobs/${JOB}/cancel`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${token}`,
        origin: "http://evil.example",
      },
      body: "{}",
    });
    expect(answer.status).toBe(403);
    expect(calls).toEqual([]);
  });

  test.each([
    ["no name", { ...ORDER, name: " " }],
    ["no snapshot", { ...ORDER, snapshots: [] }],
    ["a path for a base model", { ...ORDER, base: "../../etc/passwd" }],
    ["too many epochs", { ...ORDER, settings: { ...ORDER.settings, epochs: 1e6 } }],
    ["a field that is none", { ...ORDER, threads: 64 }],
  ])("an order with %s is refused with what is wrong", async (_, order) => {
    const answer = await ask("/api/jobs", "POST", order, await signIn());
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "API_BODY_INVALID" } });
  });

  test("ids and numbers in paths are looked at", async () => {
    const token = await signIn();
    expect((await ask("/api/jobs/..%2f..%2fx", "GET", undefined, token)).status).toBe(404);
    expect((await ask("/api/jobs/nothing", "GET", undefined, token)).status).toBe(400);
    expect((await ask(`/api/jobs/${JOB}/events?after=-1`, "GET", undefined, token)).status).toBe(400);
    expect((await ask(`/api/jobs/${JOB}`, "POST", {}, token)).status).toBe(405);
    expect(calls).toEqual([]);
  });

  test("a gigabyte is refused, announced or not, without being taken in", async () => {
    const token = await signIn();
    const before = process.memoryUsage().rss;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const status = (extra: Record<string, string>) =>
      new Promise<number | undefined>((resolve) => {
        const request = httpRequest(`http://${host}/api/jobs`, {
          method: "POST",
          headers: { ...headers, ...extra },
        });
        const piece = Buffer.alloc(1 << 20, 32);
        let left = 1024;
        const write = () => {
          while (left-- > 0) if (!request.write(piece)) return request.once("drain", write);
          request.end();
          return undefined;
        };
        request.once("response", (response) => resolve(response.statusCode));
        request.on("error", () => resolve(undefined));
        write();
      });
    expect(await status({ "content-length": String(1 << 30) })).toBe(413);
    expect(await status({ "transfer-encoding": "chunked" })).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 << 20);
    expect(calls).toEqual([]);
  });

  test("each is described, with who may come", async () => {
    const { paths } = (await (await ask("/openapi.json")).json()) as {
      paths: Record<string, Record<string, { security?: unknown; parameters?: { name: string }[] }>>;
    };
    expect(Object.keys(paths)).toHaveLength(11);
    expect(paths["/api/bases"]!.get!.security).toBeUndefined();
    expect(paths["/api/jobs/{job}/events"]!.get!.security).toBeDefined();
    const names = paths["/api/jobs/{job}/events"]!.get!.parameters?.map(({ name }) => name);
    expect(names).toEqual(["job", "after", "wait"]);
  });
});
