import { privateKeyToAccount } from "viem/accounts";
import { GWEI } from "../../node/rollup/l1/fees.ts";
import type { L1Rpc } from "../../node/rollup/l1/rpc.ts";
import { ANVIL_KEYS } from "../harness/anvil.ts";
import { signTestTransfer } from "../harness/transfer.ts";
import type { Attack, AttackSize } from "./attack.ts";
import { type Ground, openGround } from "./ground.ts";

/** Before the spike, as anvil begins. */
const QUIET = GWEI;
const SPIKE = 1_000n * QUIET;
/** The batcher's ceiling: the spike is far above it. */
const CEILING_GWEI = 100;
const SAFE_WAIT_MS = 120_000;

/**
 * L1's base fee is a thousand times what it was for a while: blocks go on, nothing is paid above the ceiling, and when the spike
 * is over all of them become safe.
 */
export const feeSpikeAttack: Attack = {
  name: "fee-spike",
  async run(size) {
    const ground = await openGround({
      l1BlockTime: 1,
      settings: { batcherChannelBlocks: 1, l1MaxBaseFeeGwei: CEILING_GWEI },
    });
    try {
      return await spike(ground, size);
    } finally {
      await ground.stop();
    }
  },
};

async function spike(ground: Ground, size: AttackSize) {
  const { l1, rpc, user } = ground;
  const seconds = size === "full" ? 60 : 8;
  const batcher = privateKeyToAccount(ANVIL_KEYS[1]).address;
  await waitFor("the first safe block", async () => (await heightOf(rpc, "safe")) > 0n);
  const watched = await ground.watched(size, () => duringSpike(ground, batcher, seconds));
  const { transactions, paid } = watched.result;
  const failures = [...watched.failures];
  if (transactions > 0n)
    failures.push(
      `the batcher paid ${paid} wei for ${transactions} transactions at a thousand times the price`,
    );
  const raw = await signTestTransfer(user, 0);
  const last = await minedAt(rpc, String(await rpc("eth_sendRawTransaction", [raw])));
  const started = performance.now();
  await l1.rpc("anvil_setNextBlockBaseFeePerGas", [hex(QUIET)]);
  await waitFor("all blocks safe", async () => (await heightOf(rpc, "safe")) >= last);
  const wait = ((performance.now() - started) / 1000).toFixed(1);
  const facts = `${watched.facts}; base fee x ${SPIKE / QUIET} for ${seconds} s: ${transactions} transactions, ${paid} wei paid; all safe ${wait} s after it`;
  return { facts, failures };
}

/** Keeps the base fee up, block after block, as anvil would let it fall; what the batcher spent meanwhile. */
async function duringSpike({ l1 }: Ground, batcher: string, seconds: number) {
  const raise = () => l1.rpc("anvil_setNextBlockBaseFeePerGas", [hex(SPIKE)]);
  await waitFor("the spike", async () => {
    await raise();
    const head = (await l1.rpc("eth_getBlockByNumber", ["latest", false])) as { baseFeePerGas: string };
    return BigInt(head.baseFeePerGas) >= SPIKE;
  });
  const before = await costOf(l1.rpc, batcher);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    await raise();
    await pause(200);
  }
  const after = await costOf(l1.rpc, batcher);
  return { transactions: after.nonce - before.nonce, paid: before.balance - after.balance };
}

async function costOf(l1: L1Rpc, address: string): Promise<{ balance: bigint; nonce: bigint }> {
  const ask = async (method: string) => BigInt(String(await l1(method, [address, "latest"])));
  return { balance: await ask("eth_getBalance"), nonce: await ask("eth_getTransactionCount") };
}

async function heightOf(rpc: L1Rpc, tag: string): Promise<bigint> {
  const block = (await rpc("eth_getBlockByNumber", [tag, false])) as { number: string } | null;
  return block === null ? 0n : BigInt(block.number);
}

async function minedAt(rpc: L1Rpc, hash: string): Promise<bigint> {
  let number: bigint | undefined;
  await waitFor("a transfer in a block", async () => {
    const receipt = (await rpc("eth_getTransactionReceipt", [hash])) as { blockNumber: string } | null;
    if (receipt !== null) number = BigInt(receipt.blockNumber);
    return number !== undefined;
  });
  return number!;
}

async function waitFor(what: string, isThere: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + SAFE_WAIT_MS;
  while (!(await isThere())) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`);
    await pause(200);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
