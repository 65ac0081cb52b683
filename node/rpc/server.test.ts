import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CodedError } from "../base/errors.ts";
import { createRpcServer, type RpcServer } from "./server.ts";
import { RpcError } from "./types.ts";

let server: RpcServer;
const internal: string[] = [];

beforeAll(async () => {
  server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    limits: { maxRequestBytes: 20_000, maxBatch: 10, maxResponseBytes: 50_000 },
    onInternalError: (method) => internal.push(method),
    constants: ["constant"],
    methods: {
      echo: (params) => params,
      nothing: () => undefined,
      some: () => "x".repeat(20_000),
      constant: () => {
        internal.push("constant");
        return "0x385";
      },
      big: () => "x".repeat(60_000),
      coded: () => {
        throw new CodedError("SOME_CODE", "input", { message: "What happened.", fix: "What to do." });
      },
      bigint: () => 5n,
      rpc: () => {
        throw new RpcError(-32005, "limit", { most: 3 });
      },
      bug: () => {
        throw new Error("a path of the machine /secret");
      },
    },
  });
});
afterAll(() => server.close());

async function post(body: string): Promise<{ status: number; text: string }> {
  const response = await fetch(server.httpUrl, { method: "POST", body });
  return { status: response.status, text: await response.text() };
}

async function answer(body: unknown): Promise<unknown> {
  return JSON.parse((await post(typeof body === "string" ? body : JSON.stringify(body))).text);
}

const request = (method: string, params?: unknown) => ({ jsonrpc: "2.0", id: 1, method, params });

