import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex } from "viem";
import { mnemonicToAccount, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { devAccounts, type Role } from "../../devnet/accounts.ts";
import { createAnvil, MNEMONIC } from "../../devnet/anvil.ts";
import { createNodes, ensureProtocol, prepareDevnetChain } from "../../devnet/chain.ts";
import type { Child } from "../../devnet/child.ts";
import { jsonRpc } from "../../devnet/json-rpc.ts";
import { type Layout, openLayout } from "../../devnet/layout.ts";
import { PARTS_ALONE } from "../../devnet/options.ts";
import { freePort } from "../../devnet/ports.ts";
import { verifierDaemon } from "../../devnet/verifier.ts";
import { Session } from "../../native/js/index.ts";
import { type ChainClient, connectChain, type ProtocolAddresses, send } from "../../node/ai/client/chain.ts";
import { rpcSink, rpcSource } from "../../node/ai/client/content.ts";
import { devnetPlan, type ProtocolPlan } from "../../node/ai/client/deploy.ts";
import { setEngine, stakeAsVerifier } from "../../node/ai/client/verifiers.ts";
import { uploadsOf } from "../../node/ai/content/upload-order.ts";
import { ENGINE } from "../../node/ai/verify/engine.ts";
import { sleep } from "../../node/base/clock.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import { withSlowL1 } from "../harness/slow-l1.ts";

export const OPEN = 10n ** 18n;
/** Honest verifiers, each with a daemon of its own. */
const VERIFIERS = 3;
const VERIFIER_STAKE = 200n * OPEN;
/** What each liar begins with. */
const PURSE = 1_500n * OPEN;
/** Test accounts from here on are verifiers and liars. */
const FIRST_WALLET = 100;
/** Wall seconds for an L1 block while something has to be done in a window. */
const SLOW_S = 4;

/** A devnet of its own: L1, sequencer with an honest host, second node with a watcher, verifiers. */
export interface Ground {
  client: ChainClient;
  /** The second node. */
  watcherUrl: string;
  at: ProtocolAddresses;
  session: Session;
  source: ReturnType<typeof rpcSource>;
  sink: ReturnType<typeof rpcSink>;
  dev(role: Role): PrivateKeyAccount;
  keyOf(account: PrivateKeyAccount): Hex;
  /** A new account with a purse. */
  wallet(): Promise<PrivateKeyAccount>;
  /** Ends the daemon of a node or a verifier, or the process of the host, with SIGKILL; it is started again. */
  kill(what: "watcher" | "verifier" | "host"): void;
  /** Lets the watcher stand still, or go on: its process stays. */
  hold(isHeld: boolean): void;
  /** The chain's time goes slower while `work` goes on: what has to be done in a window is then. */
  slowly<T>(work: () => Promise<T>): Promise<T>;
  /** The chain's time in seconds. */
  now(): Promise<bigint>;
  /** Asks until there is something. @throws when the chain's clock has gone on for `seconds`. */
  until<T>(what: string, seconds: number, look: () => Promise<T | undefined | false>): Promise<T>;
  say(line: string): void;
  stop(): Promise<void>;
}

/**
 * Starts everything in a temporary folder.
 * @param pace wall seconds for an L1 block, whose time on the chain is two seconds: a slow machine takes more.
 */
export async function openGround(pace: number, say: (line: string) => void): Promise<Ground> {
  const root = await mkdtemp(join(tmpdir(), "disputes-"));
  const layout = openLayout(join(root, "data"), false);
  const children: Child[] = [];
  const stop = async () => {
    for (const child of children.reverse()) await child.stop();
    await rm(root, { recursive: true, force: true });
  };
  try {
    return await start(layout, pace, say, children, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  layout: Layout,
  pace: number,
  say: (line: string) => void,
  children: Child[],
  stop: () => Promise<void>,
): Promise<Ground> {
  const { signal } = new AbortController();
  const [l1Port, sequencerPort, verifierPort] = [await freePort(), await freePort(), await freePort()];
  const options = { dataDir: layout.root, l1Port, sequencerPort, verifierPort, ...PARTS_ALONE };
  const ignore = () => undefined;
  const files = { stateFile: layout.l1State, logFile: layout.log("l1") };
  const anvil = createAnvil({ port: l1Port, ...files, onRepair: ignore, onDeath: ignore, onRestart: ignore });
  children.push(anvil);
  say("starting an L1, two nodes and the contracts");
  await anvil.start(signal);
  const chain = await prepareDevnetChain(layout, options, signal);
  await jsonRpc(`http://127.0.0.1:${l1Port}`, "evm_setIntervalMining", [pace], signal);
  const events = {
    onDeath: (name: string) => say(`${name} died`),
    onRestart: (name: string) => say(`${name} is up again`),
  };
  const nodes = createNodes(layout, options, chain, events);
  children.push(nodes.sequencer, nodes.verifier);
  await nodes.sequencer.start(signal);
  await nodes.verifier.start(signal);
  const at = await ensureProtocol(layout, options, say, patientPlan);
  const client = await connectChain(`http://127.0.0.1:${sequencerPort}`);
  const l1 = await connectChain(`http://127.0.0.1:${l1Port}`);
  const wallets = walletMaker(client);
  const daemons: Child[] = [];
  for (let i = 0; i < VERIFIERS; i++) {
    const account = await wallets.next();
    await joinAsVerifier({ client, at }, account);
    const name = `verifier ${i}`;
    const daemon = verifierDaemon({
      ...{ name, key: wallets.keyOf(account), rpcUrl: client.rpcUrl, l1RpcUrl: `http://127.0.0.1:${l1Port}` },
      ...{ dataDir: join(layout.root, `verifier-${i}`), logFile: layout.log(`verifier-${i}`) },
      ...{ onDeath: () => events.onDeath(name), onRestart: () => events.onRestart(name) },
    });
    children.push(daemon);
    daemons.push(daemon);
    await daemon.start(signal);
  }
  say(`${VERIFIERS} verifiers have staked and run`);
  const kill = (what: "watcher" | "verifier" | "host") => {
    if (what === "host") return killChildren(nodes.sequencer.pid);
    const { pid } = what === "watcher" ? nodes.verifier : daemons[0]!;
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  };
  const now = async () => (await client.public.getBlock()).timestamp;
  const dev = (role: Role) => privateKeyToAccount(devAccounts()[role].privateKey);
  return {
    ...{ client, at, session: new Session(), source: rpcSource(client) },
    watcherUrl: `http://127.0.0.1:${verifierPort}`,
    sink: rpcSink(client, uploadsOf(client.chain, dev("treasury"))),
    dev,
    keyOf: wallets.keyOf,
    wallet: wallets.next,
    hold: (isHeld) => {
      for (const pid of childrenOf(nodes.verifier.pid)) process.kill(pid, isHeld ? "SIGSTOP" : "SIGCONT");
    },
    slowly: (work) => withSlowL1(l1, { pace, slow: Math.max(pace, SLOW_S) }, work),
    ...{ kill, now, say, stop },
    until: (what, seconds, look) => untilThere(now, what, seconds, look),
  };
}

/** Of a node: its AI worker. */
function killChildren(pid: number | undefined): void {
  for (const child of childrenOf(pid)) process.kill(child, "SIGKILL");
}

function childrenOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
}

/** The devnet's plan with windows that leave people and daemons time on a busy machine. Seconds. */
function patientPlan(treasury: Address): ProtocolPlan {
  const plan = devnetPlan(treasury);
  const windows = { challengeWindow: 60, demandWindow: 30, registrationWindow: 40 };
  return { ...plan, settings: { ...plan.settings, ...windows } };
}

/** Accounts of the test mnemonic that nobody else uses, each with a purse from the treasury's account on L2. */
function walletMaker(client: ChainClient) {
  const keys = new Map<string, Hex>();
  let index = FIRST_WALLET;
  return {
    async next(): Promise<PrivateKeyAccount> {
      const key = bytesToHex(mnemonicToAccount(MNEMONIC, { addressIndex: index++ }).getHdKey().privateKey!);
      const account = privateKeyToAccount(key);
      keys.set(account.address, key);
      const treasury = privateKeyToAccount(devAccounts().treasury.privateKey);
      await send(client, treasury, { to: account.address, data: "0x", value: PURSE });
      return account;
    },
    keyOf: (account: PrivateKeyAccount) => keys.get(account.address)!,
  };
}

/** A stake and a key for evidence. */
export async function joinAsVerifier(
  { client, at }: Pick<Ground, "client" | "at">,
  account: PrivateKeyAccount,
  stake = VERIFIER_STAKE,
): Promise<void> {
  await stakeAsVerifier(client, at, account, stake);
  await setEngine(client, at, account, { engine: ENGINE, key: account.publicKey });
}

async function untilThere<T>(
  now: () => Promise<bigint>,
  what: string,
  seconds: number,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const deadline = (await now()) + BigInt(seconds);
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if ((await now()) > deadline) throw new Error(`${what}: not within ${seconds} s of the chain's clock`);
    await sleep(500);
  }
}
