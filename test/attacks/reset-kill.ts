import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../node/base/random.ts";
import type { Hash } from "../../node/chain/types/primitives.ts";
import type { NodeProcess } from "../harness/node-process.ts";
import { signTestTransfer } from "../harness/transfer.ts";
import type { Attack, AttackSize } from "./attack.ts";
import { type Ground, openGround } from "./ground.ts";

const SIZES: Record<AttackSize, { rounds: number; each: number }> = {
  small: { rounds: 1, each: 20 },
  full: { rounds: 15, each: 200 },
};
/** L1 blocks that a reorganisation takes back. */
const DEPTH = 6;
/** Latest moment of the kill after the reset has begun, in ms. */
const LATEST_MS = 400;
const SETTINGS = { sequencer: "true" };

/** L1 is reorganised under a sequencer, which is killed in the middle of its reset; what it had acknowledged must all be mined. */
export const resetKillAttack: Attack = {
  name: "reset-kill",
  async run(size) {
    const { rounds, each } = SIZES[size];
    const random = new Random(7, rounds);
    const ground = await openGround({ settings: SETTINGS });
    let node = ground.sequencer;
    let nonce = 0;
    let replaced = 0;
    const failures: string[] = [];
    try {
      // The chain's own L1 genesis stays.
      while (Number(await ground.l1.rpc("eth_blockNumber", [])) < DEPTH + 3) await sleep(200);
      for (let round = 0; round < rounds; round++) {
        const accepted = await acknowledge(ground, node, nonce, each);
        nonce += each;
        const before = await blockOf(node, accepted.at(-1)!);
        await reorganise(ground, node);
        await sleep(random.below(LATEST_MS));
        await node.crash();
        node = await ground.start("sequencer", SETTINGS);
        const blocks = [];
        for (const hash of accepted) blocks.push(await blockOf(node, hash));
        const lost = blocks.filter((block) => block === undefined).length;
        if (lost > 0) failures.push(`round ${round}: ${lost} of ${each} acknowledged transactions are lost`);
        if (blocks.at(-1) !== before) replaced++;
      }
      if (replaced < rounds / 2) failures.push(`only ${replaced} resets of ${rounds} took blocks back`);
      return { facts: `${rounds} kills, ${replaced} resets that took blocks back`, failures };
    } finally {
      await ground.stop();
    }
  },
};

async function acknowledge(ground: Ground, node: NodeProcess, nonce: number, count: number): Promise<Hash[]> {
  const accepted: Hash[] = [];
  for (let i = 0; i < count; i++) {
    const raw = await signTestTransfer(ground.user, nonce + i);
    accepted.push((await node.rpc("eth_sendRawTransaction", [raw])) as Hash);
  }
  return accepted;
}

/** The block that holds it; undefined when none does within a minute. */
async function blockOf(node: NodeProcess, hash: Hash): Promise<Hash | undefined> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const receipt = (await node.rpc("eth_getTransactionReceipt", [hash])) as { blockHash: Hash } | null;
    if (receipt !== null) return receipt.blockHash;
    await sleep(100);
  }
  return undefined;
}

/** Resolves when the node has begun its reset. */
async function reorganise(ground: Ground, node: NodeProcess): Promise<void> {
  const resets = () => node.output().split("Derivation starts again").length;
  const seen = resets();
  await ground.l1.rpc("anvil_reorg", [DEPTH, []]);
  for (let attempt = 0; resets() === seen; attempt++) {
    if (attempt > 3_000) throw new Error("the node did not see L1's reorganisation");
    await sleep(10);
  }
}
