import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { devAccounts, type Role } from "../../devnet/accounts.ts";
import { rewardBalance } from "../../node/ai/client/balances.ts";
import { connectChain } from "../../node/ai/client/chain.ts";
import { getContribution } from "../../node/ai/client/datanets.ts";
import { purseOf } from "../../node/ai/client/purses.ts";
import { prepaidId } from "../../node/ai/epoch/prepaid.ts";
import { askPrepaid } from "../../node/ai/serve/prepaid-order.ts";
import type { WatcherStatus } from "../../node/ai/watch/watcher.ts";
import { randomBytes } from "../../node/base/clock.ts";
import type { Address, Hash } from "../../node/chain/types/primitives.ts";
import { type Ground, openGround } from "../disputes/ground.ts";
import { makeWorld, PROMPTS, type World } from "../disputes/world.ts";
import { OPENLEDGER, openledger, Program, refusal, until } from "./program.ts";

/** Wall seconds for an L1 block, which is two seconds of the chain's clock. */
const PACE = 1;

interface Told {
  id: Hash;
  answer: { answer: string; payer: string; prompt: string };
  place: { epochId: string; position: number } | null;
}
interface Purse {
  purse: { balance: string; spent: string; leaving: string };
  taken: string;
  free: string;
  signed: string;
  limit: string | null;
}
interface Verified {
  ok: boolean;
  checks: { name: string; grounds: string; ok?: boolean }[];
}
interface Listed {
  epochId: string;
  status: string;
  answers: number;
  host: string;
}

