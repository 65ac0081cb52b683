import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { rpcRequest } from "./rpc.ts";

let server: Server | undefined;
afterEach(() => server?.close());

async function serving(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failure = (url: string, timeoutMs = 5_000) =>
  rpcRequest(url, "eth_chainId", [], timeoutMs).then(
    () => "answered",
    (error: unknown) => error as { code: string; message: string; cause?: Error },
  );

test.each(["ws://127.0.0.1:9545", "wss://node.example", "http://name:secret@127.0.0.1:9545", "nowhere"])(
  "%s is no URL for requests",
  async (url) => {
    const error = await failure(url);
    expect(error).toMatchObject({ code: "RPC_URL_INVALID" });
    expect(JSON.stringify(error)).not.toContain("secret");
  },
);

test("where nothing listens, the cause says so", async () => {
  const url = await serving(() => undefined);
  await new Promise((resolve) => server?.close(resolve));
  expect(await failure(url)).toMatchObject({
    code: "RPC_UNREACHABLE",
    cause: expect.objectContaining({ message: expect.stringContaining("ECONNREFUSED") }),
  });
});

test("a node that is silent is not waited for forever", async () => {
  expect(await failure(await serving(() => undefined), 200)).toMatchObject({ code: "RPC_UNREACHABLE" });
  server?.closeAllConnections();
});

test.each([
  ["text/html", 404, "<h1>Not found</h1>"],
  ["application/json", 200, "[]"],
  ["application/json", 200, '{"jsonrpc":"2.0","id":1}'],
  ["application/json", 500, '{"error":"down"}'],
  ["text/plain", 200, ""],
])("another service is told from a node: %s %i %s", async (type, status, body) => {
  const url = await serving((_, response) => response.writeHead(status, { "content-type": type }).end(body));
  expect(await failure(url)).toMatchObject({
    code: "RPC_ANSWER_INVALID",
    message: expect.stringContaining(String(status)),
  });
});

test("a node's own refusal keeps its code", async () => {
  const error = { code: -32000, message: "no", data: { code: "QUOTA", fix: "wait" } };
  const url = await serving((_, response) => response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, error })));
  expect(await failure(url)).toMatchObject({ code: "QUOTA", fix: "wait", message: "no" });
});
