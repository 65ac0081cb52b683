import { join } from "node:path";
import { bytesToHex, encodeFunctionData } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send } from "../../ai/client/chain.ts";
import { getDispute } from "../../ai/client/disputes.ts";
import { setEngine, stakeAsVerifier } from "../../ai/client/verifiers.ts";
import { contentIdOf } from "../../ai/codec/hash.ts";
import { HOST, OPEN, OWNER, PAYER, STAKER } from "../../ai/testing/market-world.ts";
import { ENGINE } from "../../ai/verify/engine.ts";
import { Verifier } from "../../ai/verify/verifier.ts";
import { agentStakesAbi } from "../../chain/generated/abi.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { deedsOf } from "../agents.ts";
import { getDeed } from "../deeds.ts";
import { policyOrder } from "../orders.ts";
import { AgentRunner } from "../runner/runner.ts";
import { callIn, rulesOf } from "../session.ts";
import { actForOrder, signAct } from "../signed.ts";
import { AgentWorld, KEY_HOLDER, policyText } from "../testing/agent-world.ts";
import { accuseOrder, caseOfDeed, standingOfCase, verdictOfDeed, verdictTerms } from "../verdicts.ts";
import { deedMattersIn } from "./deed-matter.ts";

/** Seconds of the chain's clock between two looks; windows have 20. */
const STEP_S = 6;
const SEATS = [STAKER, PAYER];

