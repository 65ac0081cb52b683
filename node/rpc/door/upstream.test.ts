import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRpcServer, type RpcServer } from "../server.ts";

let folder: string;
let rpc: RpcServer;
/** How the service answers the next requests, and what it saw. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const service = createServer((request, response) => answer(request, response));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upstream-"));
  const socketPath = join(folder, "socket");
  await new Promise<void>((resolve) => service.listen(socketPath, resolve));
  const upstream = { prefix: "/v1/", address: { socketPath } };
  const origins = ["https://good.example"];
  rpc = await createRpcServer({
    methods: { echo: (params) => params },
    host: "127.0.0.1",
    port: 0,
    upstream,
    origins,
  });
});
afterAll(async () => {
  await rpc.close();
  service.closeAllConnections();
  await new Promise((resolve) => service.close(resolve));
  await rm(folder, { recursive: true });
});

test("requests below the path go to the service with what it needs, and come back with the door's own headers", async () => {
  answer = async (request, response) => {
    let body = "";
    for await (const piece of request) body += String(piece);
    const { authorization, cookie, "content-type": type } = request.headers;
    response.writeHead(418, { "content-type": "application/json", "retry-after": "7", "set-cookie": "a=b" });
    response.end(
      JSON.stringify({ method: request.method, url: request.url, authorization, cookie, type, body }),
    );
  };
  const headers = {
    authorization: "Bearer sk",
    cookie: "c=d",
    "content-type": "application/json",
    origin: "https://good.example",
  };
  const response = await fetch(`${rpc.httpUrl}/v1/chat?x=1`, { method: "POST", headers, body: "{}" });
  expect(response.status).toBe(418);
  expect(response.headers.get("retry-after")).toBe("7");
  expect(response.headers.get("set-cookie")).toBeNull();
  expect(response.headers.get("access-control-allow-origin")).toBe("https://good.example");
  expect(await response.json()).toEqual({
    ...{
      method: "POST",
      url: "/v1/chat?x=1",
      authorization: "Bearer sk",
      type: "application/json",
      body: "{}",
    },
  });
  expect(await (await fetch(`${rpc.httpUrl}/v1/models`)).json()).toMatchObject({ method: "GET", body: "" });
  const call = { jsonrpc: "2.0", id: 1, method: "echo", params: [1] };
  expect(
    await (await fetch(rpc.httpUrl, { method: "POST", body: JSON.stringify(call) })).json(),
  ).toMatchObject({
    result: [1],
  });
});

test("what a page of another origin sends does not get there, nor what is too large", async () => {
  let isReached = false;
  answer = (_, response) => {
    isReached = true;
    response.end();
  };
  const post = (headers: Record<string, string>, body: string) =>
    fetch(`${rpc.httpUrl}/v1/x`, { method: "POST", headers, body });
  expect((await post({ origin: "https://bad.example" }, "{}")).status).toBe(403);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    // Its head is enough: the body is never read.
    const headers = { "content-length": 6 * 1024 * 1024 };
    const large = sendRequest(`${rpc.httpUrl}/v1/x`, { method: "POST", headers }, (response) => {
      resolve(response.statusCode);
      large.destroy();
    });
    large.on("error", reject);
    large.flushHeaders();
  });
  expect(status).toBe(413);
  expect(isReached).toBe(false);
});

test("an answer comes piece by piece, and a client that goes ends it", async () => {
  const ended = new Promise<void>((resolve) => {
    answer = (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      response.once("close", resolve);
    };
  });
  const leaving = new AbortController();
  const response = await fetch(`${rpc.httpUrl}/v1/stream`, { signal: leaving.signal });
  const { value } = await response.body!.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("data: 1\n\n");
  leaving.abort();
  await ended;
});

test("a service that is not there, or breaks off before it answers, is 503 with the time to try again", async () => {
  answer = (request) => void request.socket.destroy();
  const response = await fetch(`${rpc.httpUrl}/v1/models`);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("2");
  expect(await response.json()).toMatchObject({
    error: { code: "ai_worker_unreachable", type: "server_error" },
  });
});
