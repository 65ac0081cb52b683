import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRpcServer, type RpcServer } from "../server.ts";

let server: RpcServer;
let strict: RpcServer;
let small: RpcServer;
let slowPage: () => void = () => {};
let blocked: (() => void)[] = [];

const methods = {
  long: () => "ä".repeat(400_000),
  huge: () => "x".repeat(30_000_000),
  echo: (params: readonly unknown[]) => params,
  wait: () => new Promise<boolean>((resolve) => blocked.push(() => resolve(true))),
};
const health = { status: 200, type: "application/json", body: '{"status":"ok"}' };

beforeAll(async () => {
  server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods,
    origins: ["*"],
    limits: { maxRequestBytes: 20_000, pageMs: 300, headMs: 500, bodyMs: 800, sendMs: 500 },
    pages: {
      "/health": () => health,
      "/slow": () =>
        new Promise((resolve) => {
          slowPage = () => resolve(health);
        }),
    },
  });
  strict = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods,
    origins: ["https://App.example"],
    hosts: ["node.example", "localhost"],
  });
  small = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods: { ...methods, eth_getLogs: methods.wait, eth_blockNumber: () => "0x1" },
    limits: {
      maxLongCalls: 2,
      maxWaitingPerClient: 1,
      maxWaitMs: 5_000,
      maxParamsBytes: 100,
      maxHeldBytes: 4_000,
    },
  });
});
afterAll(() => Promise.all([server, strict, small].map((each) => each.close())));

const call = (method = "echo", params: unknown = []) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
const post = (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body, headers });

/** Sends raw bytes and gives what comes back until the server closes, or `ms` pass. */
function raw(text: string, ms = 3_000, port = server.port): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on("data", (piece) => {
      received += piece.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(received);
    });
  });
}
const statusOf = async (request: string) =>
  Number((await raw(`${request}\r\nconnection: close\r\n\r\n`)).split(" ")[1]);
const alive = async () => (await post(server.httpUrl, call())).status;

describe("request lines", () => {
  it.each([
    ["two slashes", "GET // HTTP/1.1\r\nhost: x", 400],
    ["three slashes and a name", "GET ///a HTTP/1.1\r\nhost: x", 400],
    ["an absolute form", "GET http://[::1 HTTP/1.1\r\nhost: x", 400],
    ["another host's address", "GET http://example.org/health HTTP/1.1\r\nhost: x", 400],
    ["no path", "GET * HTTP/1.1\r\nhost: x", 400],
    ["an unknown path", "GET /nothing HTTP/1.1\r\nhost: x", 404],
    ["a broken escape", "GET /%zz HTTP/1.1\r\nhost: x", 404],
    ["a path above the root", "GET /../../etc HTTP/1.1\r\nhost: x", 404],
    ["a very long path", `GET /${"a".repeat(100_000)} HTTP/1.1\r\nhost: x`, 431],
    ["a post to two slashes", "POST // HTTP/1.1\r\nhost: x\r\ncontent-length: 0", 400],
    ["a post elsewhere", "POST /elsewhere HTTP/1.1\r\nhost: x\r\ncontent-length: 0", 404],
    ["another method", "PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 0", 405],
    ["a deletion", "DELETE / HTTP/1.1\r\nhost: x", 405],
    ["no host", "GET / HTTP/1.1", 400],
  ])("%s", async (_, request, status) => {
    expect(await statusOf(request)).toBe(status);
    expect(await alive()).toBe(200);
  });
});

