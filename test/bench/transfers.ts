import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { devAccounts } from "../../devnet/accounts.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { prepareChain } from "../../node/deploy/chain-files.ts";
import { parseChainPlan } from "../../node/deploy/plan.ts";
import { type Anvil, startAnvil } from "../harness/anvil.ts";
import { startNodeProcess } from "../harness/node-process.ts";
import type { Bench, Figure } from "./figure.ts";
import { median } from "./figure.ts";
import { benchAccounts, LoadClient, type LoadResult, runLoad, signTransfers } from "./transfer-client.ts";

export const CHAIN_ID = 901;
const SENDERS = 16;
const EACH = 128;
const ROUNDS = 3;
/** Seconds, on both sides. */
const BLOCK_TIME = 1;
/** High enough on both sides that no block is full. */
const GAS_LIMIT = 500_000_000;
const BALANCE = 10n ** 21n;

/** A running chain under load. */
export type Target = { url: string; stop(): Promise<unknown> };

/** Signed transfers from `eth_sendRawTransaction` to their block: a sequencer with batcher and database beside anvil in memory. */
export const transfersBench: Bench = {
  name: "transfers",
  async run() {
    const accounts = benchAccounts(SENDERS);
    const addresses = accounts.map(({ address }) => address.toLowerCase() as Address);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push(await signTransfers(accounts, CHAIN_ID, round * EACH, EACH));
    }
    const folder = await mkdtemp(join(tmpdir(), "bench-"));
    const targets: Target[] = [];
    try {
      targets.push(await startOurs(folder, addresses));
      targets.push(await startPeer(addresses));
      const [ours, peer] = targets.map(({ url }) => new LoadClient(url)) as [LoadClient, LoadClient];
      const results: [LoadResult, LoadResult][] = [];
      for (const lists of rounds) results.push([await runLoad(ours, lists), await runLoad(peer, lists)]);
      ours.close();
      peer.close();
      return figures(results);
    } finally {
      for (const { stop } of targets.reverse()) await stop();
      await rm(folder, { recursive: true });
    }
  },
};

function figures(results: readonly [LoadResult, LoadResult][]): Figure[] {
  const rate = (side: 0 | 1, seconds: keyof LoadResult) =>
    (SENDERS * EACH) / median(results.map((result) => result[side][seconds]));
  return [
    {
      what: `transfers through JSON-RPC to mined, ${SENDERS * EACH} of ${SENDERS} senders, blocks of ${BLOCK_TIME} s`,
      unit: "tx/s",
      ours: rate(0, "minedSeconds"),
      peer: { name: "anvil", value: rate(1, "minedSeconds") },
    },
    {
      what: "the same, until eth_sendRawTransaction has answered",
      unit: "tx/s",
      ours: rate(0, "acceptSeconds"),
      peer: { name: "anvil", value: rate(1, "acceptSeconds") },
      note: "ours has written each to disk by then",
    },
  ];
}

/** A chain as the devnet makes it, with its L1, run by one node that sequences and posts batches. */
export async function startOurs(folder: string, funded: readonly Address[]): Promise<Target> {
  const l1 = await startAnvil({ blockTime: BLOCK_TIME });
  try {
    const chainDir = join(folder, "chain");
    await makeChain(l1, chainDir, funded);
    const node = await startNodeProcess({
      dataDir: join(folder, "node"),
      chainDir,
      l1Url: l1.url,
      l1PollMs: 250,
      l1Confirmations: 0,
      sequencer: "true",
      clock: "l1",
      batcherKey: devAccounts().batcher.privateKey,
      logLevel: "warn",
    });
    return {
      url: node.url,
      async stop() {
        await node.stop();
        await l1.kill();
      },
    };
  } catch (error) {
    await l1.kill();
    throw error;
  }
}

async function makeChain(l1: Anvil, folder: string, funded: readonly Address[]): Promise<void> {
  const { treasury, batcher, proposer } = devAccounts();
  const plan = parseChainPlan({
    attributionTime: 0,
    blockTime: BLOCK_TIME,
    gasLimit: GAS_LIMIT,
    roles: {
      owner: treasury.address,
      batcher: batcher.address,
      proposer: proposer.address,
      challenger: treasury.address,
      sequencer: treasury.address,
      feeRecipient: treasury.address,
    },
    prefunds: funded.map((address) => ({ address, balance: BALANCE.toString() })),
  });
  const signal = AbortSignal.timeout(120_000);
  await prepareChain({ folder, l1Url: l1.url, deployerKey: treasury.privateKey, plan, signal });
}

/** anvil with the same chain id, block time and balances. */
export async function startPeer(funded: readonly Address[]): Promise<Target> {
  const extra = ["--gas-limit", String(GAS_LIMIT)];
  const anvil = await startAnvil({ chainId: CHAIN_ID, blockTime: BLOCK_TIME, extra });
  for (const address of funded) await anvil.rpc("anvil_setBalance", [address, `0x${BALANCE.toString(16)}`]);
  return { url: anvil.url, stop: () => anvil.kill() };
}
