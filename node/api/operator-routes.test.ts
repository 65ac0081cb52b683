import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operatorRoutes } from "./operator-routes.ts";
import { Sessions } from "./sessions.ts";
import { readStaticSite } from "./static-files.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

const operator = privateKeyToAccount(`0x${"12".repeat(32)}`);
const stranger = privateKeyToAccount(`0x${"13".repeat(32)}`);
const setting = { name: "rpcPort", value: "9545", isDefault: true, about: "port" };
const lines = Array.from({ length: 600 }, (_, i) => `line ${i}`);

let folder: string;
let server: WebServer;
let host: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "web-"));
  writeFileSync(join(folder, "index.html"), "<p>");
  const parts = { settings: () => [setting], log: (count: number) => lines.slice(-count) };
  server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    pages: readStaticSite(folder),
    site: () => ({
      ...{ version: "v", rpc: { port: 1 }, l1Url: undefined, accounts: [], freeKey: undefined },
      ...{ hasFactory: false, hasGovernance: false, hasCircle: false, hasAgents: false },
      ...{ hasKeys: false, hasOperator: true },
    }),
    isHostAllowed: () => true,
    routes: operatorRoutes(parts, (one) => one === operator.address.toLowerCase()),
    sessions: new Sessions({ chainId: 901, isAllowed: () => true }),
    onInternalError: () => undefined,
  });
  host = new URL(server.url).host;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(path: string, token?: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const response = await fetch(`http://${host}${path}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function tokenOf(account: typeof operator): Promise<string> {
  const post = async (path: string, body: unknown) => {
    const headers = { "content-type": "application/json" };
    const order = { method: "POST", headers, body: JSON.stringify(body) };
    return (await (await fetch(`http://${host}${path}`, order)).json()) as Record<string, string>;
  };
  const { nonce } = await post("/api/sign-in/nonce", {});
  const message = createSiweMessage({
    ...{ address: account.address, chainId: 901, nonce: nonce!, domain: host, uri: `http://${host}` },
    ...{ version: "1", issuedAt: new Date() },
  });
  const signature = await account.signMessage({ message });
  return (await post("/api/sign-in", { message, signature })).token!;
}

test("settings and log are told to the operator alone", async () => {
  for (const path of ["/api/operator/settings", "/api/operator/log"]) {
    expect((await ask(path)).status).toBe(401);
    expect((await ask(path, await tokenOf(stranger))).status).toBe(403);
  }
  const token = await tokenOf(operator);
  expect(await ask("/api/operator/settings", token)).toEqual({ status: 200, body: { settings: [setting] } });
  const { body } = await ask("/api/operator/log", token);
  expect(body.lines).toEqual(lines.slice(-100));
});

test("a log's answer is bounded", async () => {
  const token = await tokenOf(operator);
  expect((await ask("/api/operator/log?lines=500", token)).body.lines).toHaveLength(500);
  for (const wrong of ["501", "0", "-1", "many", "1e2"]) {
    const { status, body } = await ask(`/api/operator/log?lines=${wrong}`, token);
    expect([wrong, status, (body.error as { code: string }).code]).toEqual([wrong, 400, "API_BODY_INVALID"]);
  }
});
