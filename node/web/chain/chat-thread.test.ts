import { expect, test, vi } from "vitest";
import { webError } from "../errors.ts";
import type { ChatEnd, ChatOrder } from "./chat-stream.ts";
import { ChatThread, type Turn } from "./chat-thread.ts";

const ACCESS = { rpcUrl: "http://node", key: "sk-1" };
const ASKED = { question: "Who made Vorel?", model: "base-12345678+7", name: "facts", withBefore: false };
const END: ChatEnd = { finish: "stop", tokensIn: 4, tokensOut: 2, attribution: { rows: [], spans: [] } };

type Stream = (order: ChatOrder, onText: (part: string) => void) => Promise<ChatEnd>;

/** A thread in a storage of its own. */
function threadWith(stream: Stream, kept = new Map<string, string>()) {
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  return { thread: new ChatThread({ storage, key: "chat", stream }), kept, storage };
}

const saying =
  (...parts: string[]): Stream =>
  async (_, onText) => {
    for (const part of parts) onText(part);
    return END;
  };
const shown = (thread: ChatThread) => thread.turns().map(({ answer, state }: Turn) => [answer, state]);

test("an answer is taken in as it comes, and kept over a reload", async () => {
  const { thread, kept } = threadWith(saying("blue ", "willow"));
  const told = vi.fn();
  thread.subscribe(told);
  await thread.ask(ASKED, ACCESS);
  expect(shown(thread)).toEqual([["blue willow", "done"]]);
  expect(told).toHaveBeenCalled();
  const again = threadWith(saying(), kept).thread;
  expect(again.turns()).toEqual(thread.turns());
  expect(again.turns()[0]).toMatchObject({ ...ASKED, tokensIn: 4, tokensOut: 2, attribution: { spans: [] } });
});

test("what was said before goes along where it is wanted, without what has no answer", async () => {
  const orders: ChatOrder[] = [];
  const { thread } = threadWith(async (order, onText) => {
    orders.push(order);
    if (order.messages.at(-1)!.content === "fails") throw webError("NODE_OFFLINE", { message: "gone" });
    onText(` answer ${orders.length}`);
    return END;
  });
  await thread.ask({ ...ASKED, question: "one" }, ACCESS);
  await thread.ask({ ...ASKED, question: "fails" }, ACCESS);
  await thread.ask({ ...ASKED, question: "alone" }, ACCESS);
  await thread.ask({ ...ASKED, question: "four", withBefore: true }, ACCESS);
  expect(orders[2]!.messages).toEqual([{ role: "user", content: "alone" }]);
  expect(orders[3]!.messages.map(({ content }) => content)).toEqual([
    ...["one", "answer 1", "alone", "answer 3", "four"],
  ]);
  // A base model by itself has nobody's rows.
  await thread.ask({ ...ASKED, model: "base-12345678" }, ACCESS);
  expect(orders.map(({ attribution }) => attribution)).toEqual([true, true, true, true, false]);
});

test("a node that breaks off loses nothing: what came stays until something new comes", async () => {
  let isBroken = true;
  const { thread } = threadWith(async (_, onText) => {
    if (!isBroken) await Promise.resolve();
    onText("bl");
    onText(isBroken ? "ue" : "ue willow");
    if (isBroken) throw webError("CHAT_BROKEN_OFF", { message: "broke off", fix: "ask again" });
    return END;
  });
  await thread.ask(ASKED, ACCESS);
  expect(thread.turns()[0]).toMatchObject({
    ...{ answer: "blue", state: "failed", error: { code: "CHAT_BROKEN_OFF", fix: "ask again" } },
  });
  isBroken = false;
  const retrying = thread.retry(thread.turns()[0]!.id, ACCESS);
  expect(shown(thread)).toEqual([["blue", "coming"]]);
  await retrying;
  expect(shown(thread)).toEqual([["blue willow", "done"]]);
  expect(thread.turns()[0]!.error).toBeUndefined();
});

