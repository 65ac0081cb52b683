import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../test/harness/anvil.ts";
import { smallChain } from "../../test/harness/small-chain.ts";
import { CodedError } from "../base/errors.ts";
import { createLogger } from "../base/logger.ts";
import type { Address } from "../chain/types/primitives.ts";
import { createL1Reader } from "../rollup/l1/reader.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { type ChainNode, createChainNode } from "./chain-node.ts";
import { loadNodeConfig } from "./config/node-config.ts";
import { healthOf } from "./health.ts";
import { type ChainDefinition, openChain } from "./open-chain.ts";

const address = (key: (typeof ANVIL_KEYS)[number]) =>
  privateKeyToAccount(key).address.toLowerCase() as Address;

describe("the fates of a node's parts", { timeout: 120_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let definition: ChainDefinition;
  let node: ChainNode;
  let store: ChainStore;
  let controller: AbortController;
  let running: Promise<void>;
  const log: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fates-"));
    anvil = await startAnvil({ blockTime: 1, extra: ["--slots-in-an-epoch", "1"] });
    const head = await createL1Reader(anvil.rpc).label("latest");
    definition = smallChain(head!, [address(ANVIL_KEYS[2])]);
    const config = loadNodeConfig({
      env: {},
      flags: {
        dataDir: join(folder, "node"),
        l1Url: anvil.url,
        clock: "l1",
        l1PollMs: 50,
        l1Confirmations: 0,
        sequencer: true,
        batcherKey: ANVIL_KEYS[1],
        batcherChannelBlocks: 1,
        proposerKey: ANVIL_KEYS[3],
        outputOracle: `0x${"0f".repeat(20)}`,
      },
    });
    const logger = createLogger({ level: "error", format: "json", write: (line) => log.push(line) });
    store = await openChain(config, definition, logger);
    controller = new AbortController();
    node = createChainNode({ config, definition, store, logger, controller });
    running = node.run();
    running.catch(() => undefined);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    controller.abort();
    await running.catch(() => undefined);
    await store.close();
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  const part = (name: string) => node.parts().find((status) => status.name === name)!;
  const heads = () => node.engine.heads();
  const until = async (what: string, condition: () => boolean) => {
    for (let attempt = 0; attempt < 600; attempt++) {
      if (condition()) return;
      await sleep(50);
    }
    throw new Error(`not in time: ${what}; ${JSON.stringify(node.parts())}`);
  };
  /** The chain goes on: blocks are built, and become safe. */
  const goesOn = async () => {
    const { unsafe, safe } = heads();
    await until("new blocks", () => heads().unsafe.number > unsafe.number + 1n);
    await until("new safe blocks", () => heads().safe.number > safe.number);
  };
  const oversight = () => {
    throw new TypeError("an oversight");
  };
  /** The part fails once with a TypeError, all the others have run on, and it runs again. */
  const failsAlone = async (name: string) => {
    await until(`${name} fails`, () => part(name).restarts > 0 || part(name).state === "restarting");
    expect(part(name).error?.message).toBe("an oversight");
    await until(`${name} runs again`, () => part(name).restarts > 0 && part(name).state === "running");
    await goesOn();
    const others = node.parts().filter((status) => status.name !== name && !onOracle.has(status.name));
    for (const other of others) if (!failed.has(other.name)) expect(other.restarts, other.name).toBe(0);
    failed.add(name);
  };
  const failed = new Set<string>();
  /** What the wrong oracle stops. */
  const onOracle = new Set(["proposer", "output check"]);

  test("what has a wrong oracle is alone in its fault, and /health and the log name it", async () => {
    await goesOn();
    await until("the proposer fails", () => part("proposer").error !== undefined);
    expect(part("proposer").error?.code).toBe("ORACLE_MISSING");
    await until("it waits", () => part("proposer").state === "restarting");
    expect(healthOf(node, node.parts())).toMatchObject({
      status: "degraded",
      parts: { proposer: { state: "restarting" }, sequencer: { state: "running" } },
    });
    expect(log.join("")).toContain("ORACLE_MISSING");
    await goesOn();
  });

  test("a fault in the sequencer", async () => {
    vi.spyOn(node.engine, "sequence").mockImplementationOnce(oversight);
    await failsAlone("sequencer");
  });

  test("a fault in derivation", async () => {
    vi.spyOn(node.engine, "derive").mockImplementationOnce(oversight);
    await failsAlone("derivation");
  });

  test("a fault in the batcher", async () => {
    vi.spyOn(node.driver, "currentL1").mockImplementationOnce(oversight);
    await failsAlone("batcher");
  });

  test("a fault in what follows L1's head", async () => {
    const look = node.l1.label.bind(node.l1);
    let isFirst = true;
    vi.spyOn(node.l1, "label").mockImplementation((label) => {
      // The batcher asks for the latest head too, but not for the others.
      if (label !== "safe" || !isFirst) return look(label);
      isFirst = false;
      return oversight();
    });
    await failsAlone("l1");
  });

  test("a fault in finality", async () => {
    vi.spyOn(node.engine, "finalize").mockImplementationOnce(async () => oversight());
    await failsAlone("finality");
    const { finalized } = heads();
    await until("finality goes on", () => heads().finalized.number > finalized.number);
  });

  test("a fault in a listener of the chain is nobody else's", async () => {
    const before = node.parts().map(({ restarts }) => restarts);
    const stop = node.engine.subscribe(oversight);
    const stopToo = node.watcher.subscribe(oversight);
    await goesOn();
    stop();
    stopToo();
    const known = node.parts().filter(({ name }) => !onOracle.has(name));
    expect(known.map(({ restarts }) => restarts)).toEqual(
      before.filter((_, index) => !onOracle.has(node.parts()[index]!.name)),
    );
  });

  test("a broken database ends the node: no part may go on", async () => {
    const corrupt = new CodedError("STORE_CORRUPT", "fatal", { message: "half a block" });
    vi.spyOn(node.engine, "sequence").mockRejectedValue(corrupt);
    await expect(running).rejects.toBe(corrupt);
    expect(controller.signal.aborted).toBe(true);
  });
});
