import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  hashOf,
  POOL_RULES,
  PoolFixture,
  poolAddress,
  poolTransfer,
} from "../../test/support/pool-fixture.ts";
import { hexToBytes } from "../base/bytes.ts";
import { silentLogger } from "../base/logger.ts";
import type { Hash, Hex } from "../chain/types/primitives.ts";
import { createRemotePool, type RemotePool } from "./remote-pool.ts";

const LIFETIME_MS = 100_000;

/** What the node that sequences knows and says. */
class Sequencer {
  readonly known = new Set<Hash>();
  error: { code: number; message: string } | undefined;
  private readonly server: Server;

  constructor() {
    this.server = createServer(async (request, response) => {
      const { id, method, params } = (await json(request)) as { id: number; method: string; params: [Hex] };
      const answer =
        this.error === undefined ? { result: this.answer(method, params[0]) } : { error: this.error };
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer(method: string, param: Hex): unknown {
    if (method === "eth_getTransactionByHash") return this.known.has(param) ? { hash: param } : null;
    const hash = hashOf(hexToBytes(param));
    this.known.add(hash);
    return hash;
  }
}

describe("a node that passes transactions on", () => {
  let sequencer: Sequencer;
  let fixture: PoolFixture;
  let pool: RemotePool;

  beforeEach(async () => {
    sequencer = new Sequencer();
    fixture = new PoolFixture();
    pool = createRemotePool({
      url: await sequencer.listen(),
      rules: POOL_RULES,
      pool: fixture.pool,
      limits: { globalSlots: 3, lifetimeMs: LIFETIME_MS },
      logger: silentLogger,
      now: () => fixture.time,
    });
  });
  afterEach(() => sequencer.close());

  test("counts them until it sees them in a block", async () => {
    const seen: Hash[] = [];
    pool.onPending(({ hash }) => seen.push(hash));
    const [first, second] = [await poolTransfer(1, 0), await poolTransfer(1, 1)];
    // The sequencer's state is ahead: what it takes needs no funds here.
    fixture.balances.set(poolAddress(1), 0n);
    expect(await pool.add(first)).toBe(hashOf(first));
    expect(pool.pendingNonce(poolAddress(1))).toBe(1n);
    await pool.add(second);
    expect(pool.pendingNonce(poolAddress(1))).toBe(2n);
    expect(pool.get(hashOf(second))?.raw).toEqual(second);
    expect(pool.count()).toEqual({ pending: 2, queued: 0 });
    expect(seen).toEqual([first, second].map(hashOf));
    fixture.include(first);
    expect(pool.get(hashOf(first))).toBeUndefined();
    expect([...pool.content().pending.values()].flat().map(({ hash }) => hash)).toEqual([hashOf(second)]);
  });

  test("remembers nothing that the sequencer refuses, and says its words", async () => {
    sequencer.error = { code: -32000, message: "nonce too low: next nonce 6, tx nonce 0" };
    const raw = await poolTransfer(1, 0);
    await expect(pool.add(raw)).rejects.toMatchObject({ code: -32000, message: sequencer.error.message });
    expect(pool.pendingNonce(poolAddress(1))).toBeUndefined();
    sequencer.error = { code: -32000, message: "already known" };
    await expect(pool.add(raw)).rejects.toMatchObject({ message: "already known" });
    expect(pool.pendingNonce(poolAddress(1))).toBe(1n);
  });

  test("says that the sequencer is away", async () => {
    sequencer.close();
    await expect(pool.add(await poolTransfer(1, 0))).rejects.toMatchObject({
      code: "TXPOOL_SEQUENCER_UNREACHABLE",
      severity: "temporary",
    });
    expect(pool.count()).toEqual({ pending: 0, queued: 0 });
  });

  test("drops what the sequencer does not know any more, and what has waited too long", async () => {
    const raws = [await poolTransfer(1, 0), await poolTransfer(2, 0)];
    for (const raw of raws) await pool.add(raw);
    sequencer.known.delete(hashOf(raws[0]!));
    await pool.review();
    expect(pool.count().pending).toBe(2);
    fixture.time = 20_000;
    await pool.review();
    expect(fixture.held()).toEqual(new Set([hashOf(raws[1]!)]));
    fixture.time = LIFETIME_MS - 1;
    sequencer.error = { code: -32000, message: "busy" };
    await pool.review();
    expect(pool.count().pending).toBe(1);
    fixture.time++;
    await pool.review();
    expect(pool.count().pending).toBe(0);
  });

  test("remembers a bounded number", async () => {
    for (let who = 0; who < 5; who++) await pool.add(await poolTransfer(who, 0));
    expect(pool.count().pending).toBe(3);
    expect(sequencer.known.size).toBe(5);
  });

  test("refuses by itself what no sequencer takes", async () => {
    const legacy = { type: "legacy", gasPrice: 1n, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined };
    const bare = await poolTransfer(1, 0, "1", { ...legacy, chainId: undefined });
    await expect(pool.add(bare)).rejects.toMatchObject({ code: "TXPOOL_UNPROTECTED" });
    expect(sequencer.known.size).toBe(0);
  });
});
