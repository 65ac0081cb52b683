import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createRpcServer, type RpcServer } from "../server.ts";
import type { RpcConnection } from "../types.ts";

let server: RpcServer;
let crowded: RpcServer;
const open: WebSocket[] = [];
const subscribers: [RpcConnection, string][] = [];
let gone = 0;
let made = 0;
/** Makes it an event that says how often it was turned into JSON. */
const event = {
  toJSON: () => {
    made++;
    return "x".repeat(100_000);
  },
};
let running = 0;
let mostRunning = 0;

beforeAll(async () => {
  server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    limits: { maxSocketBytes: 1_000_000, maxSocketQueue: 4, pingMs: 300, sendMs: 1_000 },
    methods: {
      echo: (params) => params,
      big: () => "x".repeat(300_000),
      slow: async () => {
        mostRunning = Math.max(mostRunning, ++running);
        await sleep(5);
        running--;
        return true;
      },
      eth_subscribe: (_, { connection }) => {
        const id = `0x${subscribers.length}`;
        subscribers.push([connection!, id]);
        connection!.onClose(() => gone++);
        // An event in the same turn must come behind the answer.
        connection!.hub.publish([[connection!, id]], "first");
        return id;
      },
    },
  });
  crowded = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    limits: { maxConnections: 8, maxConnectionsPerAddress: 6 },
    methods: { echo: (params) => params },
  });
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate();
});
afterAll(() => Promise.all([server.close(), crowded.close()]));

async function socketTo(url = server.wsUrl, options = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, options);
  open.push(socket);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("open", resolve));
  return socket;
}
const request = (method: string, id: number, params: unknown = []) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });
const messages = (socket: WebSocket, count: number) =>
  new Promise<string[]>((resolve) => {
    const got: string[] = [];
    socket.on("message", (data) => {
      if (got.push(data.toString()) === count) resolve(got);
    });
  });
const closing = (socket: WebSocket) => new Promise<number>((resolve) => socket.once("close", resolve));
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !what(); i++) await sleep(10);
  expect(what()).toBe(true);
}

describe("a WebSocket", () => {
  it("takes binary messages for text, and answers text", async () => {
    const socket = await socketTo();
    const answer = new Promise((resolve) =>
      socket.once("message", (data, isBinary) => resolve([data.toString(), isBinary])),
    );
    socket.send(Buffer.from(request("echo", 7)));
    expect(await answer).toEqual(['{"jsonrpc":"2.0","id":7,"result":[]}', false]);
  });

  it("gets an event behind the answer with its subscription, and all subscribers one text", async () => {
    const sockets = [await socketTo(), await socketTo()];
    const got = sockets.map((socket) => messages(socket, 3));
    for (const [id, socket] of sockets.entries()) socket.send(request("eth_subscribe", id));
    await until(() => subscribers.length === 2);
    made = 0;
    subscribers[0]![0].hub.publish(subscribers, event);
    for (const list of await Promise.all(got)) {
      expect(JSON.parse(list[0]!)).toMatchObject({ result: expect.stringMatching(/^0x/) });
      expect(JSON.parse(list[1]!)).toMatchObject({ method: "eth_subscription", params: { result: "first" } });
      expect(JSON.parse(list[2]!).params.result).toHaveLength(100_000);
    }
    expect(made).toBe(1);
    for (const socket of sockets) socket.terminate();
    await until(() => gone === 2);
  });

  it("that does not read is dropped, and its subscriptions with it", async () => {
    const [socket, other] = [await socketTo(), await socketTo()];
    const before = { subscribers: subscribers.length, gone };
    socket.send(request("eth_subscribe", 1));
    await until(() => subscribers.length > before.subscribers);
    socket.pause();
    const target = subscribers.at(-1)!;
    for (let i = 0; i < 1_000 && gone === before.gone; i++) {
      target[0].hub.publish([target], event);
      await sleep(5);
    }
    expect(gone).toBe(before.gone + 1);
    const answer = messages(other, 1);
    other.send(request("echo", 1));
    expect(await answer).toHaveLength(1);
  });

  it("that asks without reading waits for itself and is dropped", async () => {
    const socket = await socketTo();
    socket.pause();
    for (let id = 0; id < 100; id++) socket.send(request("big", id));
    const closed = closing(socket);
    await sleep(3_000);
    socket.resume();
    expect(await closed).toBe(1006);
  });

  it("has one request under way at a time, however many it sends", async () => {
    const socket = await socketTo();
    const answers = messages(socket, 200);
    for (let id = 0; id < 200; id++) socket.send(request("slow", id));
    const ids = (await answers).map((text) => JSON.parse(text).id);
    expect(ids).toEqual(Array.from({ length: 200 }, (_, id) => id));
    expect(mostRunning).toBe(1);
  });

  it("that answers no ping is dropped; one that does stays", async () => {
    const [dead, living] = [await socketTo(server.wsUrl, { autoPong: false }), await socketTo()];
    expect(await closing(dead)).toBe(1006);
    expect(living.readyState).toBe(WebSocket.OPEN);
  });

  it("with a message over the limit is closed with the reason", async () => {
    const socket = await socketTo();
    socket.send("x".repeat(6 * 1024 * 1024));
    expect(await closing(socket)).toBe(1009);
  });
});

describe("idle connections", () => {
  it("make room for new ones, the idlest first", async () => {
    const sockets: WebSocket[] = [];
    for (let i = 0; i < 6; i++) sockets.push(await socketTo(crowded.wsUrl));
    const closed = closing(sockets[1]!);
    const answer = messages(sockets[0]!, 1);
    sockets[0]!.send(request("echo", 1));
    await answer;
    const body = request("echo", 2);
    const response = await fetch(crowded.httpUrl, { method: "POST", headers: { connection: "close" }, body });
    expect(await response.json()).toMatchObject({ result: [] });
    expect(await closed).toBe(1013);
    expect(sockets[0]!.readyState).toBe(WebSocket.OPEN);
  });

  it("that never asked anything keep nobody's place who did, however long ago", async () => {
    const kept = await socketTo(crowded.wsUrl);
    const first = messages(kept, 1);
    kept.send(request("echo", 1));
    await first;
    for (let i = 0; i < 20; i++) await socketTo(crowded.wsUrl);
    const second = messages(kept, 1);
    kept.send(request("echo", 2));
    expect((await second)[0]).toContain('"id":2');
  });

  it("that asked once keep no place from new ones", async () => {
    for (let i = 0; i < 6; i++) {
      const socket = await socketTo(crowded.wsUrl);
      const answer = messages(socket, 1);
      socket.send(request("echo", i));
      await answer;
    }
    const fresh = await socketTo(crowded.wsUrl);
    await socketTo(crowded.wsUrl);
    const answer = messages(fresh, 1);
    fresh.send(request("echo", 9));
    expect((await answer)[0]).toContain('"id":9');
  });

  it("of which there are hundreds shut nobody out", async () => {
    await Promise.all(
      Array.from({ length: 600 }, () => {
        const socket = new WebSocket(crowded.wsUrl);
        open.push(socket);
        return new Promise((resolve) => {
          socket.on("open", resolve);
          socket.on("error", resolve);
        });
      }),
    );
    const response = await fetch(crowded.httpUrl, { method: "POST", body: request("echo", 1) });
    expect(await response.json()).toMatchObject({ result: [] });
  });
});
