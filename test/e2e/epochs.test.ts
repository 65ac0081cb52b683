import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, parseEther } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { devAccounts, type Role } from "../../devnet/accounts.ts";
import { rewardBalance } from "../../node/ai/client/balances.ts";
import { connectChain } from "../../node/ai/client/chain.ts";
import { getContribution } from "../../node/ai/client/datanets.ts";
import { closeEpoch, drawnPositions, epochBond, epochCount, getEpoch } from "../../node/ai/client/epochs.ts";
import { getModel } from "../../node/ai/client/models.ts";
import { readParameters } from "../../node/ai/client/parameters.ts";
import { purseOf } from "../../node/ai/client/purses.ts";
import { encodeEpochContents } from "../../node/ai/epoch/contents.ts";
import { composeEpoch, epochIdOf, epochWith, feeOf } from "../../node/ai/epoch/epoch.ts";
import { prepaidId } from "../../node/ai/epoch/prepaid.ts";
import { closingOf } from "../../node/ai/epoch/shown.ts";
import { signVoucher } from "../../node/ai/epoch/voucher.ts";
import { trueClaim } from "../../node/ai/serve/claim-with-cover.ts";
import { runInference } from "../../node/ai/serve/inference.ts";
import { askPrepaid } from "../../node/ai/serve/prepaid-order.ts";
import type { WatcherStatus } from "../../node/ai/watch/watcher.ts";
import { randomBytes } from "../../node/base/clock.ts";
import { ZERO_HASH } from "../../node/chain/constants.ts";
import type { Address, Hash } from "../../node/chain/types/primitives.ts";
import { type Ground, openGround } from "../disputes/ground.ts";
import { becomeHost, makeWorld, PROMPTS, type World } from "../disputes/world.ts";
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
interface Shown {
  demand: { isAnswered: boolean } | null;
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

