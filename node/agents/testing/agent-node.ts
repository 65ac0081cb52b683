import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bytesOfHex, concatBytes, hexOfBytes } from "../../ai/codec/hash.ts";
import { isSenders, type UploadOrder } from "../../ai/content/upload-order.ts";
import { aiError } from "../../ai/errors.ts";
import { HOST } from "../../ai/testing/market-world.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import type { AgentWorld, Asked } from "./agent-world.ts";

type Method = (...params: never[]) => unknown;

/** A world as a node serves it: its chain's own requests go to its chain. For tests of the command line. */
export async function serveWorld(world: AgentWorld): Promise<{
  url: string;
  /** Refuses everything, as a node that is away. */
  setAway(away: boolean): void;
  stop(): void;
}> {
  const { market, agents } = world;
  const parts = new Map<Hash, Uint8Array>();
  const methods: Record<string, Method> = {
    openledger_protocol: () => market.at,
    openledger_agents: () => agents,
    openledger_host: () => market.address(HOST),
    openledger_ask: async (question: Omit<Asked, "requestId"> & { requestId: string }) =>
      world.answer({ ...question, requestId: BigInt(question.requestId) }),
    openledger_hasContent: (hash: Hash) => market.content.has(hash),
    openledger_getContent: async (hash: Hash, offset: number, length: number) => {
      const bytes = await market.content.get(hash);
      return { data: hexOfBytes(bytes.slice(offset, offset + length)), total: bytes.length };
    },
    openledger_openUpload: async (order: UploadOrder) => {
      if (!(await isSenders(market.chain.client.chain.id, order)))
        throw aiError("UPLOAD_UNSIGNED", { message: "nobody has signed for it", fix: "sign for it" });
      return { here: false, from: order.total };
    },
    openledger_putContent: async ({ hash, offset, data }: { hash: Hash; offset: number; data: Hex }) => {
      const whole = concatBytes(bytesOfHex(data), parts.get(hash) ?? new Uint8Array());
      parts.set(hash, whole);
      if (offset === 0) await market.content.put(whole);
      return { here: offset === 0, from: offset };
    },
  };
  let isAway = false;
  const server = createServer((request, response) => {
    if (isAway) request.socket.destroy();
    else void answer(request, response, methods, market.chain.client.rpcUrl);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setAway(away) {
      isAway = away;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  methods: Record<string, Method>,
  chainUrl: string,
): Promise<void> {
  let body = "";
  for await (const piece of request) body += piece;
  const asked = JSON.parse(body) as { id: unknown; method?: string; params?: never[] };
  const own = asked.method === undefined ? undefined : methods[asked.method];
  const headers = { "content-type": "application/json" };
  if (own === undefined) {
    const passed = await fetch(chainUrl, { method: "POST", headers, body });
    response.writeHead(200, headers).end(await passed.text());
    return;
  }
  const reply = (part: object) =>
    response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: "2.0", id: asked.id, ...part }));
  try {
    reply({ result: (await own(...(asked.params ?? []))) ?? null });
  } catch (error) {
    const data = isCodedError(error) ? { code: error.code } : {};
    reply({ error: { code: -32_000, message: String(error), data } });
  }
}