describe("JSON-RPC over HTTP", () => {
  it("answers a request, and a batch in order, leaving out notifications", async () => {
    expect(await answer(request("echo", [1, "a"]))).toEqual({ jsonrpc: "2.0", id: 1, result: [1, "a"] });
    expect(await answer({ ...request("nothing"), id: "x" })).toEqual({
      jsonrpc: "2.0",
      id: "x",
      result: null,
    });
    const batch = [
      request("echo", [1]),
      { jsonrpc: "2.0", method: "echo" },
      { ...request("echo", [2]), id: 2 },
    ];
    expect(await answer(batch)).toEqual([
      { jsonrpc: "2.0", id: 1, result: [1] },
      { jsonrpc: "2.0", id: 2, result: [2] },
    ]);
  });

  it.each([
    ["no JSON", "{", -32700],
    ["no text at all", "", -32700],
    ["a number", "7", -32600],
    ["null", "null", -32600],
    ["no method", { id: 1 }, -32600],
    ["an empty batch", [], -32600],
    ["a batch over the limit", Array.from({ length: 11 }, () => request("echo")), -32600],
    ["an unknown method", request("nope"), -32601],
    ["a name of the object prototype", request("constructor"), -32601],
    ["__proto__", request("__proto__"), -32601],
    ["named params", request("echo", { a: 1 }), -32602],
    ["an answer over the limit", request("big"), -32003],
    ["another version", { ...request("echo"), jsonrpc: "1.0" }, -32600],
    ["no version", { id: 1, method: "echo" }, -32600],
    ["an id that is an object", { ...request("echo"), id: {} }, -32600],
    ["an empty method", request(""), -32600],
  ])("refuses %s", async (_, body, code) => {
    const result = (await answer(body)) as { error: { code: number } };
    expect(result.error.code).toBe(code);
  });

  it("keeps batches with broken items apart", async () => {
    const result = (await answer([request("echo", [1]), 5, "x", null])) as { error?: { code: number } }[];
    expect(result.map((item) => item.error?.code)).toEqual([undefined, -32600, -32600, -32600]);
  });

  it("gives coded errors with code and fix, and hides internal ones", async () => {
    expect(await answer(request("coded"))).toMatchObject({
      error: { code: -32000, message: "What happened.", data: { code: "SOME_CODE", fix: "What to do." } },
    });
    expect(await answer(request("rpc"))).toMatchObject({ error: { code: -32005, data: { most: 3 } } });
    const bug = JSON.stringify(await answer(request("bug")));
    expect(bug).toContain("-32603");
    expect(bug).not.toContain("secret");
    expect(await answer(request("bigint"))).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(internal).toEqual(["constant", "bug", "(answer)"]);
  });

  it.each([
    "9007199254740993",
    "1732762685000000001",
    "18446744073709551615",
    "-0",
    "1.0",
    "1e3",
    '"a\\u0041\\n"',
    '"\u00e4"',
    "null",
    "true",
  ])("gives the id %s back as it came", async (id) => {
    const body = `{"jsonrpc":"2.0","id":${id},"method":"echo"}`;
    expect((await post(body)).text).toBe(`{"jsonrpc":"2.0","id":${id},"result":[]}`);
    expect((await post(` [ ${body} ,${body}] `)).text).toBe(
      `[{"jsonrpc":"2.0","id":${id},"result":[]},{"jsonrpc":"2.0","id":${id},"result":[]}]`,
    );
    const refused = `{"jsonrpc":"2.0","method":"nope","id" : ${id} }`;
    expect((await post(refused)).text).toContain(`"id":${id},"error"`);
  });

  it("takes the last of two members with one name, and names with escapes", async () => {
    const body = '{"jsonrpc":"2.0","id":1,"\\u0069d":2,"method":"nope","method":"echo","params":[{"id":5}]}';
    expect((await post(body)).text).toBe('{"jsonrpc":"2.0","id":2,"result":[{"id":5}]}');
  });

  it.each([
    ["lists", "[".repeat(10_000)],
    ["closed lists", `${"[".repeat(5_000)}${"]".repeat(5_000)}`],
    ["objects", `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`],
    [
      "lists in parameters",
      `{"jsonrpc":"2.0","id":1,"method":"echo","params":${"[".repeat(70)}${"]".repeat(70)}}`,
    ],
  ])("refuses %s that are nested too deep", async (_, body) => {
    expect(await answer(body)).toMatchObject({
      id: null,
      error: { code: -32700, message: "parse error: nested deeper than 64 levels" },
    });
  });

  it("takes brackets in strings for text", async () => {
    const text = `${"[{".repeat(100)}\\"]`;
    expect(await answer(request("echo", [text]))).toMatchObject({ result: [text] });
  });

  it("stops a batch whose answers are too large together, and keeps those that fit", async () => {
    const some = { ...request("some"), id: 5 };
    const answers = (await answer([some, some, some, some])) as { error?: { code: number } }[];
    expect(answers.map((one) => one.error?.code)).toEqual([undefined, undefined, -32003, -32003]);
  });

  it("answers constants without the thread that runs the methods", async () => {
    const called = internal.length;
    expect(await answer(request("constant"))).toMatchObject({ result: "0x385" });
    expect(internal.length).toBe(called);
  });

  it("refuses a body over the limit and stays up", async () => {
    const tooLarge = await post("x".repeat(30_000)).catch(() => ({ status: 413 }));
    expect(tooLarge.status).toBe(413);
    expect(await answer(request("echo", []))).toMatchObject({ result: [] });
  });

  it("survives raw garbage on the socket", async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, "127.0.0.1", () => socket.end("\x00\x01garbage\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.on("error", () => resolve());
      socket.resume();
    });
    expect(await answer(request("echo", []))).toMatchObject({ result: [] });
  });
});

describe("JSON-RPC over WebSocket", () => {
  it("answers in order, on the same port", async () => {
    const socket = new WebSocket(server.wsUrl);
    await new Promise((resolve) => socket.once("open", resolve));
    const answers: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      socket.on("message", (data) => {
        answers.push(JSON.parse(data.toString()).id);
        if (answers.length === 3) resolve();
      });
    });
    socket.send(JSON.stringify(request("echo")));
    socket.send("{");
    socket.send(JSON.stringify({ ...request("echo"), id: 3 }));
    await done;
    expect(answers).toEqual([1, null, 3]);
    socket.close();
  });
});

describe("the port", () => {
  it("that is taken gives a coded error", async () => {
    const second = createRpcServer({ host: "127.0.0.1", port: server.port, methods: {} });
    await expect(second).rejects.toMatchObject({ code: "RPC_PORT_BUSY" });
  });
});