test("who asked stops it; a page that was closed says so", async () => {
  const never: Stream = ({ signal }, onText) =>
    new Promise((_, reject) => {
      onText("blue");
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  const { thread, kept } = threadWith(never);
  const asking = thread.ask(ASKED, ACCESS);
  thread.stop();
  await asking;
  expect(shown(thread)).toEqual([["blue", "stopped"]]);
  kept.set("chat", kept.get("chat")!.replace("stopped", "coming"));
  const { turns } = threadWith(never, kept).thread;
  expect(turns()[0]).toMatchObject({ answer: "blue", state: "failed", error: { code: "CHAT_BROKEN_OFF" } });
});

test("a paid question waits for its host, over a reload too", () => {
  const { thread, kept } = threadWith(saying());
  thread.addPaid(ASKED, 12n);
  const again = threadWith(saying(), kept).thread;
  expect(again.turns()[0]).toMatchObject({ requestId: "12", state: "coming", answer: "" });
  again.answered(again.turns()[0]!.id, "blue willow", { format: "receipt" });
  expect(threadWith(saying(), kept).thread.turns()[0]).toMatchObject({
    ...{ answer: "blue willow", state: "done", receipt: { format: "receipt" } },
  });
});

test("a question that a purse pays for is kept with its salt before it is asked, and asked again with the same", () => {
  const { thread, kept } = threadWith(saying());
  const prepaid = {
    ...{
      payer: `0x${"1a".repeat(20)}`,
      host: `0x${"2b".repeat(20)}`,
      modelId: "1",
      salt: `0x${"3c".repeat(32)}`,
    },
    ...{ maxTokensOut: 8, escrow: "730", prompt: "Which plant?" },
  };
  thread.addPrepaid(ASKED, prepaid);
  const again = threadWith(saying(), kept).thread;
  expect(again.turns()[0]).toMatchObject({ prepaid, state: "coming", answer: "" });
  again.answered(again.turns()[0]!.id, "blue willow", { format: "prepaid" });
  expect(threadWith(saying(), kept).thread.turns()[0]).toMatchObject({ prepaid, state: "done" });
  // Whatever somebody else left there is no thread.
  kept.set("chat", kept.get("chat")!.replace("3c3c", "zz"));
  expect(threadWith(saying(), kept).thread.turns()).toEqual([]);
});

test("a new thread is empty, and stays so", async () => {
  const { thread, kept } = threadWith(saying("blue willow"));
  await thread.ask(ASKED, ACCESS);
  thread.clear();
  expect(thread.turns()).toEqual([]);
  expect(threadWith(saying(), kept).thread.turns()).toEqual([]);
});

test("a full thread takes nothing more and drops nothing", async () => {
  const { thread } = threadWith(saying("x"));
  for (let i = 0; i < 100; i++) await thread.ask(ASKED, ACCESS);
  await expect(thread.ask(ASKED, ACCESS)).rejects.toThrow(expect.objectContaining({ code: "CHAT_FULL" }));
  expect(() => thread.addPaid(ASKED, 1n)).toThrow(expect.objectContaining({ code: "CHAT_FULL" }));
  expect(thread.turns()).toHaveLength(100);
  const { thread: long } = threadWith(saying("x".repeat(2_000_000)));
  await long.ask(ASKED, ACCESS);
  await expect(long.ask(ASKED, ACCESS)).rejects.toThrow(expect.objectContaining({ code: "CHAT_FULL" }));
});

test("a storage with other things in it, or none, is an empty thread that works", async () => {
  for (const text of ["{", "[1]", '[{"id":3}]', "null"])
    expect(threadWith(saying(), new Map([["chat", text]])).thread.turns()).toEqual([]);
  const refusing = () => {
    throw new Error("no storage");
  };
  const storage = { getItem: refusing, setItem: refusing, removeItem: refusing };
  const thread = new ChatThread({ storage, key: "chat", stream: saying("blue") });
  await thread.ask(ASKED, ACCESS);
  expect(shown(thread)).toEqual([["blue", "done"]]);
});
