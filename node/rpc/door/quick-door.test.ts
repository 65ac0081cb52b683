import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRpcServer, type RpcServer } from "../server.ts";

let server: RpcServer;
let strict: RpcServer;
let hasty: RpcServer;
let waiting: (() => void)[] = [];

beforeAll(async () => {
  const options = {
    host: "127.0.0.1",
    port: 0,
    methods: {
      echo: (params: readonly unknown[]) => params,
      long: () => "ä".repeat(400_000),
      wait: () => new Promise((resolve) => waiting.push(() => resolve("done"))),
    },
  };
  server = await createRpcServer({ ...options, limits: { maxRequestBytes: 20_000 } });
  hasty = await createRpcServer({ ...options, limits: { idleMs: 1_500 } });
  strict = await createRpcServer({ ...options, hosts: ["node.example"], origins: ["https://app.example"] });
});
afterAll(() => Promise.all([server, strict, hasty].map((each) => each.close())));

const body = (method = "echo", id: unknown = 1, params: unknown = ["x"]) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });
const post = (text: string, ...headers: string[]) =>
  [
    "POST / HTTP/1.1",
    "host: 127.0.0.1",
    ...headers,
    `content-length: ${Buffer.byteLength(text)}`,
    "",
    text,
  ].join("\r\n");

/** A connection and all that it has received, a character a byte. */
async function open(port = server.port): Promise<{ socket: Socket; got: () => string }> {
  let received = "";
  const socket = connect(port, "127.0.0.1");
  socket.on("data", (piece) => {
    received += piece.toString("latin1");
  });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, got: () => received };
}

/** Bytes to send and how many answers they make whole; a text alone: one. */
type Piece = string | { text: string; count: number };

/** What one connection answers to these pieces, each sent when those before it have their answers, without the dates. */
async function answers(pieces: readonly Piece[], port = server.port): Promise<string> {
  const { socket, got } = await open(port);
  let wanted = 0;
  for (const piece of pieces) {
    const { text, count } = typeof piece === "string" ? { text: piece, count: 1 } : piece;
    socket.write(text);
    wanted += count;
    await sleep(30);
    const isDone = () => got().split("HTTP/1.1 ").length > wanted && isWhole(got());
    for (let ms = 0; ms < 20_000 && !isDone(); ms += 5) await sleep(5);
  }
  socket.destroy();
  return got().replace(/date: [^\r]*\r\n/gi, "");
}

/** Every answer that has begun has as many bytes as its head says. */
function isWhole(text: string): boolean {
  let rest = Buffer.from(text, "latin1");
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const length = Number(/content-length: (\d+)/i.exec(rest.toString("latin1", 0, end))?.[1] ?? 0);
    if (rest.length < end + 4 + length) return false;
    rest = rest.subarray(end + 4 + length);
  }
  return true;
}

/** Status, headers by name, and body of one answer. */
function parts(answer: string): unknown {
  const [head = "", text] = answer.split("\r\n\r\n");
  const [status, ...lines] = head.split("\r\n");
  return [status, lines.map((line) => line.toLowerCase()).sort(), text?.length, text?.slice(0, 1_000)];
}

describe("a plain request is answered as Node's HTTP server answers it", () => {
  it.each([
    ["a call", body()],
    ["an unknown method", body("nothing")],
    ["a notification", JSON.stringify({ jsonrpc: "2.0", method: "echo", params: [] })],
    ["text beyond ASCII", body("echo", "ü", ["ß", "🙂"])],
    ["no JSON", "{"],
    ["nothing", ""],
    ["no request", "[]"],
    ["too deep", `{"a":${"[".repeat(100)}${"]".repeat(100)}}`],
    ["an id that is no scalar", body("echo", {})],
    ["a long answer", body("long")],
  ])("%s", async (_, text) => {
    const quick = parts(await answers([post(text)]));
    expect(quick).toEqual(parts(await answers([post(text, "x-other: 1")])));
    expect(quick).toEqual(
      parts(await answers([post(text, "content-type: application/json", "accept: */*")])),
    );
  });

  it("at the names and for the origins of the lists only", async () => {
    const status = async (...headers: string[]) =>
      (await answers([post(body(), ...headers)], strict.port)).split(" ")[1];
    expect(await status()).toBe("200");
    expect(await status("origin: https://evil.example")).toBe("403");
    const named = post(body()).replace("host: 127.0.0.1", "host: rebound.example");
    expect((await answers([named], strict.port)).split(" ")[1]).toBe("403");
  });
});

describe("requests that mean something else", () => {
  it.each([
    ["two lengths", ["content-length: 5"], "400"],
    ["a length and chunks", ["transfer-encoding: chunked"], "400"],
    ["a folded header", ["accept: a", " b"], "400"],
    ["another type", ["content-type: text/html"], "415"],
    ["an encoding", ["content-encoding: gzip"], "415"],
    ["an expectation", ["expect: 100-continue"], "100"],
  ])("%s", async (_, headers, status) => {
    expect((await answers([post(body(), ...headers)])).split(" ")[1]).toBe(status);
  });

  it("an old version, a goodbye", async () => {
    expect(await answers([post(body()).replace("HTTP/1.1", "HTTP/1.0")])).toContain("Connection: close");
    expect(await answers([post(body(), "connection: close")])).toContain("Connection: close");
  });

  it("one in pieces, a batch, a page, one behind the other: all on one connection, in order", async () => {
    const whole = (id: number) => post(body("echo", id, []));
    const text = await answers([
      whole(1),
      { text: whole(2).slice(0, 30), count: 0 },
      whole(2).slice(30),
      post(`[${body("echo", 3, [])}]`),
      "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
      { text: whole(4) + whole(5), count: 2 },
    ]);
    expect([...text.matchAll(/"id":(\d)/g)].map(([, id]) => id)).toEqual(["1", "2", "3", "4", "5"]);
    expect(text.split("HTTP/1.1 200").length).toBe(7);
  });
});

describe("while an answer is under way", () => {
  it("what comes next waits for it; who has said goodbye still gets it", async () => {
    const { socket, got } = await open();
    socket.write(post(body("wait", 1, [])));
    while (waiting.length < 1) await sleep(5);
    socket.write(post(body("echo", 2, [])));
    await sleep(50);
    expect(got()).toBe("");
    for (const end of waiting.splice(0)) end();
    while (!got().includes('"id":2')) await sleep(5);
    expect(got().indexOf('"id":1')).toBeLessThan(got().indexOf('"id":2'));
    const other = await open();
    other.socket.end(post(body("wait", 3, [])));
    while (waiting.length < 1) await sleep(5);
    const closed = new Promise((resolve) => other.socket.once("close", resolve));
    for (const end of waiting.splice(0)) end();
    await closed;
    expect(other.got()).toContain('"id":3');
    socket.destroy();
    waiting = [];
  });
});

describe("connections", () => {
  it("that say nothing any more are ended after the idle time", async () => {
    const { socket, got } = await open(hasty.port);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const start = performance.now();
    socket.write(post(body()));
    await closed;
    expect(got()).toContain('"id":1');
    expect(performance.now() - start).toBeGreaterThan(1_400);
  });
});