describe("GET and HEAD", () => {
  it("answer at the root and for pages, HEAD without a body", async () => {
    expect((await fetch(server.httpUrl)).status).toBe(200);
    const got = await fetch(`${server.httpUrl}/health?x=1`);
    expect([got.status, await got.json()]).toEqual([200, { status: "ok" }]);
    for (const path of ["/", "/health"]) {
      const head = await fetch(`${server.httpUrl}${path}`, { method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([200, ""]);
      expect(Number(head.headers.get("content-length"))).toBeGreaterThan(0);
    }
    expect((await fetch(`${server.httpUrl}/other`, { method: "HEAD" })).status).toBe(404);
  });

  it("answers 503 by itself when the chain's thread is silent", async () => {
    const start = performance.now();
    const silent = await fetch(`${server.httpUrl}/slow`);
    expect([silent.status, await silent.json()]).toEqual([503, { status: "unresponsive" }]);
    expect(performance.now() - start).toBeLessThan(5_000);
    slowPage();
    expect(await alive()).toBe(200);
  });
});

describe("CORS", () => {
  const preflight = (url: string, origin: string, wanted: string) =>
    fetch(url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": wanted,
      },
    });

  it("names the headers that were asked for", async () => {
    const { status, headers } = await preflight(
      server.httpUrl,
      "https://app.example",
      "authorization,content-type",
    );
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-headers")).toBe("authorization,content-type");
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-methods")).toContain("POST");
    expect(headers.get("vary")).toBe("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  });

  it("does not give back what is no list of header names", async () => {
    const { headers } = await preflight(server.httpUrl, "https://app.example", "x y; z");
    expect(headers.get("access-control-allow-headers")).toBeNull();
  });

  it("lets only the origins of the list in", async () => {
    const own = await preflight(strict.httpUrl, "https://app.example", "authorization");
    expect(own.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(own.headers.get("access-control-allow-headers")).toBe("authorization");
    const other = await preflight(strict.httpUrl, "https://evil.example", "authorization");
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    expect(other.headers.get("access-control-allow-headers")).toBeNull();
    const refused = await post(strict.httpUrl, call(), { origin: "https://evil.example" });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    const answered = await post(strict.httpUrl, call(), { origin: "https://app.example" });
    expect([answered.status, answered.headers.get("vary")]).toEqual([200, "Origin"]);
    expect((await post(strict.httpUrl, call())).status).toBe(200);
  });

  it("unless told lets in no page of another machine, but this one's and wallets", async () => {
    const asked = async (origin: string, host = "127.0.0.1") => {
      const head = `POST / HTTP/1.1\r\nhost: ${host}\r\norigin: ${origin}\r\nconnection: close\r\n`;
      const text = `${head}content-length: ${call().length}\r\n\r\n${call()}`;
      const answer = await raw(text, 3_000, small.port);
      return [answer.split(" ")[1], /access-control-allow-origin: (.*)\r/i.exec(answer)?.[1]];
    };
    const foreign: [origin: string, host?: string][] = [
      ["https://evil.example"],
      ["null"],
      ["http://127.0.0.1.evil.example"],
      ["http://localhost.evil.example:9545"],
      ["http://192.168.0.7"],
      // A name that was made to mean this machine.
      ["http://evil.example:9545", "evil.example:9545"],
      // A page of the visitor's own machine, and a node elsewhere.
      ["http://localhost:3000", "192.168.0.7:9545"],
    ];
    for (const [origin, host] of foreign)
      expect(await asked(origin, host), origin).toEqual(["403", undefined]);
    const own: [origin: string, host?: string][] = [
      ["http://localhost:3000"],
      ["http://127.0.0.1:9547", "localhost:9545"],
      ["http://[::1]:9547", "[::1]:9545"],
      ["https://192.168.0.7:9547", "192.168.0.7:9545"],
      ["chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn"],
      ["moz-extension://8f0c"],
    ];
    for (const [origin, host] of own) expect(await asked(origin, host), origin).toEqual(["200", origin]);
    const asks = await preflight(small.httpUrl, "https://evil.example", "content-type");
    expect(asks.headers.get("access-control-allow-methods")).toBeNull();
  });

  it("answers under the names of the list and by address", async () => {
    const as = async (host: string) =>
      (await raw(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`, 3_000, strict.port)).split(
        " ",
      )[1];
    expect(await Promise.all(["node.example:80", "LOCALHOST", "127.0.0.1:1", "[::1]:1"].map(as))).toEqual(
      Array(4).fill("200"),
    );
    expect(await as("rebound.example")).toBe("403");
  });
});

describe("bodies", () => {
  it.each([
    ["application/json", 200],
    ["application/json; charset=utf-8", 200],
    ["text/plain;charset=UTF-8", 200],
    ["application/x-www-form-urlencoded", 200],
    ["multipart/form-data; boundary=x", 415],
    ["text/html", 415],
  ])("of type %s", async (type, status) => {
    expect((await post(server.httpUrl, call(), { "content-type": type })).status).toBe(status);
  });

  it("that are compressed are refused clearly", async () => {
    const refused = await post(server.httpUrl, new Uint8Array(gzipSync(call())), {
      "content-encoding": "gzip",
    });
    expect([refused.status, await refused.text()]).toEqual([
      415,
      expect.stringContaining('"gzip" is not supported'),
    ]);
  });

  it("over the limit are refused, with a length and without", async () => {
    const head = "POST / HTTP/1.1\r\nhost: x\r\n";
    expect(await raw(`${head}content-length: 30000\r\n\r\n`)).toContain("413");
    const chunk = `2710\r\n${"x".repeat(10_000)}\r\n`;
    expect(await raw(`${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(4)}`)).toContain("413");
    expect(await alive()).toBe(200);
  });

  it("that come too slowly, and heads that never end, are given up", async () => {
    const head = "POST / HTTP/1.1\r\nhost: x\r\n";
    const started = performance.now();
    const [slowBody, slowHead, silent] = await Promise.all([
      raw(`${head}content-length: 1000\r\n\r\n{`, 6_000),
      raw(head, 6_000),
      raw("", 6_000),
    ]);
    expect([slowBody, slowHead, silent].map((text) => text.split(" ")[1])).toEqual(["408", "408", "408"]);
    expect(performance.now() - started).toBeLessThan(5_500);
  });

  it("of more bytes than the door may hold together are refused as busy", async () => {
    const busy = await post(small.httpUrl, call("eth_call", ["x".repeat(5_000)]));
    expect(busy.status).toBe(503);
    expect(await busy.json()).toMatchObject({ error: { code: -32005, message: "server busy" } });
    expect((await post(small.httpUrl, call())).status).toBe(200);
  });

  it("with large parameters are taken only by methods that need them", async () => {
    const large = ["x".repeat(200)];
    expect(await (await post(small.httpUrl, call("eth_blockNumber", large))).json()).toMatchObject({
      error: { code: -32602 },
    });
  });

  it("with long answers have the length of their answer before it, batches come as they are made", async () => {
    const long = { jsonrpc: "2.0", id: 1, method: "long", params: [] };
    const one = await post(server.httpUrl, JSON.stringify(long));
    const text = await one.text();
    expect(Number(one.headers.get("content-length"))).toBe(Buffer.byteLength(text));
    expect(JSON.parse(text).result).toBe("ä".repeat(400_000));
    const batch = await post(server.httpUrl, JSON.stringify([long, long]));
    expect(batch.headers.get("content-length")).toBeNull();
    expect(((await batch.json()) as unknown[]).length).toBe(2);
  });

  it("whose answers nobody reads do not stay", async () => {
    const socket = connect(server.port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "huge", params: [] });
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    let received = 0;
    socket.on("data", (piece) => {
      received += piece.length;
    });
    await new Promise((resolve) => socket.once("data", resolve));
    socket.pause();
    await sleep(1_500);
    socket.resume();
    await closed;
    expect(received).toBeLessThan(30_000_000);
  });

  it("sent one behind the other on one connection are answered in order", async () => {
    const one = (id: number) => {
      const body = `{"jsonrpc":"2.0","id":${id},"method":"echo"}`;
      return `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    };
    expect(await raw(Array.from({ length: 100 }, (_, id) => one(id)).join(""), 500)).not.toContain('"id":99');
    const text = await raw([1, 2, 3].map(one).join(""), 500);
    expect([...text.matchAll(/"id":(\d)/g)].map(([, id]) => id)).toEqual(["1", "2", "3"]);
  });
});

describe("calls that take long", () => {
  it("have places of their own: others are answered, and too many are told so", async () => {
    const long = () => post(small.httpUrl, call("eth_getLogs")).then((response) => response.json());
    const running = [long(), long(), long()];
    while (blocked.length < 2) await sleep(5);
    await sleep(100);
    expect(await long()).toMatchObject({ error: { code: -32005, message: "server busy" } });
    expect(await (await post(small.httpUrl, call("eth_blockNumber"))).json()).toMatchObject({
      result: "0x1",
    });
    for (const end of blocked.splice(0)) end();
    while (blocked.length < 1) await sleep(5);
    for (const end of blocked.splice(0)) end();
    for (const answer of await Promise.all(running)) expect(answer).toMatchObject({ result: true });
    blocked = [];
  });
});
