import { bytesToHex, formatEther, type LocalAccount } from "viem";
import type { ChainClient, ProtocolAddresses } from "../../ai/client/chain.ts";
import { cancelRequest, getRequest } from "../../ai/client/market.ts";
import { getModel } from "../../ai/client/models.ts";
import { contentIdOf } from "../../ai/codec/hash.ts";
import type { ContentSink, ContentSource } from "../../ai/content/source.ts";
import { requestOrder } from "../../ai/serve/request-order.ts";
import { randomBytes, sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { agentDeedsAbi, inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { AgentAddresses } from "../addresses.ts";
import { type Agent, getAgent } from "../agents.ts";
import { deedsBecauseOf } from "../deeds.ts";
import { agentError } from "../errors.ts";
import { claimedText, quoteAt, readerOf } from "../judging/evidence.ts";
import { type Advice, adviceOf, isWithin, leastOf, type SwapPolicy } from "../policy.ts";
import { encodeRationale } from "../rationale.ts";
import { type AllowedCall, callIn, leafOf, rulesOf, type SessionFile, treeOf } from "../session.ts";
import { type Act, signAct } from "../signed.ts";
import { bring } from "./bring.ts";
import { EvidenceKeeper } from "./evidence-keeper.ts";
import { limitAgainst, type Stop, sessionNow, whyStop } from "./limits.ts";
import type { Outcome, RoundEnd } from "./outcome.ts";
import { PolicySource } from "./policy-source.ts";
import { RunFile, type RunState } from "./run-file.ts";

/** What a host gives for an opened request: the answer's tokens, which are believed only if its claim is of them. */
export type AskHost = (question: {
  requestId: bigint;
  prompt: string;
  salt: Hash;
}) => Promise<{ outputIds: readonly number[] }>;

export interface RunnerOptions {
  client: ChainClient;
  protocol: ProtocolAddresses;
  at: AgentAddresses;
  agentId: bigint;
  /** The session's; it pays the gas. */
  key: LocalAccount;
  session: SessionFile;
  /** Who is asked. */
  host: Address;
  content: ContentSource & ContentSink;
  /** Gives nothing longer than a policy may be. */
  texts: ContentSource;
  ask: AskHost;
  /** Of what it has to know after a crash. */
  folder: string;
  logger: Logger;
}

/** Seconds for which a signed order can be brought at least, and how many blocks have room in it where they are far apart. */
const ORDER_S = 180n;
const ORDER_BLOCKS = 20n;
/** Longest pause between two tries at a step that failed, in ms. */
const MOST_PAUSE_MS = 60_000;
const PAUSE_MS = 1_000;

type Asking = Extract<RunState, { stage: "asking" }>;
type Asked = Extract<RunState, { stage: "asked" }>;
type Acting = Extract<RunState, { stage: "acting" }>;
type Trade = Exclude<Advice, { kind: "hold" }>;

/**
 * An agent at work: asks its policy's question through its account, and does what the answer says where it says it in the one form that
 * counts, within policy and session. Each order is signed and on disk before it is sent, and the account takes each once: after kill -9
 * it goes on where it was, and no answer moves anything twice.
 */
export class AgentRunner {
  private readonly options: RunnerOptions;
  private readonly file: RunFile;
  private readonly keyAddress: Address;
  private readonly policies: PolicySource;
  private readonly evidence: EvidenceKeeper;

  constructor(options: RunnerOptions) {
    this.options = options;
    this.file = new RunFile(options.folder);
    this.policies = new PolicySource(options.texts);
    this.evidence = new EvidenceKeeper({ ...options, file: this.file });
    this.keyAddress = options.key.address.toLowerCase() as Address;
  }

  /**
   * Works until it stops by itself, the signal, or `rounds` are over.
   * @param everyMs between two rounds.
   * @returns why it stopped by itself; undefined where it was told to.
   * @throws CodedError `POLICY_ABSENT`, `POLICY_INVALID`, `RUN_FILE_INVALID`: nothing that waiting mends.
   */
  async run(
    signal: AbortSignal,
    { everyMs, rounds = Number.POSITIVE_INFINITY }: { everyMs: number; rounds?: number },
  ): Promise<Stop | undefined> {
    const { logger } = this.options;
    for (let done = 0, failures = 0; done < rounds && !signal.aborted; ) {
      let pause = 0;
      try {
        const outcome = await this.step();
        failures = 0;
        if (outcome.kind === "stopped") return outcome;
        if (outcome.kind === "round over") {
          done++;
          if (done < rounds) pause = everyMs;
        }
      } catch (error) {
        if (isHopeless(error)) throw error;
        if (isCodedError(error, "FUNDS_INSUFFICIENT"))
          return { why: "no gas", message: `the key ${this.keyAddress} can't pay for gas any more` };
        pause = Math.min(MOST_PAUSE_MS, PAUSE_MS * 2 ** Math.min(failures++, 6));
        const code = isCodedError(error) ? error.code : undefined;
        logger.warn({ error, code, pause }, "a step of the agent failed; it is tried again");
      }
      if (pause > 0) await sleep(pause, signal).catch(() => undefined);
    }
    return undefined;
  }

  /** Takes the next step. @throws CodedError of the way to the chain and the host: take it again. */
  async step(): Promise<Outcome> {
    const state = this.file.read();
    await this.evidence.look();
    switch (state.stage) {
      case "idle":
        return this.plan();
      case "asking":
        return this.bringQuestion(state);
      case "asked":
        return this.hear(state);
      case "acting":
        return this.bringDeed(state);
    }
  }

  /** The next question, if nothing stops the agent. */
  private async plan(): Promise<Outcome> {
    const { client, protocol, at, host, content } = this.options;
    const agent = await this.agent();
    const rules = await this.rules(agent);
    const allowed = this.allowed(agent);
    const session = await sessionNow(client, agent.account, this.keyAddress);
    if (session.now < session.from) return { kind: "round over", what: "not yet" };
    const salt = bytesToHex(randomBytes(32));
    const question = { prompt: rules.question };
    const order = await requestOrder({ client, at: protocol, content }, rules.model, question, {
      host,
      salt,
    });
    const expected = { ...session, expected: treeOf(allowed.map(({ rule }) => leafOf(rule))).root };
    const stop = await whyStop(client, at, { ...agent, model: rules.model }, expected, order.escrow);
    if (stop !== undefined) return { kind: "stopped", ...stop };
    const { requestHash, maxTokensIn, maxTokensOut, escrow } = order;
    const args = [`${rules.model}`, host, requestHash, `${maxTokensIn}`, `${maxTokensOut}`];
    const call = callIn(allowed, { name: "request", args, target: protocol.market }, agent.account);
    if (escrow > call.rule.maxValue) {
      const message = `a question costs ${formatEther(escrow)} OPEN, and the session's rule lets less go with it`;
      return { kind: "stopped", why: "call limit", message };
    }
    const act = actOf(call, { value: escrow, because: [], rationale: NO_RATIONALE });
    const signed = await this.sign(agent, act);
    this.file.write({ stage: "asking", question: rules.question, salt, requestHash, ...signed });
    return { kind: "going on" };
  }

  private async bringQuestion(state: Asking): Promise<Outcome> {
    const { client, key, logger } = this.options;
    const landing = await bring(client, key, state.order);
    if (landing.kind !== "taken") return this.given(landing, undefined);
    const requestId = await this.requestBy(state);
    if (requestId === undefined) {
      logger.warn({ nonce: state.order.nonce }, "another program used this key: its order was taken instead");
      return this.end("refused");
    }
    logger.info({ requestId, question: state.question }, "asked");
    const { question, salt } = state;
    this.file.write({ stage: "asked", question, salt, requestId });
    return { kind: "going on" };
  }

  /** Reads the answer, and decides. */
  private async hear(state: Asked): Promise<Outcome> {
    const { client, protocol, key, logger } = this.options;
    const { requestId } = state;
    const request = await getRequest(client, protocol, requestId);
    const { timestamp: now } = await client.public.getBlock();
    if (request.status === "requested" && now > request.deadline) {
      await cancelRequest(client, protocol, key, requestId);
      return this.end("no answer", requestId);
    }
    if (request.status === "refuted" || request.status === "cancelled")
      return this.end("no answer", requestId);
    const isClaimed = request.status !== "requested";
    if (isClaimed && now > request.claimedAt + (await this.answerAge()))
      return this.end("answer too old", requestId);
    const { outputIds } = await this.options.ask({ requestId, prompt: state.question, salt: state.salt });
    const reader = await readerOf(this.options, await getModel(client, protocol, request.modelId));
    const answer = await claimedText(this.options, reader, requestId, outputIds);
    const advice = answer === undefined ? undefined : adviceOf(answer);
    logger.info({ requestId, answer, advice: advice?.kind }, "heard an answer");
    if (advice === undefined) return this.end("ignored", requestId);
    if (advice.kind === "hold") return this.end("held", requestId);
    return this.decide(state, advice, outputIds);
  }

  /** What the answer says, as a signed order, if policy and session allow it. */
  private async decide(state: Asked, advice: Trade, outputIds: readonly number[]): Promise<Outcome> {
    const { client, content, logger } = this.options;
    const { requestId } = state;
    const agent = await this.agent();
    const rules = await this.rules(agent);
    const session = await sessionNow(client, agent.account, this.keyAddress);
    const isBuy = advice.kind === "buy";
    const value = isBuy ? advice.amount : 0n;
    const limit = isBuy
      ? limitAgainst(session, advice.amount)
      : limitAgainst(session, advice.amount, rules.pool);
    const said = `${advice.kind} ${formatEther(advice.amount)}`;
    if (!isWithin(rules, advice) || limit !== undefined) {
      logger.warn({ requestId, said, limit: limit ?? "policy" }, "an answer says more than is allowed");
      return this.end("ignored", requestId);
    }
    const quotedAt = await client.public.getBlockNumber();
    const quoted = await quoteAt(client, rules.pool, advice, quotedAt);
    if (quoted === undefined) throw poolSilent(rules.pool);
    const least = `${leastOf(rules, quoted)}`;
    const args = isBuy ? ["self", least] : ["self", `${advice.amount}`, least];
    const call = this.callIfAllowed(agent, { name: advice.kind, args, target: rules.pool });
    if (call === undefined || value > call.rule.maxValue) {
      logger.warn({ requestId, said, limit: "rules" }, "an answer says more than is allowed");
      return this.end("ignored", requestId);
    }
    const why = { requestId, prompt: state.question, salt: state.salt, outputIds, quotedAt };
    const bytes = encodeRationale(why);
    const rationale = contentIdOf(bytes);
    this.file.keepRationale(rationale, bytes);
    await content.put(bytes);
    const signed = await this.sign(agent, actOf(call, { value, because: [requestId], rationale }));
    this.file.write({ stage: "acting", requestId, said, ...signed });
    return { kind: "going on" };
  }

  private async bringDeed(state: Acting): Promise<Outcome> {
    const { client, at, agentId, key, logger } = this.options;
    const { requestId, said, order, from } = state;
    const landing = await bring(client, key, order);
    if (landing.kind !== "taken") return this.given(landing, requestId);
    const deed = (await deedsBecauseOf(client, at, agentId, requestId, from)).at(-1);
    if (deed === undefined) {
      logger.warn({ requestId }, "another program used this key: its order was taken instead");
      return this.end("refused", requestId);
    }
    const { id: deedId, transaction } = deed;
    logger.info({ deedId, requestId, said, transaction }, "did what the answer says");
    this.file.write({ stage: "idle" });
    return { kind: "round over", what: "acted", requestId, deedId };
  }

  /** The end of a round whose order was not taken. */
  private given(
    landing: Exclude<Awaited<ReturnType<typeof bring>>, { kind: "taken" }>,
    requestId: bigint | undefined,
  ): Outcome {
    if (landing.kind === "late") return this.end("late", requestId);
    const { error } = landing;
    this.options.logger.warn({ requestId, reason: error.message }, "the chain refuses the order");
    return this.end("refused", requestId);
  }

  private end(what: RoundEnd, requestId?: bigint): Outcome {
    this.options.logger.info({ requestId, what }, "the round is over");
    this.file.write({ stage: "idle" });
    return { kind: "round over", what, ...(requestId !== undefined && { requestId }) };
  }

  private agent(): Promise<Agent> {
    const { client, at, agentId } = this.options;
    return getAgent(client, at, agentId);
  }

  private rules(agent: Agent): Promise<SwapPolicy> {
    return this.policies.of(agent);
  }

  private allowed({ account }: Agent): AllowedCall[] {
    return rulesOf(this.options.session, account);
  }

  private callIfAllowed(agent: Agent, call: Parameters<typeof callIn>[1]) {
    try {
      return callIn(this.allowed(agent), call, agent.account);
    } catch (error) {
      if (isCodedError(error, "CALL_OUTSIDE_SESSION")) return undefined;
      throw error;
    }
  }

  /** Signs an order that can be brought for a while; `from`: its effect is in no earlier block. */
  private async sign({ account }: Agent, act: Act) {
    const { client, key } = this.options;
    const { number: from, timestamp, parentHash } = await client.public.getBlock();
    const parent = await client.public.getBlock({ blockHash: parentHash });
    const blocks = ORDER_BLOCKS * (timestamp - parent.timestamp);
    const deadline = timestamp + (blocks > ORDER_S ? blocks : ORDER_S);
    return { order: await signAct(client, key, account, act, deadline), from };
  }

  /** The request that a taken question became: its salt makes its hash its own. */
  private async requestBy({ order, requestHash, from }: Asking): Promise<bigint | undefined> {
    const { client, protocol } = this.options;
    const query = {
      address: protocol.market,
      abi: inferenceMarketAbi,
      fromBlock: from,
      strict: true,
    } as const;
    const args = { host: this.options.host };
    const events = await client.public.getContractEvents({ ...query, args, eventName: "InferenceRequested" });
    const mine = events.find(
      (event) => event.args.requestHash === requestHash && event.args.payer.toLowerCase() === order.account,
    );
    return mine?.args.requestId;
  }

  /** Seconds after its claim in which a deed may follow from an answer. */
  private answerAge(): Promise<bigint> {
    const { client, at } = this.options;
    const read = { address: at.deeds, abi: agentDeedsAbi } as const;
    return client.public.readContract({ ...read, functionName: "ANSWER_AGE_MAX" });
  }
}

/** A question rests on nothing. */
const NO_RATIONALE: Hash = `0x${"00".repeat(32)}`;

function actOf(
  { rule, proof, data }: ReturnType<typeof callIn>,
  { value, because, rationale }: { value: bigint; because: readonly bigint[]; rationale: Hash },
): Act {
  return { call: { target: rule.target, value, data }, rule, proof, because, rationale };
}

function poolSilent(pool: Address) {
  return agentError("POLICY_INVALID", {
    message: `${pool}, the policy's pool, gives no price`,
    fix: "name a SwapPool in the policy",
    facts: { pool },
  });
}

const HOPELESS = ["POLICY_ABSENT", "POLICY_INVALID", "RUN_FILE_INVALID", "CALL_OUTSIDE_SESSION"];

/** What no later try mends. */
function isHopeless(error: unknown): boolean {
  return isCodedError(error) && HOPELESS.includes(error.code);
}
