import type { Worker } from "node:worker_threads";
import { expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createRpcServer } from "../server.ts";

const threads = vi.hoisted((): Worker[] => []);

vi.mock("../../base/threads.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../base/threads.ts")>();
  return {
    startThread: (...args: Parameters<typeof original.startThread>) => {
      const thread = original.startThread(...args);
      threads.push(thread);
      return thread;
    },
  };
});

it("a door that ends is opened again on the same port, and its subscribers are gone", async () => {
  const lost: string[] = [];
  let gone = 0;
  const server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods: {
      echo: (params) => params,
      watch: (_, { connection }) => {
        connection?.onClose(() => gone++);
        return true;
      },
      never: () => new Promise(() => {}),
    },
    onDoorLost: (reason) => lost.push(reason),
  });
  const request = (method: string) => JSON.stringify({ jsonrpc: "2.0", id: 1, method });
  const send = async (method: string) =>
    (await fetch(server.httpUrl, { method: "POST", body: request(method) })).json();
  try {
    const socket = new WebSocket(server.wsUrl);
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("open", resolve));
    const watched = new Promise((resolve) => socket.once("message", resolve));
    socket.send(request("watch"));
    await watched;
    const waiting = send("never");
    const broken = expect(waiting).rejects.toThrow();
    await threads[0]!.terminate();
    await broken;
    await vi.waitFor(async () => expect(await send("echo")).toMatchObject({ result: [] }), {
      timeout: 20_000,
    });
    expect(lost).toHaveLength(1);
    expect(gone).toBe(1);
    expect(threads).toHaveLength(2);
  } finally {
    await server.close();
  }
});
