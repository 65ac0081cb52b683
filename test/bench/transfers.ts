import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { concatHex, encodeAbiParameters, encodeFunctionData, erc20Abi, getContractAddress } from "viem";
import { devAccounts } from "../../devnet/accounts.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import { ownArtifact } from "../../node/deploy/artifacts.ts";
import { prepareChain } from "../../node/deploy/chain-files.ts";
import { parseChainPlan } from "../../node/deploy/plan.ts";
import { type Anvil, startAnvil } from "../harness/anvil.ts";
import { startNodeProcess } from "../harness/node-process.ts";
import type { Bench, Figure } from "./figure.ts";
import { median } from "./figure.ts";
import {
  type BenchAccount,
  benchAccounts,
  type Call,
  LoadClient,
  type LoadResult,
  runLoad,
  type SignedTransfer,
  signCall,
} from "./transfer-client.ts";

export const CHAIN_ID = 901;
const SENDERS = 16;
/** Transactions of a sender in a round: several blocks' worth for all of them, so that a round does not end by the next block's time. */
const EACH = 1_536;
const ROUNDS = 3;
/** Rounds before those that count, on both sides: a chain that has run for a minute has compiled its code and filled its caches. */
const WARM_UP = 1;
/** Seconds, on both sides. */
const BLOCK_TIME = 1;
/** High enough on both sides that no block is full. */
const GAS_LIMIT = 500_000_000;
const BALANCE = 10n ** 21n;
/** Holders that the token is sent to in turn. */
const HOLDERS = 64;

/** A running chain under load. */
export type Target = { url: string; stop(): Promise<unknown> };

/** One kind of load. */
interface Load {
  what: string;
  /** Transactions that must be in a block before, in order, of an account that sends nothing else. */
  setUp(deployer: BenchAccount, senders: readonly BenchAccount[]): SignedTransfer[];
  call(index: number): Call;
}

const plain: Load = {
  what: "transfers",
  setUp: () => [],
  call: () => ({ to: "0x00000000000000000000000000000000000be001", value: 1n, gas: 21_000n }),
};

const deployerAccount = benchAccounts(SENDERS + 1)[SENDERS]!;
const token = getContractAddress({ from: deployerAccount.address, nonce: 0n });

function tokenTransfer(to: Address, amount: bigint): Call {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, amount] });
  return { to: token, value: 0n, gas: 80_000n, data };
}

const tokens: Load = {
  what: "ERC-20 transfers",
  setUp(deployer, senders) {
    const supplyTo = encodeAbiParameters([{ type: "address" }], [deployer.address]);
    const data: Hex = concatHex([ownArtifact("Open").bytecode, supplyTo]);
    const calls: Call[] = [
      { data, gas: 5_000_000n },
      ...senders.map(({ address }) => tokenTransfer(address, 10n ** 20n)),
    ];
    return calls.map((call, nonce) => signCall(deployer, CHAIN_ID, nonce, call));
  },
  call: (index) => {
    const holder: Address = `0x${(0xbe1000 + (index % HOLDERS)).toString(16).padStart(40, "0")}`;
    return tokenTransfer(holder, 1n);
  },
};

/** Signed transfers from `eth_sendRawTransaction` to their block: a sequencer with batcher and database beside anvil in memory. */
export const transfersBench: Bench = {
  name: "transfers",
  run: () => compare(plain),
  summary: (figures) => ratioLine("transfers", figures),
};

/** The same for transfers of an ERC-20 token. */
export const erc20Bench: Bench = {
  name: "erc20",
  run: () => compare(tokens),
  summary: (figures) => ratioLine("erc20", figures),
};

function ratioLine(name: string, [mined]: readonly Figure[]): string {
  return `${name} ratio ${(mined!.ours / mined!.peer!.value).toFixed(2)}`;
}

async function compare(load: Load): Promise<Figure[]> {
  const accounts = benchAccounts(SENDERS);
  const addresses = [...accounts, deployerAccount].map(({ address }) => address);
  const setUp = load.setUp(deployerAccount, accounts);
  const rounds = Array.from({ length: WARM_UP + ROUNDS }, (_, round) => sign(load, accounts, round * EACH));
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const targets: Target[] = [];
  try {
    targets.push(await startOurs(folder, addresses));
    targets.push(await startPeer(addresses));
    const clients = targets.map(({ url }) => new LoadClient(url, SENDERS)) as [LoadClient, LoadClient];
    if (setUp.length > 0) for (const client of clients) await runLoad(client, [setUp]);
    const results: [LoadResult, LoadResult][] = [];
    for (const lists of rounds) {
      results.push([await runLoad(clients[0], lists), await runLoad(clients[1], lists)]);
    }
    for (const client of clients) client.close();
    return figures(load, results.slice(WARM_UP));
  } finally {
    for (const { stop } of targets.reverse()) await stop();
    await rm(folder, { recursive: true });
  }
}

function sign(load: Load, accounts: readonly BenchAccount[], firstNonce: number): SignedTransfer[][] {
  return accounts.map((account, sender) =>
    Array.from({ length: EACH }, (_, i) =>
      signCall(account, CHAIN_ID, firstNonce + i, load.call(i * SENDERS + sender)),
    ),
  );
}

function figures({ what }: Load, results: readonly [LoadResult, LoadResult][]): Figure[] {
  const middle = (side: 0 | 1, value: keyof LoadResult) =>
    median(results.map((result) => result[side][value]));
  const rate = (side: 0 | 1, seconds: keyof LoadResult) => (SENDERS * EACH) / middle(side, seconds);
  const share = (side: 0 | 1) => `${Math.round(middle(side, "clientShare") * 100)} %`;
  return [
    {
      what: `${what} through JSON-RPC to mined, ${SENDERS * EACH} of ${SENDERS} senders, blocks of ${BLOCK_TIME} s`,
      unit: "tx/s",
      ours: rate(0, "minedSeconds"),
      peer: { name: "anvil", value: rate(1, "minedSeconds") },
      note: `the client was busy ${share(0)} and ${share(1)} of the time`,
    },
    {
      what: "the same, until eth_sendRawTransaction has answered",
      unit: "tx/s",
      ours: rate(0, "acceptSeconds"),
      peer: { name: "anvil", value: rate(1, "acceptSeconds") },
      note: "ours has written each to its log by then",
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
