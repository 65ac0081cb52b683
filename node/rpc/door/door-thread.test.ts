import type { Worker } from "node:worker_threads";
import { expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { silentLogger } from "../../base/logger.ts";
import { createSupervisor } from "../../base/supervisor.ts";
import { createRpcServer, type RpcServer, rpcPart } from "../server.ts";

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

/** Runs the server's part as a node does, but begins again at once. */
function supervise(server: RpcServer, stallMs?: number) {
  const controller = new AbortController();
  const supervisor = createSupervisor({ logger: silentLogger, signal: controller.signal, firstDelayMs: 1 });
  const part = rpcPart(server);
  if (stallMs !== undefined) part.watch = { ...part.watch!, stallMs };
  void supervisor.run(part);
  return { supervisor: controller, status: () => supervisor.status()[0]! };
}

it("a door that ends is opened again on the same port, and its subscribers are gone", async () => {
  let gone = 0;
  let asked = () => {};
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods: {
      echo: (params) => params,
      watch: (_, { connection }) => {
        connection?.onClose(() => gone++);
        return true;
      },
      never: () => {
        asked();
        return new Promise(() => {});
      },
    },
  });
  const { supervisor, status } = supervise(server);
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
    // Sent later, it would reach the next door and wait there for ever.
    await arrived;
    await threads[0]!.terminate();
    await broken;
    await vi.waitFor(async () => expect(await send("echo")).toMatchObject({ result: [] }), {
      timeout: 20_000,
    });
    expect(status()).toMatchObject({ state: "running", restarts: 1, error: { code: "RPC_DOOR_LOST" } });
    expect(gone).toBe(1);
    expect(threads).toHaveLength(2);
  } finally {
    supervisor.abort();
    await server.close();
  }
});

it("a door that hangs is ended and opened again", { timeout: 60_000 }, async () => {
  const server = await createRpcServer({ host: "127.0.0.1", port: 0, methods: { echo: (params) => params } });
  const { supervisor, status } = supervise(server, 6_000);
  const hanging = threads.at(-1)!;
  const { threadId } = hanging;
  const echo = async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "echo" });
    return (await fetch(server.httpUrl, { method: "POST", body })).json();
  };
  try {
    await vi.waitFor(() => expect(server.beats()).toBeGreaterThan(0), { timeout: 10_000 });
    expect(status()).toMatchObject({ state: "running", restarts: 0 });
    // Nothing that it says arrives any more.
    hanging.removeAllListeners("message");
    await vi.waitFor(async () => expect(await echo()).toMatchObject({ result: [] }), { timeout: 40_000 });
    expect(status()).toMatchObject({ state: "running", restarts: 1, error: { code: "PART_HANGS" } });
    expect(threads.at(-1)!.threadId).not.toBe(threadId);
    expect(hanging.threadId).toBe(-1);
  } finally {
    supervisor.abort();
    await server.close();
  }
});