describe("verifiers of deeds", { timeout: 900_000 }, () => {
  let world: AgentWorld;

  beforeAll(async () => {
    world = await AgentWorld.open();
    const { client, market } = world;
    for (const n of SEATS) {
      const account = market.account(n);
      await stakeAsVerifier(client, market.at, account, 100n * OPEN);
      await setEngine(client, market.at, account, { engine: ENGINE, key: account.publicKey });
    }
    await world.allow(world.session());
    await market.chain.pass(2);
  });
  afterAll(() => world?.close());

  const verifier = (n: number) => {
    const { client, market, agents } = world;
    const { at, content, logger, folder, chain } = market;
    return new Verifier({
      ...{ client, at, logger, l1Headers: chain.l1Headers, keep: OPEN },
      account: market.account(n),
      privateKey: bytesToHex(market.account(n).getHdKey().privateKey!),
      folder: join(folder, `verifier-${n}`),
      evidence: (hash) => content.get(hash),
      rerun: () => Promise.reject(new Error("no request is run again here")),
      others: (steps, range) => deedMattersIn({ ...steps, agents, content, texts: content }, range),
    });
  };
  const pass = async (seconds: number) => {
    const team = SEATS.map(verifier);
    for (let passed = 0; passed < seconds; passed += STEP_S) {
      await world.market.chain.pass(STEP_S);
      for (const one of team) {
        await one.round();
        await one.idle();
      }
    }
  };
  /** A deed of the running agent. */
  const acted = async (): Promise<bigint> => {
    const { client, market, agents, agentId } = world;
    const { content, logger, folder } = market;
    const runner = new AgentRunner({
      ...{ client, protocol: market.at, at: agents, agentId, content, texts: content, logger },
      ...{ key: market.account(KEY_HOLDER), host: market.address(HOST), session: world.session() },
      folder: join(folder, "run"),
      ask: (question) => world.answer(question),
    });
    for (;;) {
      const outcome = await runner.step();
      if (outcome.kind === "going on") continue;
      if (outcome.kind === "round over" && outcome.deedId !== undefined) return outcome.deedId;
      throw new Error(`the agent did nothing: ${JSON.stringify(outcome)}`);
    }
  };
  const accuse = async (deedId: bigint) => {
    const { client, market, agents } = world;
    const reason = await market.content.put(new TextEncoder().encode("It does not follow."));
    const { panelFee } = await verdictTerms(client, agents);
    await send(client, market.account(OWNER), accuseOrder(agents, deedId, reason, panelFee));
  };
  /** What a condemned agent needs to act again. */
  const stakeAgain = async () => {
    const data = encodeFunctionData({ abi: agentStakesAbi, functionName: "stake", args: [world.agentId] });
    const order = { to: world.agents.stakes, data, value: 10n * OPEN };
    await send(world.client, world.market.account(OWNER), order);
  };
  const statusOf = async (deedId: bigint) => (await caseOfDeed(world.client, world.agents, deedId)).status;

  it("uphold a deed that is what its answer says", async () => {
    const deedId = await acted();
    await accuse(deedId);
    const standing = (await standingOfCase(world.client, { ...world.market.at, ...world.agents }, deedId))!;
    expect(standing).toMatchObject({
      found: { status: "accused" },
      dispute: { status: "opened" },
      duties: [],
    });
    await pass(120);
    expect(await statusOf(deedId)).toBe("upheld");
    const { stake } = await world.agent();
    expect(stake).toBe(10n * OPEN);
  });

  it("say what a panel member has to do by when", async () => {
    const deedId = await acted();
    await accuse(deedId);
    const { client, agents, market } = world;
    const at = { ...market.at, ...agents };
    const seen = new Set<string>();
    for (let i = 0; i < 30 && (await statusOf(deedId)) === "accused"; i++) {
      await pass(STEP_S);
      const standing = (await standingOfCase(client, at, deedId))!;
      for (const { what, from, until } of standing.duties) {
        seen.add(what);
        const { timestamp } = await client.public.getBlock();
        if (what !== "nothing more") expect([from < until, timestamp <= until]).toEqual([true, true]);
      }
    }
    // Both verifiers commit at once, so that only the duty to reveal is left to be seen.
    expect(seen).toContain("reveal");
    expect(await statusOf(deedId)).toBe("upheld");
  });

  it("condemn a deed whose evidence is gone, or never was", async () => {
    const deedId = await acted();
    const { client, agents, market } = world;
    const { rationale } = await getDeed(client, agents, deedId);
    market.content.all.delete(rationale as Hash);
    await accuse(deedId);
    await pass(150);
    expect(await statusOf(deedId)).toBe("condemned");
    expect(await verdictOfDeed(client, agents, deedId)).toMatchObject({ isUpheld: false, lost: 5n * OPEN });
    expect((await getDeed(client, agents, deedId)).isTainted).toBe(true);
    await stakeAgain();
  });

  it("condemn a second deed for the same answer", async () => {
    const { client, market, agents } = world;
    const first = await getDeed(client, agents, await acted());
    const { account } = await world.agent();
    const args = ["self", "0"];
    const call = callIn(rulesOf(world.session(), account), { name: "buy", args }, account);
    const act = {
      call: { target: call.rule.target, value: first.value, data: call.data },
      ...{ rule: call.rule, proof: call.proof, because: first.because, rationale: first.rationale },
    };
    const key = market.account(KEY_HOLDER);
    const { timestamp } = await client.public.getBlock();
    const order = actForOrder(await signAct(client, key, account, act, timestamp + 600n));
    await send(client, market.account(STAKER), order);
    const second = (await deedsOf(client, agents, world.agentId)).at(-1)!;
    expect(second.id).toBe(first.id + 1n);
    await accuse(second.id);
    await pass(120);
    expect(await statusOf(second.id)).toBe("condemned");
    await stakeAgain();
  });

  it("leave a deed to people where its policy has no rules", async () => {
    const { client, market, agents, agentId, modelId } = world;
    const before = await acted();
    expect(before).toBeGreaterThan(0n);
    const policy = async (text: string) => {
      const id = await market.content.put(new TextEncoder().encode(text));
      await send(client, market.account(OWNER), policyOrder(agents, agentId, id, [modelId]));
    };
    // It acts by rules that say what the deed before did, and then they are taken out of everybody's reach.
    const text = `${policyText(agents.pool, modelId)}\nchanged\n`;
    await policy(text);
    const deedId = await acted();
    market.content.all.delete(contentIdOf(new TextEncoder().encode(text)));
    await accuse(deedId);
    await pass(60);
    const { disputeId } = await caseOfDeed(client, agents, deedId);
    const dispute = await getDispute(client, market.at, disputeId);
    expect(dispute.status).not.toBe("decided");
    await policy(policyText(agents.pool, modelId));
  });
});
