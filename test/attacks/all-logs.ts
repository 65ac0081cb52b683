import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../../node/chain/types/primitives.ts";
import { type BenchAccount, benchAccounts, signCall } from "../bench/transfer-client.ts";
import type { Attack, AttackSize } from "./attack.ts";
import { type Ground, openGround } from "./ground.ts";
import { post, repeated } from "./post.ts";

const CHAIN_ID = 901;
const GAS = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 7n };
/** Runtime: eight times LOG1 with topic 7 and 32 bytes. Before it: what returns it. */
const RUNTIME = `${"600760205fa1".repeat(8)}00`;
const INIT = `0x60${(RUNTIME.length / 2).toString(16)}8060095f395ff3${RUNTIME}` as Hex;
const SIZES: Record<AttackSize, { transactions: number; queries: number; together: number }> = {
  small: { transactions: 20, queries: 20, together: 10 },
  full: { transactions: 4_000, queries: 400, together: 64 },
};
const PATIENCE_MS = 120_000;

/** Everybody asks for all logs of the chain at once, by queries, batches of them and filters. */
export const allLogsAttack: Attack = {
  name: "all-logs",
  async run(size) {
    const { transactions, queries, together } = SIZES[size];
    const [sender] = benchAccounts(1);
    const ground = await openGround({ funded: [sender!.address] });
    try {
      await makeLogs(ground, sender!, transactions);
      const { result, facts, failures } = await ground.watched(size, () =>
        repeated(queries, together, async (index) => post(ground.url, bodyOf(index))),
      );
      const lost = result.filter(({ status }) => status !== 200).length;
      if (lost > 0) failures.push(`${lost} of ${queries} queries got no answer at all`);
      return { facts: `${8 * transactions} logs, ${queries} queries; ${facts}`, failures };
    } finally {
      await ground.stop();
    }
  },
};

/** A query of everything, or every eighth time a batch of them. */
function bodyOf(index: number): string {
  const query = { jsonrpc: "2.0", id: 1, method: "eth_getLogs", params: [{ fromBlock: "0x0" }] };
  return JSON.stringify(index % 8 === 7 ? Array.from({ length: 20 }, (_, id) => ({ ...query, id })) : query);
}

async function makeLogs(ground: Ground, sender: BenchAccount, count: number): Promise<void> {
  const send = (raw: Hex) => ground.rpc("eth_sendRawTransaction", [raw]);
  const deploy = signCall(sender, CHAIN_ID, 0, { data: INIT, gas: 200_000n, ...GAS });
  const to = await minedContract(ground, (await send(deploy.raw)) as Hex);
  for (let nonce = 1; nonce <= count; nonce++) {
    await send(signCall(sender, CHAIN_ID, nonce, { to, gas: 60_000n, ...GAS }).raw);
  }
  const deadline = performance.now() + PATIENCE_MS;
  const nonceNow = async () =>
    Number(await ground.rpc("eth_getTransactionCount", [sender.address, "latest"]));
  while ((await nonceNow()) <= count) {
    if (performance.now() > deadline) throw new Error("the logs were not made in time");
    await sleep(200);
  }
}

async function minedContract(ground: Ground, hash: Hex): Promise<Hex> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const receipt = (await ground.rpc("eth_getTransactionReceipt", [hash])) as {
      contractAddress: Hex;
      status: Hex;
    } | null;
    if (receipt !== null) return receipt.contractAddress;
    if (performance.now() > deadline) throw new Error("the contract was not deployed in time");
    await sleep(200);
  }
}
