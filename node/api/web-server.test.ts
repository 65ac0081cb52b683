import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { apiError } from "./errors.ts";
import { apiRoute } from "./routes.ts";
import { readStaticSite } from "./static-files.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

const SECRET = "secret outside of the pages";
let folder: string;
let server: WebServer;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "web-"));
  const pages = join(folder, "pages");
  mkdirSync(join(pages, "assets"), { recursive: true });
  writeFileSync(
    join(pages, "index.html"),
    '<script nonce="__OPENLEDGER_NONCE__" src="/assets/a-1.js"></script>',
  );
  writeFileSync(join(pages, "assets", "a-1.js"), `console.log(1);${" ".repeat(2_000)}`);
  writeFileSync(join(pages, "icon.svg"), "<svg/>");
  writeFileSync(join(folder, "secret.txt"), SECRET);
  server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    pages: readStaticSite(pages),
    site: () => ({
      version: "v",
      rpc: { port: 9545 },
      l1Url: undefined,
      accounts: [],
      hasFactory: false,
      hasGovernance: false,
      hasCircle: false,
      hasAgents: false,
      hasOperator: false,
      hasKeys: false,
      freeKey: undefined,
    }),
    isHostAllowed: (name) => name === "127.0.0.1" || name === "localhost",
    routes: [
      apiRoute({
        method: "POST",
        path: "/api/double",
        summary: "Doubles.",
        body: z.strictObject({ n: z.number().max(100) }),
        run: async ({ n }) => {
          if (n < 0) throw apiError("API_BUSY", { message: "too small", fix: "later" });
          return { n: 2 * n };
        },
      }),
    ],
    onInternalError: () => undefined,
  });
  port = Number(new URL(server.url).port);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the server answers to exactly this text: fetch would tidy paths and names up. */
function raw(
  target: string,
  headers: Record<string, string> = {},
  method = "GET",
  body = "",
): Promise<string> {
  const all: Record<string, string> = { Host: `127.0.0.1:${port}`, Connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
    });
    let text = "";
    socket.on("data", (piece) => {
      text += String(piece);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
const statusOf = (answer: string) => Number(answer.split(" ")[1]);
const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${server.url}api/double`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

describe("pages", () => {
  test("each answer has a policy with a nonce of its own, and nothing inline or evaluated", async () => {
    const [first, second] = [await fetch(server.url), await fetch(server.url)];
    const policy = first.headers.get("content-security-policy") ?? "";
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "none";
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(policy).toContain("connect-src 'self' http://127.0.0.1:9545 ws://127.0.0.1:9545;");
    expect(await first.text()).toContain(`nonce="${nonce}"`);
    expect(second.headers.get("content-security-policy")).not.toContain(nonce);
    expect(first.headers.get("cache-control")).toBe("no-store");
  });

  test("a page's address gives the page, a file that is not there does not", async () => {
    expect(await (await fetch(`${server.url}answers/7`)).text()).toContain("<script");
    expect((await fetch(`${server.url}assets/gone-1.js`)).status).toBe(404);
  });

  test("files with a hash in their name stay for ever, others are asked for again", async () => {
    const file = await fetch(`${server.url}assets/a-1.js`);
    expect(file.headers.get("cache-control")).toContain("immutable");
    expect(file.headers.get("content-encoding")).toBe("gzip");
    expect(file.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const icon = await fetch(`${server.url}icon.svg`);
    expect(icon.headers.get("cache-control")).toBe("no-cache");
    const etag = icon.headers.get("etag") ?? "";
    const again = await fetch(`${server.url}icon.svg`, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
  });

  test.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..\\..\\secret.txt",
    "/%00",
  ])("no path leads out of the pages: %s", async (target) => {
    expect(await raw(target)).not.toContain(SECRET);
  });

  test("another site's name for this machine gets nothing", async () => {
    expect(statusOf(await raw("/", { Host: "evil.example" }))).toBe(403);
    expect(statusOf(await raw("/site.json", { Host: `evil.example:${port}` }))).toBe(403);
    expect(statusOf(await raw("/", { Host: `localhost:${port}` }))).toBe(200);
    expect(statusOf(await raw("/", { Host: "" }))).toBe(403);
  });

  test("what no page is asked with is refused", async () => {
    expect(statusOf(await raw("/", {}, "DELETE"))).toBe(405);
    expect(statusOf(await raw(`/${"a".repeat(3_000)}`))).toBe(400);
    expect(statusOf(await raw("/%E0%A4%A"))).toBe(400);
  });
});

describe("doors", () => {
  test("answers what the schema allows", async () => {
    expect(await (await post({ n: 21 })).json()).toEqual({ n: 42 });
  });

  test("tells what is wrong with code, message and fix", async () => {
    const refused = await post({ n: 101 });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { code: "API_BODY_INVALID", fix: "See /openapi.json." },
    });
    expect((await post({ n: -1 })).status).toBe(503);
  });

  test("another site's page can't ask, nor a form", async () => {
    expect((await post({ n: 1 }, { origin: "http://evil.example" })).status).toBe(403);
    expect((await post({ n: 1 }, { origin: server.url.slice(0, -1) })).status).toBe(200);
    const form = { "Content-Type": "text/plain", "Content-Length": "7" };
    expect(statusOf(await raw("/api/double", form, "POST", '{"n":1}'))).toBe(400);
  });

  test("a body too large is refused by its length, before it is read", async () => {
    const headers = { "Content-Type": "application/json", "Content-Length": "1000000000" };
    expect(statusOf(await raw("/api/double", headers, "POST", "{"))).toBe(413);
  });

  test("describes itself", async () => {
    const { paths } = (await (await fetch(`${server.url}openapi.json`)).json()) as {
      paths: Record<string, unknown>;
    };
    expect(Object.keys(paths)).toEqual(["/api/double"]);
  });

  test("one address can't ask without end", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async () => (await post({ n: 1 })).status),
    );
    expect(statuses).toContain(429);
  });
});
