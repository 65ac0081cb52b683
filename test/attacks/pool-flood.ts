import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../../node/chain/types/primitives.ts";
import { type BenchAccount, benchAccounts, signCall } from "../bench/transfer-client.ts";
import type { Attack, AttackSize } from "./attack.ts";
import { type Ground, openGround } from "./ground.ts";
import { post, repeated } from "./post.ts";

const CHAIN_ID = 901;
const TO = "0x00000000000000000000000000000000000be001";
/** Transactions of one request. */
const BATCH = 50;
/** Blocks in which an honest transaction must be. */
const PATIENCE = 2;
/** Bytes of a claim with its records. */
const CLAIM_BYTES = 20_000;
const SIZES: Record<AttackSize, { accounts: number; each: number; claims: number }> = {
  small: { accounts: 20, each: 100, claims: 1 },
  full: { accounts: 200, each: 500, claims: 5 },
};

/**
 * Dust accounts send transactions that pay nothing or as good as nothing, behind a missing nonce, while an honest sender's claims
 * must get into one of the next blocks.
 */
export const poolFloodAttack: Attack = {
  name: "pool-flood",
  async run(size) {
    const { accounts, each, claims } = SIZES[size];
    const senders = benchAccounts(accounts);
    const flood = senders.flatMap((sender) => bodiesOf(sender, each));
    const ground = await openGround({ funded: senders.map(({ address }) => address) });
    try {
      const { result, facts, failures } = await ground.watched(size, async () => {
        const sending = repeated(flood.length, 8, (index) => post(ground.url, flood[index]!));
        const waited = await sendClaims(ground, claims);
        const answers = await sending;
        return { waited, lost: answers.filter(({ status }) => status !== 200).length };
      });
      const late = result.waited.filter((blocks) => blocks > PATIENCE).length;
      if (late > 0) failures.push(`${late} of ${claims} honest claims waited longer than ${PATIENCE} blocks`);
      const status = (await ground.rpc("txpool_status", [])) as { pending: Hex; queued: Hex };
      if (Number(status.queued) > 1_024)
        failures.push(`${Number(status.queued)} wait behind a missing nonce`);
      const counts = `${accounts * each} transactions, ${result.lost} requests unanswered, ${Number(status.queued)} kept`;
      return { facts: `${counts}; claims waited ${result.waited.join(", ")} blocks; ${facts}`, failures };
    } finally {
      await ground.stop();
    }
  },
};

/** Half of them without any fee, half with the least that the pool asks. */
function bodiesOf(sender: BenchAccount, count: number): string[] {
  const requests = Array.from({ length: count }, (_, index) => {
    const fee = BigInt(index & 1);
    const call = { to: TO, value: 1n, gas: 21_000n, maxFeePerGas: fee, maxPriorityFeePerGas: fee } as const;
    const { raw } = signCall(sender, CHAIN_ID, index + 1, call);
    return { jsonrpc: "2.0", id: index, method: "eth_sendRawTransaction", params: [raw] };
  });
  const bodies: string[] = [];
  for (let from = 0; from < count; from += BATCH)
    bodies.push(JSON.stringify(requests.slice(from, from + BATCH)));
  return bodies;
}

/** How many blocks each of the honest sender's claims waited, one after the other. */
async function sendClaims(ground: Ground, count: number): Promise<number[]> {
  const waited: number[] = [];
  for (let nonce = 0; nonce < count; nonce++) {
    const raw = await ground.user.signTransaction({
      type: "eip1559",
      chainId: CHAIN_ID,
      nonce,
      to: TO,
      gas: 2_000_000n,
      data: `0x${"5a".repeat(CLAIM_BYTES)}`,
      maxPriorityFeePerGas: 1_000_000n,
      maxFeePerGas: 10n ** 10n,
    });
    const hash = await ground.rpc("eth_sendRawTransaction", [raw]);
    const sentAt = Number(await ground.rpc("eth_blockNumber", []));
    waited.push((await minedIn(ground, hash as Hex)) - sentAt);
  }
  return waited;
}

async function minedIn(ground: Ground, hash: Hex): Promise<number> {
  for (let attempt = 0; attempt < 1_200; attempt++) {
    const receipt = (await ground.rpc("eth_getTransactionReceipt", [hash])) as { blockNumber: Hex } | null;
    if (receipt !== null) return Number(receipt.blockNumber);
    await sleep(50);
  }
  throw new Error(`the claim ${hash} was never mined`);
}
