import { expect, test } from "vitest";
import { LiveFeed, type Socket } from "./live.ts";

/** A socket that the test speaks through. */
class TestSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: string[] = [];
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.onclose?.();
  }
  tell(result: unknown): void {
    const message = { jsonrpc: "2.0", method: "eth_subscription", params: { subscription: "0x1", result } };
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

function open() {
  const sockets: TestSocket[] = [];
  const timers: (() => void)[] = [];
  const seen: string[] = [];
  const feed = new LiveFeed({
    open: () => {
      const socket = new TestSocket();
      sockets.push(socket);
      return socket;
    },
    addresses: ["0xaa"],
    onChange: () => seen.push("change"),
    onReturn: () => seen.push("return"),
    setTimer: (work) => {
      timers.push(work);
      return () => undefined;
    },
  });
  return { feed, sockets, timers, seen };
}

const head = (number: number) => ({ number: `0x${number.toString(16)}`, hash: "0x01", timestamp: "0x2" });

test("keeps the newest heads, and only those of the chain that stands", () => {
  const { feed, sockets } = open();
  sockets[0]!.onopen?.();
  for (const number of [1, 2, 3]) sockets[0]!.tell(head(number));
  // A reorganisation begins again at 2.
  sockets[0]!.tell({ ...head(2), hash: "0x02" });
  expect(feed.state().recent.map(({ number, hash }) => [number, hash])).toEqual([
    [2n, "0x02"],
    [1n, "0x01"],
  ]);
});

test("many events make one change", () => {
  const { sockets, timers, seen } = open();
  sockets[0]!.onopen?.();
  for (let i = 0; i < 5; i++) sockets[0]!.tell({ topics: ["0x"], data: "0x" });
  expect(timers.length).toBe(1);
  timers[0]!();
  expect(seen).toEqual(["change"]);
});

test("connects again after a loss, subscribes again, and says that it is back", () => {
  const { feed, sockets, timers, seen } = open();
  sockets[0]!.onopen?.();
  sockets[0]!.onclose?.();
  expect(feed.state().state).toBe("lost");
  timers[0]!();
  sockets[1]!.onopen?.();
  expect(feed.state().state).toBe("live");
  expect(sockets[1]!.sent.length).toBe(2);
  expect(seen).toEqual(["return"]);
});

test("what is no message of a subscription changes nothing", () => {
  const { feed, sockets } = open();
  sockets[0]!.onmessage?.({ data: "not JSON" });
  sockets[0]!.onmessage?.({ data: '{"id":1,"result":"0x1"}' });
  expect(feed.state().head).toBeUndefined();
});
