import type { Attack, AttackResult, AttackSize } from "./attack.ts";
import { openGround } from "./ground.ts";
import { post, repeated } from "./post.ts";

/** Init code JUMPDEST, PUSH0, JUMP: runs until its gas is spent. */
const LOOP = { data: "0x5b5f56", gas: "0x2faf080" };
/** GAS SLOAD: each round's access list changes the gas, so the slot, so the list. */
const GAS_SLOAD = { data: "0x5a54" };

/** More calls that never end by themselves than there are threads, at once, and a batch full of them. */
export const endlessCallsAttack: Attack = {
  name: "endless-calls",
  run: (size) => calls(size, "eth_call", [LOOP, "latest"], size === "full" ? 41 : 5),
};

export const accessListAttack: Attack = {
  name: "access-list",
  run: (size) => calls(size, "eth_createAccessList", [GAS_SLOAD, "latest"], size === "full" ? 8 : 2),
};

async function calls(
  size: AttackSize,
  method: string,
  params: readonly unknown[],
  count: number,
): Promise<AttackResult> {
  const ground = await openGround({ settings: { rpcEvmTimeout: size === "full" ? 5_000 : 500 } });
  try {
    const request = { jsonrpc: "2.0", id: 1, method, params };
    const one = JSON.stringify(request);
    const batch = JSON.stringify(Array.from({ length: count }, (_, id) => ({ ...request, id })));
    const { result, facts, failures } = await ground.watched(size, () =>
      repeated(count + 1, count + 1, (index) => post(ground.url, index === count ? batch : one)),
    );
    const lost = result.filter(({ status }) => status !== 200).length;
    if (lost > 0) failures.push(`${lost} of the calls got no answer at all`);
    return { facts: `${count} calls and a batch of ${count}; ${facts}`, failures };
  } finally {
    await ground.stop();
  }
}
