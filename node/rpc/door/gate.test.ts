import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { clientOf } from "./connections.ts";
import { Gate } from "./gate.ts";

describe("places at the chain's thread", () => {
  it("go to waiting clients in turn, not to the one that asks most", async () => {
    const gate = new Gate({ places: 1, maxWaitingPerClient: 100, maxWaitMs: 10_000 });
    expect(gate.tryEnter()).toBe(true);
    expect(gate.tryEnter()).toBe(false);
    const order: string[] = [];
    const wait = (client: string) => gate.wait(client).then(() => order.push(client));
    for (const client of ["loud", "loud", "loud", "loud", "quiet", "other", "quiet"]) void wait(client);
    for (let i = 0; i < 7; i++) {
      gate.leave();
      await sleep(0);
    }
    expect(order).toEqual(["loud", "quiet", "other", "loud", "quiet", "loud", "loud"]);
    gate.leave();
    expect(gate.tryEnter()).toBe(true);
  });

  it("are not waited for without end, nor by too many of one client", async () => {
    const gate = new Gate({ places: 1, maxWaitingPerClient: 2, maxWaitMs: 30 });
    gate.tryEnter();
    const waits = ["a", "a", "a", "b"].map((client) => gate.wait(client));
    expect(await waits[2]).toBe(false);
    expect(await Promise.all(waits)).toEqual([false, false, false, false]);
    gate.leave();
    expect(gate.tryEnter()).toBe(true);
    expect(gate.tryEnter()).toBe(false);
  });
});

describe("one client", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:10.0.0.7", "10.0.0.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::9", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["", ""],
  ])("at %s is %s", (address, client) => {
    expect(clientOf(address)).toBe(client);
  });
});
