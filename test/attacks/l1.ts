import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address, Hash, Hex } from "../../node/chain/types/primitives.ts";
import type { L1Rpc } from "../../node/rollup/l1/rpc.ts";
import { createWholeNode } from "../actions/whole-node.ts";
import { createWorld } from "../actions/world.ts";
import { freePort } from "../harness/anvil.ts";
import { mintCall, TEST_PORTAL_CODE } from "../harness/small-chain.ts";
import type { Attack, AttackResult } from "./attack.ts";
import { openGround } from "./ground.ts";

interface Head {
  number: Hex;
  hash: Hash;
}

const headOf = async (rpc: L1Rpc, tag: string) => (await rpc("eth_getBlockByNumber", [tag, false])) as Head;
const hex = (number: bigint): Hex => `0x${number.toString(16)}`;

/** Resolves with true once it holds, false when it takes longer than `seconds`. */
async function holds(seconds: number, look: () => Promise<boolean>): Promise<boolean> {
  for (let left = seconds * 5; left > 0; left--) {
    if (await look()) return true;
    await sleep(200);
  }
  return false;
}

/** L1's process stops in the middle: its connections stay open and say nothing, then it goes on where it was. */
export const l1StopsAttack: Attack = {
  name: "l1-stops",
  async run(size) {
    const seconds = size === "full" ? 60 : 6;
    const ground = await openGround();
    try {
      const { l1, rpc } = ground;
      await holds(60, async () => BigInt((await headOf(rpc, "latest")).number) > 4n);
      const { result, facts, failures } = await ground.watched(size, async () => {
        l1.pause();
        try {
          await sleep((seconds * 1000) / 2);
          const started = performance.now();
          const status = (await rpc("optimism_syncStatus", [])) as { current_l1: { hash: Hash } };
          const took = performance.now() - started;
          await sleep((seconds * 1000) / 2);
          return { took, current: status.current_l1.hash, head: await headOf(rpc, "latest") };
        } finally {
          l1.resume();
        }
      });
      if (/^0x0+$/.test(result.current)) failures.push("optimism_syncStatus has forgotten the last L1 block");
      if (size === "full" && result.took > 1_000) failures.push("optimism_syncStatus waits for L1");
      const number = BigInt(result.head.number);
      const isSafe = await holds(180, async () => BigInt((await headOf(rpc, "safe")).number) >= number);
      if (!isSafe) failures.push(`block ${number} did not become safe once L1 went on`);
      const kept = await headOf(rpc, hex(number));
      if (kept.hash !== result.head.hash) failures.push(`block ${number} was replaced`);
      return { facts: `L1 stopped for ${seconds} s; ${facts}`, failures };
    } finally {
      ground.l1.resume();
      await ground.stop();
    }
  },
};

/** L1 answers nothing for twenty minutes of the sequencer's clock, and then until its drift is spent. */
export const l1AwayAttack: Attack = {
  name: "l1-away",
  async run(size) {
    const world = createWorld(10_000n);
    world.miner.mineMany(2);
    const node = await createWholeNode(world.miner, world.rollup);
    const failures: string[] = [];
    try {
      await node.until(() => node.driver.isReady() && node.driver.currentL1()?.number === 2n);
      await node.sequenceUntil(8n);
      const { number, l1Origin } = node.engine.heads().unsafe;
      node.sight.mood = "hangs";
      await node.sequenceUntil(number + 600n);
      if (node.engine.heads().unsafe.l1Origin.hash !== l1Origin.hash)
        failures.push("an origin that L1 never named");
      if (size === "full") {
        const origin = world.miner.at(l1Origin.number)!;
        const last = (origin.timestamp + 1_800n - world.rollup.genesis.l2Time) / world.rollup.blockTime;
        await node.sequenceUntil(last);
        const beyond = node.sequenceUntil(last + 5n);
        await sleep(2_000);
        if (node.engine.heads().unsafe.number > last) failures.push("a block beyond the sequencer drift");
        // It comes once L1 is back.
        void beyond.catch(() => undefined);
      }
      node.sight.mood = "well";
      for (const drop of node.sight.drop) drop();
      world.miner.mineMany(210);
      const before = node.engine.heads().unsafe;
      await node.sequenceUntil(before.number + 20n);
      if (node.store.canonicalHash(before.number) !== before.hash) failures.push("blocks were replaced");
      const facts = `${node.engine.heads().unsafe.number} blocks, 600 of them in 20 minutes without L1`;
      return { facts, failures } satisfies AttackResult;
    } finally {
      await node.stop();
    }
  },
};

/** A connection to L1 that doubles what every deposit mints. */
async function lyingProxy(target: string): Promise<{ url: string; server: Server; lies: () => number }> {
  let lies = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", async () => {
      try {
        const body = Buffer.concat(parts).toString();
        const answer = await fetch(target, {
          method: "POST",
          body,
          headers: { "content-type": "application/json" },
        });
        const text = await answer.text();
        const changed = text.replace(/("data":"0x(?:[0-9a-f]{64}){2})[0-9a-f]{64}/g, (_, start: string) => {
          lies++;
          return `${start}${"f".repeat(64)}`;
        });
        response.writeHead(200, { "content-type": "application/json" }).end(changed);
      } catch {
        response.writeHead(502).end();
      }
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${port}`, server, lies: () => lies };
}

/** A deposit of 77 wei, by the portal that test chains have. */
async function deposit(l1: L1Rpc, from: Address): Promise<void> {
  const to = "0x00000000000000000000000000000000000000d0";
  await l1("anvil_setCode", [to, TEST_PORTAL_CODE]);
  const hash = await l1("eth_sendTransaction", [{ from, to, data: mintCall(from, 77n), gas: "0x30d40" }]);
  await holds(30, async () => (await l1("eth_getTransactionReceipt", [hash])) !== null);
}

/** One L1 endpoint lies about a receipt: a node that has another one follows, a node that has none stays where it was. */
export const l1LiesAttack: Attack = {
  name: "l1-lies",
  async run(size) {
    const ground = await openGround();
    const proxy = await lyingProxy(ground.l1.url);
    try {
      await deposit(ground.l1.rpc, ground.user.address);
      const two = await ground.start("two", { l1Url: `${proxy.url},${ground.l1.url}` });
      const one = await ground.start("one", { l1Url: proxy.url });
      const { result, facts, failures } = await ground.watched(size, async () => {
        const target = BigInt((await headOf(ground.rpc, "latest")).number) + 3n;
        const isThere = () =>
          holds(180, async () => BigInt((await headOf(two.rpc, "safe")).number) >= target);
        return { target, followed: await isThere() };
      });
      if (proxy.lies() === 0) failures.push("there was nothing to lie about");
      if (!result.followed) failures.push("the node with a second endpoint did not follow");
      for (const [name, node] of Object.entries({ two, one })) {
        const own = await headOf(node.rpc, "latest");
        const theirs = await headOf(ground.rpc, own.number);
        if (own.hash !== theirs.hash) failures.push(`node ${name} has another block ${own.number}`);
      }
      return { facts: `${proxy.lies()} lies; ${facts}`, failures };
    } finally {
      proxy.server.closeAllConnections();
      proxy.server.close();
      await ground.stop();
    }
  },
};
