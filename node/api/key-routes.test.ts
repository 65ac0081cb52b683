import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { factoryRoutes } from "./factory-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { Sessions } from "./sessions.ts";
import { readStaticSite } from "./static-files.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

const account = privateKeyToAccount(`0x${"12".repeat(32)}`);
const owner = account.address.toLowerCase();
const KEY = "0123456789abcdef";

let folder: string;
let server: WebServer;
let host: string;
/** What the worker was asked. */
const calls: [method: string, params: readonly unknown[]][] = [];

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
      ...{ version: "v", rpc: { port: 1 }, l1Url: undefined, accounts: [], freeKey: undefined },
      ...{ hasFactory: true, hasGovernance: false, hasCircle: false, hasAgents: false },
      ...{ hasKeys: true, hasOperator: false },
    }),
    isHostAllowed: () => true,
    // This account may have keys, and may not train.
    routes: [...keyRoutes(worker, (one) => one === owner), ...factoryRoutes(worker, () => false)],
    sessions: new Sessions({ chainId: 901, isAllowed: () => true }),
    onInternalError: () => undefined,
  });
  host = new URL(server.url).host;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
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
  return ((await (await ask("/api/sign-in", "POST", { message, signature })).json()) as { token: string })
    .token;
}

test("who signed in reaches its keys and nobody else's; what others may is refused", async () => {
  const token = await signIn();
  expect((await ask("/api/keys", "POST", { name: " laptop " }, token)).status).toBe(200);
  await ask("/api/keys", "GET", undefined, token);
  await ask(`/api/keys/${KEY}/limit`, "POST", { dailyTokens: 5 }, token);
  await ask(`/api/keys/${KEY}`, "DELETE", undefined, token);
  expect(calls).toEqual([
    ["keys_create", [owner, "laptop", null]],
    ["keys_list", [owner]],
    ["keys_limit", [owner, KEY, 5]],
    ["keys_revoke", [owner, KEY]],
  ]);
  const refused = await ask("/api/jobs", "GET", undefined, token);
  expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([
    403,
    "API_ACCOUNT_REFUSED",
  ]);
  for (const [path, method, body] of [
    ["/api/keys", "GET", undefined],
    ["/api/keys", "POST", { name: "x" }],
    [`/api/keys/${KEY}`, "DELETE", undefined],
  ] as const)
    expect((await ask(path, method, body, "guessed")).status).toBe(401);
  for (const body of [{}, { name: "" }, { name: "x".repeat(65) }, { name: "x", dailyTokens: -1 }])
    expect((await ask("/api/keys", "POST", body, token)).status).toBe(400);
  expect((await ask("/api/keys/none", "DELETE", undefined, token)).status).toBe(400);
  expect(calls).toHaveLength(4);
});
