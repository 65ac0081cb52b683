import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Attack } from "./attack.ts";
import { type Ground, openGround } from "./ground.ts";
import { post } from "./post.ts";

/** WebSockets and HTTP connections that do nothing, more than a node takes; a new client must get in all the same. */
export const idleSocketsAttack: Attack = {
  name: "idle-sockets",
  async run(size) {
    const count = size === "full" ? 600 : 60;
    const ground = await openGround(size === "small" ? { settings: { rpcMaxConnections: 40 } } : {});
    const sockets: WebSocket[] = [];
    try {
      const { result, facts, failures } = await ground.watched(size, async () => {
        await Promise.all(Array.from({ length: count }, () => opened(ground, sockets)));
        const before = performance.now();
        const { text } = await post(ground.url, '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}');
        await sleep(size === "full" ? 10_000 : 500);
        return { text, newcomerMs: performance.now() - before };
      });
      if (!result.text.includes("result")) failures.push(`a new client was shut out: ${result.text}`);
      return { facts: `${sockets.length} of ${count} opened; ${facts}`, failures };
    } finally {
      for (const socket of sockets) socket.terminate();
      await ground.stop();
    }
  },
};

/** Subscribers to everything that never read what they are sent, while requests with long answers come in on their sockets. */
export const neverReadAttack: Attack = {
  name: "never-read",
  async run(size) {
    const count = size === "full" ? 50 : 5;
    const seconds = size === "full" ? 20 : 2;
    const ground = await openGround();
    const sockets: WebSocket[] = [];
    try {
      const { facts, failures } = await ground.watched(size, async () => {
        await Promise.all(Array.from({ length: count }, () => opened(ground, sockets)));
        for (const socket of sockets) {
          socket.pause();
          for (let id = 0; id < 16; id++) socket.send(request("eth_subscribe", ["newHeads"], id));
        }
        const until = performance.now() + seconds * 1_000;
        while (performance.now() < until) {
          for (const socket of sockets) {
            if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > 1_000_000) continue;
            for (let id = 0; id < 20; id++)
              socket.send(request("eth_getBlockByNumber", ["latest", true], id));
          }
          await sleep(50);
        }
      });
      return { facts: `${sockets.length} sockets of 16 subscriptions; ${facts}`, failures };
    } finally {
      for (const socket of sockets) socket.terminate();
      await ground.stop();
    }
  },
};

const request = (method: string, params: readonly unknown[], id: number) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });

function opened(ground: Ground, sockets: WebSocket[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(ground.url.replace("http", "ws"));
    socket.once("open", () => {
      sockets.push(socket);
      resolve();
    });
    socket.on("error", () => resolve());
  });
}
