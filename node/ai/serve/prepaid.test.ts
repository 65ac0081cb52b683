import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex, encodeFunctionData } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomBytes } from "../../base/clock.ts";
import { modelLedgerAbi } from "../../chain/generated/abi.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import { rewardBalance } from "../client/balances.ts";
import { send } from "../client/chain.ts";
import { getContribution } from "../client/datanets.ts";
import { demandLeaf, leafDemandOf } from "../client/epoch-demands.ts";
import { drawFromEpoch, epochsIn, fillPurse, getEpoch } from "../client/epochs.ts";
import { purseOf, startPurseWithdraw, withdrawPurse } from "../client/purses.ts";
import { setEngine, stakeAsVerifier } from "../client/verifiers.ts";
import { decodeEpochContents } from "../epoch/contents.ts";
import { epochIncomeOf } from "../epoch/draws.ts";
import { epochIdOf, epochWith } from "../epoch/epoch.ts";
import { type PrepaidAnswer, prepaidId } from "../epoch/prepaid.ts";
import { drawOf } from "../epoch/shown.ts";
import { signVoucher } from "../epoch/voucher.ts";
import {
  HOST,
  LIAR,
  MarketWorld,
  OPEN,
  OWNER,
  PAYER,
  PROMPT,
  STAKER,
  WATCHER,
} from "../testing/market-world.ts";
import { ENGINE } from "../verify/engine.ts";
import { rerunRequest } from "../verify/rerun-request.ts";
import { Verifier } from "../verify/verifier.ts";
import type { Host } from "./host.ts";
import { DEFAULT_HOST_LIMITS } from "./host-limits.ts";
import type { PrepaidOrder } from "./prepaid-desk.ts";

const TOKENS_OUT = 4;
/** Seconds of the chain's clock between two looks of all who take part; windows have 20. */
const STEP_S = 6;
const DAY = 86_400n;
/** Above what any answer here costs. */
const ENOUGH = OPEN / 100n;

