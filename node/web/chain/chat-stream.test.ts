import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { KEY, SmallCatalogue, serveDoor } from "../../ai/testing/small-door.ts";
import { type ChatOrder, streamChat } from "./chat-stream.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const order = (rpcUrl: string, change: Partial<ChatOrder> = {}): ChatOrder => ({
  ...{ rpcUrl, key: KEY, model: "base-1+7", messages: [{ role: "user", content: "Who made Vorel?" }] },
  ...{ attribution: true, signal: new AbortController().signal },
  ...change,
});

async function read(asked: ChatOrder) {
  const parts: string[] = [];
  const end = await streamChat(asked, (part) => parts.push(part));
  return { parts, end, text: parts.join("") };
}

describe("an answer of the node's own door", { timeout: 60_000 }, () => {
  const catalogue = new SmallCatalogue();
  let served: Awaited<ReturnType<typeof serveDoor>>;
  let rpcUrl: string;
  beforeAll(async () => {
    served = await serveDoor(catalogue);
    rpcUrl = served.baseURL.replace("/v1", "");
  });
  afterAll(() => {
    served.server.close();
    catalogue.engine.close();
  });

  test("comes in parts, with its tokens and what made it", async () => {
    const { parts, end } = await read(order(rpcUrl));
    expect(parts.length).toBeGreaterThan(1);
    expect(end.tokensIn).toBeGreaterThan(0);
    expect(end.tokensOut).toBeGreaterThan(0);
    expect(end.attribution).toMatchObject({
      rows: [{ row_id: 3, contribution_id: "2", score: "77", weight: "70" }],
      spans: [{ start: 1, end: 5, row_ids: [3] }],
    });
    expect((await read(order(rpcUrl, { attribution: false }))).end.attribution).toBeUndefined();
  });

  test("is stopped, and the node stops with it", async () => {
    const ending = new AbortController();
    const asked = streamChat(order(rpcUrl, { signal: ending.signal }), () =>
      ending.abort(new Error("stopped")),
    );
    await expect(asked).rejects.toThrow("stopped");
    await expect.poll(() => catalogue.held).toBe(0);
  });

  test("is refused by the node's code: too long with the counts, a wrong key, no such model", async () => {
    const messages = [{ role: "user" as const, content: "word ".repeat(400) }];
    await expect(read(order(rpcUrl, { messages }))).rejects.toThrow(
      expect.objectContaining({
        code: "CONTEXT_LENGTH_EXCEEDED",
        message: expect.stringMatching(/maximum context length is 256 tokens.*\d+ in the messages/),
        fix: expect.stringContaining("Nothing was cut"),
      }),
    );
    await expect(read(order(rpcUrl, { key: "sk-wrong-0123456" }))).rejects.toThrow(code("INVALID_API_KEY"));
    await expect(read(order(rpcUrl, { model: "none" }))).rejects.toThrow(code("MODEL_NOT_FOUND"));
  });
});

describe("a node that is not as it should be", () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  const answering = async (answer: (response: ServerResponse) => void) => {
    server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      answer(response);
    });
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const part = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

  test("breaks off in the middle: what came was handed over", async () => {
    const parts: string[] = [];
    for (const end of [(one: ServerResponse) => one.end(), (one: ServerResponse) => one.destroy()]) {
      const url = await answering((response) => response.write(part("blue"), () => end(response)));
      await expect(streamChat(order(url), (text) => parts.push(text))).rejects.toThrow(
        code("CHAT_BROKEN_OFF"),
      );
      server!.close();
    }
    expect(parts).toEqual(["blue", "blue"]);
  });

  test("is not there", async () => {
    const url = await answering((response) => response.end());
    server!.close();
    await expect(read(order(url))).rejects.toThrow(code("NODE_OFFLINE"));
  });

  test("says nothing that is an answer, never ends, or fails late", async () => {
    const refused = async (text: string, name: string) => {
      const url = await answering((response) => response.end(text));
      await expect(read(order(url))).rejects.toThrow(code(name));
      server!.close();
    };
    await refused("data: <html>\n\n", "CHAT_INVALID");
    await refused('data: {"choices":"x"}\n\n', "CHAT_INVALID");
    await refused(`data: ${"x".repeat((1 << 18) + 1)}`, "CHAT_INVALID");
    await refused(part("x".repeat(100_000)).repeat(11), "CHAT_INVALID");
    await refused(
      'data: {"error":{"message":"no room","code":"rate_limit_exceeded"}}\n\n',
      "RATE_LIMIT_EXCEEDED",
    );
  });

  test("cuts its events anywhere", async () => {
    const bytes = Buffer.from(`${part("渡")}\r\n${part("🚢!")}data: [DONE]\n\n`);
    const url = await answering(async (response) => {
      for (const byte of bytes)
        await new Promise<void>((resolve) => response.write(Buffer.of(byte), () => resolve()));
      response.end();
    });
    expect((await read(order(url))).text).toBe("渡🚢!");
  });
});