  /** A leaf of paula's and the last payout are demanded, and shown; the leaf's case is opened, if none was. Windows bound each. */
  const demandAndOpen = async (epochId: string, paula: string) => {
    const leaf = <T>(payer: Role, ...args: string[]) => told<T>(payer, "dispute", "leaf", ...args);
    const { ranges, closing } = await told<{
      ranges: { payer: string; count: number }[];
      closing: { payoutCount: number };
    }>("paula", "epoch", "show", epochId);
    const mine = ranges.findIndex(({ payer }) => payer === paula);
    expect(mine).toBeGreaterThanOrEqual(0);
    const position = `${ranges.slice(0, mine).reduce((sum, { count }) => sum + count, 0)}`;
    expect(await leaf("paula", "demand", epochId, position)).toMatchObject({ deposit: "0" });
    const last = `${closing.payoutCount - 1}`;
    const paid = await leaf<{ deposit: string }>("stan", "demand", epochId, last, "--payout");
    expect(BigInt(paid.deposit)).toBeGreaterThan(0n);
    const opening = await run("paula", "dispute", "leaf", "open", epochId, position);
    for (const demanded of [[position], [last, "--payout"]])
      await until("the host showed the leaf", async () => {
        expect((await leaf<Shown>("stan", "show", epochId, ...demanded)).demand?.isAnswered).toBe(true);
        return true;
      });
    return { position, opening };
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

  test("a leaf is demanded, and run again by verifiers, at its payer's word", async () => {
    const { client, at, now } = ground;
    const before = await epochCount(client, at, host);
    await ask("paula", PROMPTS[1]!);
    // A new one, whose window leaves time.
    const closed = await ground.until("an epoch is closed", 300, async () => {
      const number = await epochCount(client, at, host);
      const id = epochIdOf(host, number);
      return number > before && (await getEpoch(client, at, id)).deadline > (await now()) + 40n && id;
    });
    const epochId = `${closed}`;
    const me = ground.dev("paula").address.toLowerCase();
    const { position, opening } = await ground.slowly(() => demandAndOpen(epochId, me));
    // A draw may name this leaf, and have opened its case before.
    const isMine = opening.status === 0;
    if (!isMine) {
      expect(opening.stderr).toContain("is disputed or audited already");
      expect(await drawnPositions(client, at, closed)).toContain(Number(position));
    }
    expect(await told("stan", "dispute", "epoch", "check", epochId)).toMatchObject({ isFalse: false });
    const refused = async (...args: string[]) => refusal(await run("stan", "dispute", ...args)).code;
    expect(await refused("leaf", "demand", epochId, "65536")).toBe("LEAF_UNKNOWN");
    expect(await refused("leaf", "demand", epochId, "-1")).toBe("NUMBER_INVALID");
    expect(await refused("leaf", "demand", "12x", "0")).toBe("NUMBER_INVALID");
    expect(await refused("leaf", "show", "12", "0")).toBe("EPOCH_UNKNOWN");
    expect(await refused("leaf", "end", epochId, position)).toBe("DEMAND_ABSENT");
    expect(await refused("leaf", "answer", epochId, position)).toBe("DEMAND_ABSENT");
    expect(await refused("epoch", "collect", epochId)).toBe("REWARD_ABSENT");
    if (!isMine) return;
    const { dispute } = JSON.parse(opening.stdout) as { dispute: string };
    expect(await told("stan", "dispute", "leaf", "show", epochId, position)).toMatchObject({
      case: { disputeId: dispute, opener: me },
    });
  });

  test("a false epoch is refuted by hand, and half of its bond is whoever's showed it", async () => {
    const liar = await ground.wallet();
    await becomeHost(world, liar);
    await told("paula", "purse", "fill", "5", "--host", liar.address);
    // Nobody else is to be first.
    ground.hold(true);
    try {
      const { epochId, bond } = await ground.slowly(async () => {
        const closed = await closeFalsely(world, liar);
        const { epochId } = closed;
        const found = await run("stan", "dispute", "epoch", "check", `${epochId}`);
        expect([found.status, JSON.parse(found.stdout)]).toEqual([
          1,
          expect.objectContaining({ isFalse: true, kind: "payout", position: 0 }),
        ]);
        const shown = await run("stan", "dispute", "epoch", "check", `${epochId}`, "--challenge");
        expect([shown.status, JSON.parse(shown.stdout)]).toEqual([
          1,
          expect.objectContaining({ isFalse: true, transaction: expect.stringMatching(/^0x/) }),
        ]);
        expect(await told("stan", "epoch", "show", `${epochId}`)).toMatchObject({
          state: { status: "refuted" },
        });
        const again = await run("paula", "dispute", "epoch", "check", `${epochId}`, "--challenge");
        expect(refusal(again).code).toBe("CLAIM_DECIDED");
        return closed;
      });
      const collected = await until("the reward is final", async () => {
        const { status, stdout, stderr } = await run("stan", "dispute", "epoch", "collect", `${epochId}`);
        expect([status, stderr]).toEqual([0, expect.any(String)]);
        return JSON.parse(stdout) as { reward: string };
      });
      expect(BigInt(collected.reward)).toBe(bond / 2n);
    } finally {
      ground.hold(false);
    }
  });

  test("an epoch is closed, watched, audited and settled; everybody has what is theirs", async () => {
    const { client, at, now } = ground;
    const spent = async (payer: Role) => (await purseOf(client, at, ground.dev(payer).address, host)).spent;
    const owed = await Promise.all(
      (["paula", "stan"] as const).map(async (who) => BigInt((await purse(who)).taken)),
    );
    const settled = await ground.until("all is settled", 900, async () => {
      const listed = await told<Listed[]>("paula", "epoch", "list", "--host", host);
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

/** A host closes its first epoch, of one answer to paula, with a payout that is a wei too small. */
async function closeFalsely({ ground, model, modelId, rows }: World, liar: PrivateKeyAccount) {
  const { client, at, session, sink, dev } = ground;
  const paula = dev("paula");
  const inference = await runInference(session, model, PROMPTS[0]!, 4);
  const request = { requestId: 0n, modelId, requestHash: ZERO_HASH };
  const { claim, query } = await trueClaim(inference, request, model.index, async () => rows);
  const { rateIn, rateOut, split } = await getModel(client, at, modelId);
  const { platformBps } = await readParameters(client, at);
  const terms = { modelId, rateIn, rateOut, platformBps, contributorsBps: split.contributors };
  const { epochId, inferences, payouts, ranges } = composeEpoch(
    liar.address.toLowerCase() as Address,
    1n,
    terms,
    [{ payer: paula.address, claim }],
  );
  const told = payouts.map((one, i) => (i === 0 ? { ...one, amount: one.amount - 1n } : one));
  const published = inferences.map((one) => ({ ...one, query }));
  const contents = await sink.put(encodeEpochContents({ inferences: published, payouts: told }));
  const closing = closingOf(epochWith(epochId, inferences, told, ranges), terms, contents);
  const fees = feeOf(terms, ranges[0]!.net);
  const bond = await epochBond(client, at, fees, closing);
  const { timestamp } = await client.public.getBlock();
  const said = { host: liar.address, cumulative: fees, validUntil: timestamp + 3_600n };
  const signature = await signVoucher(paula, client.chain.id, at.epochs, said);
  await closeEpoch(client, at, liar, { closing, ranges, vouchers: [{ ...said, signature }], bond });
  return { epochId, bond };
}