describe("a host paid by purses", { timeout: 900_000 }, () => {
  let world: MarketWorld;
  let modelId: bigint;
  let host: Host;

  /** The world's host; a new one of the same folders is what a restart makes. */
  const openHost = async () => {
    const limits = { ...DEFAULT_HOST_LIMITS, epochSeconds: 60 };
    const opened = world.host({ limits });
    await opened.open();
    return opened;
  };

  beforeAll(async () => {
    world = await MarketWorld.open();
    ({ modelId } = await world.serving());
    const { client } = world.chain;
    for (const n of [PAYER, STAKER]) {
      const purse = { payer: world.address(n), host: world.address(HOST), amount: OPEN };
      await fillPurse(client, world.at, world.account(n), purse);
    }
    const verifier = world.account(WATCHER);
    await stakeAsVerifier(client, world.at, verifier, 100n * OPEN);
    await setEngine(client, world.at, verifier, { engine: ENGINE, key: verifier.publicKey });
    host = await openHost();
  });
  afterAll(() => world?.close());

  const voucherOf = async (payer: number, cumulative: bigint, to = HOST, days = 7n) => {
    const { client } = world.chain;
    const { timestamp } = await client.public.getBlock();
    const said = { host: world.address(to), cumulative, validUntil: timestamp + days * DAY };
    const signature = await signVoucher(world.account(payer), client.chain.id, world.at.epochs, said);
    return { cumulative, validUntil: said.validUntil, signature };
  };
  const orderOf = (payer: number, voucher: PrepaidOrder["voucher"], change: Partial<PrepaidOrder> = {}) => ({
    ...{ modelId, prompt: PROMPT, salt: bytesToHex(randomBytes(32)) as Hash, maxTokensOut: TOKENS_OUT },
    ...{ payer: world.address(payer), voucher },
    ...change,
  });
  /** Asks for a voucher over just enough. */
  const ask = async (payer: number, change: Partial<PrepaidOrder> = {}): Promise<PrepaidAnswer> => {
    const { taken } = await host.prepaid.stateOf(world.address(payer));
    return host.prepaid.ask(orderOf(payer, await voucherOf(payer, taken + ENOUGH), change));
  };
  const idOf = ({ payer, claim }: PrepaidAnswer) => prepaidId(payer, claim.requestHash);
  /** Everybody at work for a while of the chain's time. */
  const pass = async (seconds: number, others: (() => Promise<void>)[] = []) => {
    for (let passed = 0; passed < seconds; passed += STEP_S) {
      await host.prepaid.round();
      for (const other of others) await other();
      await world.chain.pass(STEP_S);
    }
  };
  const epochs = async () => {
    const to = await world.chain.client.public.getBlockNumber();
    return epochsIn(world.chain.client, world.at, { from: 0n, to });
  };

  test("a voucher pays once, and only its payer's and this host's is one", async () => {
    const voucher = await voucherOf(PAYER, ENOUGH);
    const first = orderOf(PAYER, voucher);
    const answer = await host.prepaid.ask(first);
    expect(answer).toMatchObject({ payer: world.address(PAYER), host: world.address(HOST), prompt: PROMPT });
    let { taken } = await host.prepaid.stateOf(world.address(PAYER));
    expect(taken).toBeGreaterThan(0n);
    // The same again is the same answer, and takes nothing.
    expect(await host.prepaid.ask(first)).toEqual(answer);
    expect((await host.prepaid.stateOf(world.address(PAYER))).taken).toBe(taken);

    // Also once a later one has used more than its voucher.
    await ask(PAYER);
    expect(await host.prepaid.ask(first)).toEqual(answer);
    const later = await host.prepaid.stateOf(world.address(PAYER));
    taken = later.taken;

    const exact = await voucherOf(PAYER, taken);
    const refused: [string, PrepaidOrder][] = [
      ["VOUCHER_TOO_SMALL", orderOf(PAYER, exact)],
      ["VOUCHER_TOO_OLD", orderOf(PAYER, await voucherOf(PAYER, 3n * ENOUGH, HOST, 0n))],
      ["VOUCHER_SIGNATURE", orderOf(PAYER, await voucherOf(PAYER, ENOUGH, LIAR))],
      ["VOUCHER_SIGNATURE", orderOf(STAKER, await voucherOf(PAYER, ENOUGH))],
      ["VOUCHER_SIGNATURE", orderOf(PAYER, { ...voucher, cumulative: 2n * ENOUGH })],
      ["VOUCHER_SIGNATURE", orderOf(PAYER, { ...voucher, signature: malleated(voucher.signature) })],
      ["VOUCHER_SIGNATURE", orderOf(PAYER, { ...voucher, signature: "0x" })],
      ["PURSE_TOO_SMALL", orderOf(OWNER, await voucherOf(OWNER, ENOUGH))],
      ["REQUEST_NOT_TAKEN", orderOf(PAYER, await voucherOf(PAYER, 9n * OPEN), { maxTokensOut: 65 })],
      ["MODEL_UNKNOWN", orderOf(PAYER, await voucherOf(PAYER, 2n * ENOUGH), { modelId: 99n })],
      ["PROMPT_EMPTY", orderOf(PAYER, await voucherOf(PAYER, 2n * ENOUGH), { prompt: " " })],
    ];
    for (const [code, order] of refused) {
      await expect(host.prepaid.ask(order), code).rejects.toMatchObject({ code });
    }
    expect((await host.prepaid.stateOf(world.address(PAYER))).taken).toBe(taken);
  });

  test("answers under way at the same time never take more together than was signed", async () => {
    const { taken } = await host.prepaid.stateOf(world.address(STAKER));
    const one = (await ask(STAKER)).claim;
    const fee = (await host.prepaid.stateOf(world.address(STAKER))).taken - taken;
    expect(one.tokensOut).toBeGreaterThan(0);
    const most = await host.prepaid.stateOf(world.address(STAKER));
    // Enough for the longest answer once, not twice.
    const voucher = await voucherOf(STAKER, most.taken + fee + (fee * 3n) / 4n);
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => host.prepaid.ask(orderOf(STAKER, voucher))),
    );
    expect(results.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(1);
    const after = await host.prepaid.stateOf(world.address(STAKER));
    expect(after.taken).toBeLessThanOrEqual(voucher.cumulative);
  });

  test("a host that starts anew has all that was answered, and closes, is audited and settles", async () => {
    const { client } = world.chain;
    const answers = [await ask(PAYER), await ask(STAKER), await ask(PAYER)];
    const before = await Promise.all(
      [PAYER, STAKER].map(async (n) => (await host.prepaid.stateOf(world.address(n))).taken),
    );
    host = await openHost();
    const again = await Promise.all(
      [PAYER, STAKER].map(async (n) => (await host.prepaid.stateOf(world.address(n))).taken),
    );
    expect(again).toEqual(before);
    expect((await host.prepaid.kept(idOf(answers[1]!)))?.answer).toEqual(answers[1]);
    expect((await host.prepaid.kept(idOf(answers[1]!)))?.place).toBeNull();

    await world.chain.pass(61);
    await host.prepaid.round();
    const [closed] = await epochs();
    const { epochId, closing, ranges } = closed!;
    expect(ranges.map(({ payer }) => payer).sort()).toEqual(
      [PAYER, STAKER].map((n) => world.address(n)).sort(),
    );
    // The same money, now counted by the chain.
    for (const [i, n] of [PAYER, STAKER].entries()) {
      const { spent } = await purseOf(client, world.at, world.address(n), world.address(HOST));
      expect(spent).toBe(before[i]);
      expect((await host.prepaid.stateOf(world.address(n))).taken).toBe(before[i]);
    }
    // A payer wants to see a leaf, after the host was killed right behind its transaction.
    host = await openHost();
    await demandLeaf(client, world.at, world.account(OWNER), epochId, false, 0);
    await demandLeaf(client, world.at, world.account(OWNER), epochId, true, closing.payoutCount - 1);
    await host.prepaid.round();
    for (const [isPayout, position] of [
      [false, 0],
      [true, closing.payoutCount - 1],
    ] as const)
      expect(await leafDemandOf(client, world.at, epochId, isPayout, position)).toMatchObject({
        isAnswered: true,
      });

    const work = verifying();
    const hostHad = await rewardBalance(client, world.at, world.address(HOST));
    await pass(200, [work]);
    const state = await getEpoch(client, world.at, epochId);
    expect(state.status).toBe("settled");
    expect(runs).toBeGreaterThan(0);
    const hostHas = await rewardBalance(client, world.at, world.address(HOST));
    expect(hostHas - hostHad).toBeGreaterThanOrEqual((closing.net * 2_000n) / 10_000n + state.bond);
    expect((await host.prepaid.kept(idOf(answers[1]!)))?.place?.epochId).toBe(epochId);
    expect(host.prepaid.unsettled).toBe(0);
    expect(await readdir(join(world.folder, "epochs", "open"))).toEqual([]);

    const { inferences, payouts } = decodeEpochContents(await world.content.get(closing.contents));
    const epoch = epochWith(epochId, inferences, payouts, ranges);
    const id = payouts[0]!.contributionId;
    const { contributor } = await getContribution(client, world.at, id);
    const had = await rewardBalance(client, world.at, contributor);
    // A stranger draws a part; the rest is still there.
    const [ahead, first] = drawOf(epoch, id)!;
    await drawFromEpoch(client, world.at, world.account(OWNER), epochId, [ahead, first, first]);
    const { income } = await epochIncomeOf(client, world.at, world.content, id);
    expect(income.map((one) => [one.epochId, one.isSettled])).toEqual([[epochId, true]]);
    await drawFromEpoch(client, world.at, world.account(OWNER), epochId, income[0]!.draw);
    expect((await epochIncomeOf(client, world.at, world.content, id)).income).toEqual([]);
    const due = payouts.reduce((sum, one) => sum + (one.contributionId === id ? one.amount : 0n), 0n);
    expect((await rewardBalance(client, world.at, contributor)) - had).toBe(due);
  });

  let runs = 0;
  /** A verifier at work. */
  const verifying = () => {
    const { at, content, logger, session } = world;
    const { client, l1Headers } = world.chain;
    const account = world.account(WATCHER);
    const verifier = new Verifier({
      ...{ client, at, account, logger, l1Headers, keep: OPEN, folder: join(world.folder, "verifier") },
      privateKey: bytesToHex(account.getHdKey().privateKey!),
      evidence: (hash) => content.get(hash),
      rerun: (task) => {
        runs++;
        if ("rowId" in task) throw new Error("no record is disputed here");
        return rerunRequest({ client, at, content, session }, task.requestId, task.request, task.asked);
      },
    });
    return async () => {
      await verifier.round();
      await verifier.idle();
    };
  };

  test("what a payer takes back is closed before, and rates that change make no epoch false", async () => {
    const { client } = world.chain;
    const [payer, me] = [world.address(PAYER), world.address(HOST)];
    await ask(PAYER);
    const owner = world.account(OWNER);
    // Above: the answer costs more than when it was given, still within what was signed.
    const args = [modelId, 10n ** 15n + 7n, 10n ** 16n] as const;
    const data = encodeFunctionData({ abi: modelLedgerAbi, functionName: "setRates", args });
    await send(client, owner, { to: world.at.models, data });
    const { balance } = await purseOf(client, world.at, payer, me);
    await startPurseWithdraw(client, world.at, world.account(PAYER), me, balance);
    await expect(ask(PAYER)).rejects.toMatchObject({ code: "PURSE_TOO_SMALL" });
    await world.chain.pass(20);
    await host.prepaid.round();
    expect((await epochs()).length).toBe(2);
    const closed = (await epochs())[1]!;
    expect(closed.epochId).toBe(epochIdOf(me, 2n));
    expect(closed.closing.rateIn).toBe(10n ** 15n + 7n);
    // What is asked for now counts on what stays, and hurries nobody.
    const rest = await fillPurse(client, world.at, owner, { payer, host: me, amount: OPEN });
    expect(rest.receipt.status).toBe("success");
    await ask(PAYER);
    await host.prepaid.round();
    expect((await epochs()).length).toBe(2);
    await world.chain.pass(61);
    await withdrawPurse(client, world.at, owner, payer, me);
    const left = await purseOf(client, world.at, payer, me);
    expect(left.leaving).toBe(0n);
    expect(await rewardBalance(client, world.at, payer)).toBe(balance);
    expect(left.balance).toBe(2n * OPEN - balance - left.spent);
  });

  test("an answer whose payer became a contract is left out, and holds nobody else's up", async () => {
    const { client } = world.chain;
    await fillPurse(client, world.at, world.account(PAYER), {
      ...{ payer: world.address(PAYER), host: world.address(HOST), amount: OPEN },
    });
    const [, other] = [await ask(PAYER), await ask(STAKER)];
    await client.rpc("anvil_setCode", [world.address(PAYER), "0xfe"]);
    await world.chain.pass(61);
    await host.prepaid.round();
    const last = (await epochs()).at(-1)!;
    expect(last.ranges.map(({ payer }) => payer)).toEqual([world.address(STAKER)]);
    await host.prepaid.round();
    await pass(12);
    expect((await host.prepaid.kept(idOf(other!)))?.place?.epochId).toBe(last.epochId);
    await client.rpc("anvil_setCode", [world.address(PAYER), "0x"]);
  });
});

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The other signature that recovers to the same key. */
function malleated(signature: Hex): Hex {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.slice(130) === "1b" ? "1c" : "1b";
  return `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, "0")}${v}`;
}