/** A devnet with a tiny model; each test takes it up where the one before left it. */
describe("answers paid out of purses", { timeout: 900_000 }, () => {
  let ground: Ground;
  let world: World;
  let host: Address;
  const acknowledged: { payer: Role; told: Told }[] = [];

  const env = (payer: Role) => ({
    OPENLEDGER_RPC: ground.client.rpcUrl,
    OPENLEDGER_KEY: devAccounts()[payer].privateKey,
  });
  const run = (payer: Role, ...args: string[]) => openledger([...args, "--json"], { env: env(payer) });
  const told = async <T>(payer: Role, ...args: string[]): Promise<T> => {
    const { status, stdout, stderr } = await run(payer, ...args);
    expect([args, status, stderr]).toEqual([args, 0, expect.any(String)]);
    return JSON.parse(stdout) as T;
  };
  const ask = async (payer: Role, prompt: string): Promise<Told> => {
    const found = await told<Told>(payer, "ask", `${world.modelId}`, prompt, "--purse");
    acknowledged.push({ payer, told: found });
    return found;
  };
  const purse = (payer: Role) => told<Purse>(payer, "purse", "show");
  /** A payer's receipt from a file, with the chain and without; changed; and read by somebody else. */
  const checkReceipts = async () => {
    const { payer, told: kept } = acknowledged[0]!;
    const folder = mkdtempSync(join(tmpdir(), "prepaid-receipt-"));
    const file = join(folder, "receipt.json");
    await told(payer, "receipt", "show", kept.id, "--out", file);
    const { ok, checks } = await told<Verified>(payer, "receipt", "verify", file);
    expect([ok, checks.filter((one) => one.ok === undefined && one.grounds === "waits")]).toEqual([true, []]);
    const proved = checks.filter(({ grounds }) => grounds === "proved on chain").map(({ name }) => name);
    expect(proved).toEqual(["claim in its epoch", "payouts"]);
    await told(payer, "receipt", "export", kept.id, join(folder, "evidence"));
    const exported = join(folder, "evidence", "receipt.json");
    await told(payer, "receipt", "verify", exported, "--dir", join(folder, "evidence"));
    const json = JSON.parse(readFileSync(file, "utf8")) as { proof: { net: string } };
    json.proof.net = `${BigInt(json.proof.net) - 1n}`;
    writeFileSync(file, JSON.stringify(json));
    const changed = await run(payer, "receipt", "verify", file);
    expect(changed.status).toBe(1);
    expect((JSON.parse(changed.stdout) as Verified).ok).toBe(false);
    const other = payer === "paula" ? "stan" : "paula";
    expect(refusal(await run(other, "receipt", "show", kept.id)).code).toBe("RECEIPT_PRIVATE");
    expect(refusal(await run(payer, "receipt", "show", `0x${"12".repeat(32)}`)).code).toBe("RECEIPT_UNKNOWN");
    rmSync(folder, { recursive: true });
  };

  beforeAll(async () => {
    ground = await openGround(PACE, () => undefined);
    world = await makeWorld(ground);
    host = ground.dev("host").address.toLowerCase() as Address;
  }, 600_000);
  afterAll(async () => {
    await ground?.stop();
  });

  test("a purse is filled, and pays by signatures alone", async () => {
    for (const payer of ["paula", "stan"] as const) {
      expect(refusal(await run(payer, "ask", `${world.modelId}`, PROMPTS[0]!, "--purse"))).toMatchObject({
        code: "PURSE_TOO_SMALL",
        fix: expect.stringContaining("purse fill"),
      });
      await told(payer, "purse", "fill", "5");
    }
    const { client } = ground;
    const nonces = () =>
      Promise.all(
        (["paula", "stan"] as const).map((payer) =>
          client.public.getTransactionCount({ address: ground.dev(payer).address }),
        ),
      );
    const before = await nonces();
    const first = await ask("paula", PROMPTS[0]!);
    expect(first.answer).toMatchObject({
      prompt: PROMPTS[0],
      payer: ground.dev("paula").address.toLowerCase(),
    });
    await ask("stan", PROMPTS[1]!);
    await ask("paula", PROMPTS[2]!);
    expect(await nonces()).toEqual(before);
    const shown = await purse("paula");
    expect(BigInt(shown.taken)).toBeGreaterThan(0n);
    expect(BigInt(shown.taken)).toBeLessThanOrEqual(BigInt(shown.signed));
    expect(BigInt(shown.taken) + BigInt(shown.free)).toBe(parseEther("5"));
    const { cumulative } = await told<{ cumulative: string }>("paula", "purse", "limit", "1");
    expect(BigInt(cumulative)).toBe(BigInt(shown.taken) + parseEther("1"));
    expect((await purse("paula")).limit).toBe(cumulative);
    expect(refusal(await run("paula", "purse", "limit", "1", "--days", "0")).code).toBe("NUMBER_INVALID");
    // A payer's answer is nobody else's to read.
    expect(refusal(await run("stan", "purse", "answer", first.id)).code).toBe("RECEIPT_PRIVATE");
  });

  test("a voucher that was used pays for no other answer", async () => {
    const { client, at } = ground;
    const salt = () => bytesToHex(randomBytes(32));
    const stan = ground.dev("stan");
    const asked = { host, timeoutMs: 60_000 };
    const question = { prompt: PROMPTS[3]! };
    const used = await askPrepaid({ client, at }, stan, world.modelId, question, { ...asked, salt: salt() });
    const id = prepaidId(used.answer.payer, used.answer.claim.requestHash);
    const { answer, payer, prompt } = used.answer;
    acknowledged.push({ payer: "stan", told: { id, answer: { answer, payer, prompt }, place: null } });
    const { cumulative, validUntil, signature } = used.voucher;
    const order = {
      ...{ modelId: `${world.modelId}`, prompt: PROMPTS[4]!, salt: salt() },
      maxTokensOut: used.answer.maxTokensOut,
      voucher: { payer: stan.address, cumulative: `${cumulative}`, validUntil: `${validUntil}`, signature },
    };
    const again = (voucher: Partial<typeof order.voucher>) =>
      client.rpc("openledger_askByVoucher", [{ ...order, voucher: { ...order.voucher, ...voucher } }]);
    await expect(again({})).rejects.toMatchObject({ code: "VOUCHER_TOO_SMALL" });
    await expect(again({ cumulative: `${cumulative * 2n}` })).rejects.toMatchObject({
      code: "VOUCHER_SIGNATURE",
    });
    await expect(again({ cumulative: "-1" })).rejects.toMatchObject({ code: "INVALID_PARAMS" });
    await expect(again({ cumulative: `${2n ** 128n}` })).rejects.toMatchObject({ code: "INVALID_PARAMS" });
  });

  test("a host that is killed loses nothing that it acknowledged", async () => {
    const before = await Promise.all([purse("paula"), purse("stan")]);
    const under = new Program(
      process.execPath,
      [OPENLEDGER, "ask", `${world.modelId}`, PROMPTS[5]!, "--purse", "--json"],
      { env: env("paula") },
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    ground.kill("host");
    // It asks again until the host is back, which answers once.
    const { status, stdout, stderr } = await under.ended();
    expect(status, stderr).toBe(0);
    acknowledged.push({ payer: "paula", told: JSON.parse(stdout) as Told });
    const after = await until("the host is back", () => Promise.all([purse("paula"), purse("stan")]));
    // An epoch may have been closed meanwhile: what the chain counts then, the host's book no longer does.
    expect([after[1]!.taken, after[1]!.signed]).toEqual([before[1]!.taken, before[1]!.signed]);
    for (const { payer, told: kept } of acknowledged) {
      const found = await told<{ answer: { answer: string } }>(payer, "purse", "answer", kept.id);
      expect(found.answer.answer).toBe(kept.answer.answer);
    }
    await ask("paula", PROMPTS[4]!);
  });

  test("an epoch is closed, watched, audited and settled; everybody has what is theirs", async () => {
    const { client, at, now } = ground;
    const spent = async (payer: Role) => (await purseOf(client, at, ground.dev(payer).address, host)).spent;
    const owed = await Promise.all(
      (["paula", "stan"] as const).map(async (who) => BigInt((await purse(who)).taken)),
    );
    const settled = await ground.until("all is settled", 900, async () => {
      const listed = await told<Listed[]>("paula", "epoch", "list");
      const answers = listed.reduce((sum, one) => sum + one.answers, 0);
      return listed.every(({ status }) => status === "settled") && answers === acknowledged.length && listed;
    });
    expect(await Promise.all([spent("paula"), spent("stan")])).toEqual(owed);
    const second = await connectChain(ground.watcherUrl);
    const status = await second.rpc<WatcherStatus>("openledger_watcher", []);
    expect(status.refuted).toBe(0);
    expect(status.stood).toBeGreaterThanOrEqual(settled.length);
    expect(settled.every((one) => one.host === host)).toBe(true);
    expect(await rewardBalance(client, at, host)).toBeGreaterThan(0n);
    const places = new Set<string>();
    for (const { payer, told: kept } of acknowledged) {
      const { place } = await told<Told>(payer, "purse", "answer", kept.id);
      places.add(`${place?.epochId} ${place?.position}`);
      expect(settled.map(({ epochId }) => epochId)).toContain(place?.epochId);
    }
    expect(places.size).toBe(acknowledged.length);
    await checkReceipts();

    let drawn = 0n;
    for (const id of [1n, 2n, 3n]) {
      const { contributor } = await getContribution(client, at, id);
      const had = await rewardBalance(client, at, contributor);
      const { epochs } = await told<{ epochs: { amount: string }[] }>("paula", "rewards", "draw", `${id}`);
      const sum = epochs.reduce((all, { amount }) => all + BigInt(amount), 0n);
      const got = (await rewardBalance(client, at, contributor)) - had;
      expect(got).toBeGreaterThanOrEqual(sum);
      drawn += sum;
    }
    expect(drawn).toBeGreaterThan(0n);
    for (const { epochId } of settled) {
      const { state } = await told<{ state: { undrawn: string } }>("paula", "epoch", "show", epochId);
      expect(state.undrawn).toBe("0");
    }

    const { balance } = await purseOf(client, at, ground.dev("paula").address, host);
    await told("paula", "purse", "start-withdraw", "2");
    expect(refusal(await run("paula", "purse", "withdraw")).code).toBe("TRANSACTION_REVERTED");
    const from = await now();
    await ground.until("the purse's delay", 120, async () => (await now()) > from + 62n);
    const before = await rewardBalance(client, at, ground.dev("paula").address);
    await told("paula", "purse", "withdraw");
    expect((await rewardBalance(client, at, ground.dev("paula").address)) - before).toBe(parseEther("2"));
    const left = await purseOf(client, at, ground.dev("paula").address, host);
    expect(left.balance).toBe(balance - parseEther("2"));
  });
});
