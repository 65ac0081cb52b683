import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../test/harness/anvil.ts";
import { mintCall, smallChain, TEST_PORTAL_CODE } from "../../test/harness/small-chain.ts";
import { signTestTransfer } from "../../test/harness/transfer.ts";
import { maxBigInt } from "../base/bigint.ts";
import { hexToBytes } from "../base/bytes.ts";
import { silentLogger } from "../base/logger.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import { createL1Reader } from "../rollup/l1/reader.ts";
import { createL1Sender } from "../rollup/l1/sender.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { type ChainNode, createChainNode } from "./chain-node.ts";
import { loadNodeConfig } from "./config/node-config.ts";
import { type ChainDefinition, openChain } from "./open-chain.ts";

const [batcherKey, userKey, depositorKey] = [ANVIL_KEYS[1], ANVIL_KEYS[2], ANVIL_KEYS[3]];
const user = privateKeyToAccount(userKey);
const userAddress = user.address.toLowerCase() as Address;

interface Running {
  node: ChainNode;
  store: ChainStore;
  stop(): Promise<void>;
}

describe("a sequencer and a verifier that knows only L1", { timeout: 200_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let definition: ChainDefinition;
  let sequencer: Running;
  let verifier: Running;

  const start = async (name: string, flags: Record<string, unknown>): Promise<Running> => {
    const dataDir = join(folder, name);
    const config = loadNodeConfig({
      env: {},
      flags: {
        dataDir,
        l1Url: anvil.url,
        clock: "l1",
        l1PollMs: 100,
        l1Confirmations: 0,
        ...flags,
      },
    });
    const store = await openChain(config, definition, silentLogger);
    const controller = new AbortController();
    const node = createChainNode({ config, definition, store, logger: silentLogger, controller });
    const running = node.run();
    running.catch(() => undefined);
    return {
      node,
      store,
      async stop() {
        controller.abort();
        await running;
        await store.close();
      },
    };
  };
  const startSequencer = () => start("sequencer", { sequencer: true, batcherKey });
  const startVerifier = () => start("verifier", {});

  const until = async (what: string, condition: () => boolean | Promise<boolean>) => {
    for (let attempt = 0; attempt < 1500; attempt++) {
      if (await condition()) return;
      await sleep(100);
    }
    throw new Error(`not in time: ${what}`);
  };
  const hashAt = (running: Running, number: bigint) => running.store.canonicalHash(number);
  const bothSafeAt = (number: bigint) =>
    until(`block ${number} safe on both`, () =>
      [sequencer, verifier].every(({ node }) => node.engine.heads().safe.number >= number),
    );
  const expectSameChain = (to: bigint) => {
    for (let number = 0n; number <= to; number++) {
      expect(hashAt(verifier, number), `block ${number}`).toBe(hashAt(sequencer, number));
    }
  };
  let nonce = 0;
  const transfer = async (): Promise<Hash> => {
    const raw = await signTestTransfer(user, nonce++);
    return sequencer.node.mempool!.add(hexToBytes(raw));
  };
  const included = async (hash: Hash): Promise<bigint> => {
    await until(`${hash} included`, () => sequencer.store.transaction(hash) !== undefined);
    return sequencer.store.block(sequencer.store.transaction(hash)!.blockHash)!.header.number;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "chain-node-"));
    anvil = await startAnvil({ blockTime: 2, extra: ["--slots-in-an-epoch", "2"] });
    const head = await createL1Reader(anvil.rpc).label("latest");
    definition = smallChain(head!, [userAddress]);
    await anvil.rpc("anvil_setCode", [definition.rollup.depositContractAddress, TEST_PORTAL_CODE]);
    sequencer = await startSequencer();
    verifier = await startVerifier();
  });
  afterAll(async () => {
    await Promise.all([sequencer.stop(), verifier.stop()]);
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  test("come to the same blocks, with transfers and a deposit", async () => {
    const stranger: Address = `0x${"5a".repeat(20)}`;
    const l1Sender = createL1Sender({
      rpc: anvil.rpc,
      privateKey: depositorKey,
      chainId: 900n,
      logger: silentLogger,
      signal: new AbortController().signal,
      pollMs: 50,
    });
    const deposit = l1Sender.send({
      to: definition.rollup.depositContractAddress,
      data: mintCall(stranger, 77n),
    });
    const hashes = [await transfer(), await transfer()];
    const { status, blockNumber } = await deposit;
    expect(status).toBe(1);
    const last = await included(hashes[1]!);
    await until(
      "the deposit's epoch",
      () => sequencer.node.engine.heads().unsafe.l1Origin.number >= blockNumber,
    );
    const target = sequencer.node.engine.heads().unsafe.number;
    await bothSafeAt(maxBigInt(target, last));
    expectSameChain(target);
    const deposits = [];
    for (let number = 1n; number <= target; number++) {
      const block = sequencer.store.block(hashAt(sequencer, number)!)!;
      deposits.push(...block.transactions.filter(({ from }) => from === stranger));
    }
    expect(deposits).toHaveLength(1);
    await until("finality", () => verifier.node.engine.heads().finalized.number > 0n);
  });

  test("go on with the same chain after a restart", async () => {
    await Promise.all([sequencer.stop(), verifier.stop()]);
    sequencer = await startSequencer();
    verifier = await startVerifier();
    const before = sequencer.node.engine.heads().unsafe;
    const number = await included(await transfer());
    await bothSafeAt(number);
    expect(hashAt(sequencer, before.number)).toBe(before.hash);
    expectSameChain(number);
  });

  test("a new node derives the whole chain again", async () => {
    await verifier.stop();
    await rm(join(folder, "verifier"), { recursive: true });
    verifier = await startVerifier();
    const { safe } = sequencer.node.engine.heads();
    await bothSafeAt(safe.number);
    expectSameChain(safe.number);
  });

  test("follow an L1 reorganisation and take the transactions in again", async () => {
    const hash = await transfer();
    const first = await included(hash);
    const firstHash = hashAt(sequencer, first);
    await anvil.rpc("anvil_reorg", [5, []]);
    await until("the block is replaced", () => hashAt(sequencer, first) !== firstHash);
    const again = await included(hash);
    await bothSafeAt(again);
    expectSameChain(again);
    expect(await included(await transfer())).toBeGreaterThanOrEqual(again);
  });

  test("an L1 that comes back shorter is a reorganisation too", async () => {
    const hash = await transfer();
    const first = await included(hash);
    await anvil.rpc("anvil_rollback", [5]);
    await sleep(3_000);
    const again = await included(hash);
    await bothSafeAt(maxBigInt(again, first));
    expectSameChain(again);
  });
});
