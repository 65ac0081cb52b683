import { rm } from "node:fs/promises";
import { encodeFunctionData } from "viem";
import { send } from "../../ai/client/chain.ts";
import { postClaim } from "../../ai/client/claims.ts";
import { getRequest } from "../../ai/client/market.ts";
import { getModel } from "../../ai/client/models.ts";
import { hashOfTokens } from "../../ai/client/request-hash.ts";
import { claimOf, loadServedModel, runInference, type ServedModel } from "../../ai/serve/inference.ts";
import { creationCode } from "../../ai/testing/anvil-chain.ts";
import { HOST, MarketWorld, OPEN, OWNER, WATCHER } from "../../ai/testing/market-world.ts";
import { swapPoolAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { AgentAddresses } from "../addresses.ts";
import { type Agent, getAgent, openSession, registerAgent } from "../agents.ts";
import { deployAgents, deployPool } from "../deploy.ts";
import { DEVNET_AGENTS } from "../plan.ts";
import { rulesOf, type SessionFile } from "../session.ts";

/** What the agent asks. */
export const QUESTION = "Should I buy, sell or hold?";
/** Whose key the agent's session is. */
export const KEY_HOLDER = WATCHER;

/** A question that reached a host. */
export interface Asked {
  requestId: bigint;
  prompt: string;
  salt: Hash;
}

/** The protocol with a served model, and an agent that trades on a pool; its host claims what the test wants it to say. For tests. */
export class AgentWorld {
  readonly market: MarketWorld;
  readonly agents: AgentAddresses & { pool: Address };
  readonly modelId: bigint;
  readonly agentId: bigint;
  private readonly model: ServedModel;
  /** What the host says next. */
  says = "buy 5";

  private constructor(
    market: MarketWorld,
    agents: AgentAddresses & { pool: Address },
    model: ServedModel,
    agentId: bigint,
  ) {
    this.market = market;
    this.agents = agents;
    this.model = model;
    this.modelId = model.registered.modelId;
    this.agentId = agentId;
  }

  static async open(): Promise<AgentWorld> {
    const market = await MarketWorld.open();
    const { client } = market.chain;
    const { modelId } = await market.serving();
    const model = await loadServedModel(market.content, await getModel(client, market.at, modelId));
    const owner = market.account(OWNER);
    const contracts = await deployAgents(client, owner, market.at, DEVNET_AGENTS, creationCode);
    const agents = { ...contracts, pool: await deployPool(client, owner, 1_000n * OPEN, creationCode) };
    const policy = await market.content.put(new TextEncoder().encode(policyText(agents.pool, modelId)));
    const { id } = await registerAgent(client, agents, owner, { policy, models: [modelId] });
    const world = new AgentWorld(market, agents, model, id);
    await world.fund(100n * OPEN);
    return world;
  }

  async close(): Promise<void> {
    await this.market.close();
    await rm(this.market.folder, { recursive: true, force: true });
  }

  get client() {
    return this.market.chain.client;
  }

  agent(): Promise<Agent> {
    return getAgent(this.client, this.agents, this.agentId);
  }

  async fund(value: bigint): Promise<void> {
    const { account: to } = await this.agent();
    await send(this.client, this.market.account(OWNER), { to, data: "0x", value });
  }

  /** What the key may do; limits a call and a day of OPEN and of the token. */
  session(open: [string, string] = ["20", "40"], token: [string, string] = ["10000", "20000"]): SessionFile {
    const { pool } = this.agents;
    const host = this.market.address(HOST);
    return {
      hours: 24,
      limits: [
        { token: "open", perCall: open[0], perDay: open[1] },
        { token: pool, perCall: token[0], perDay: token[1] },
      ],
      calls: [
        {
          target: this.market.at.market,
          function:
            "function request(uint256 modelId, address host, bytes32 requestHash, uint32 maxTokensIn, uint32 maxTokensOut) payable returns (uint256)",
          maxValue: "1",
          fixed: { modelId: Number(this.modelId), host },
        },
        {
          target: pool,
          function: "function buy(address to, uint256 least) payable returns (uint256)",
          maxValue: "20",
          fixed: { to: "self" },
        },
        {
          target: pool,
          function: "function sell(address to, uint256 amount, uint256 least) returns (uint256)",
          maxValue: "0",
          fixed: { to: "self" },
        },
      ],
    };
  }

  /** Opens a session of the key. */
  async allow(session: SessionFile): Promise<void> {
    const agent = await this.agent();
    const rules = rulesOf(session, agent.account).map(({ rule }) => rule);
    const key = this.market.address(KEY_HOLDER);
    await openSession(this.client, this.market.account(OWNER), agent, key, session, rules);
  }

  /** The host's door: it claims what {@link says}, once, and gives its tokens. */
  async answer({ requestId }: Asked, says = this.says): Promise<{ outputIds: number[] }> {
    const { market, client, model } = this;
    const outputIds = await model.base.tokenizer.encodeText(says, false);
    const request = await getRequest(client, market.at, requestId);
    if (request.status !== "requested") return { outputIds };
    const inference = await runInference(market.session, model, QUESTION, request.maxTokensOut);
    const { claim, query } = claimOf(inference, request);
    const said = { ...claim, outputHash: hashOfTokens(outputIds), tokensOut: outputIds.length };
    const order = { claim: said, query, bond: request.claimBond };
    await postClaim(client, market.at, market.account(HOST), order);
    return { outputIds };
  }

  async tokens(of: Address): Promise<bigint> {
    const read = { address: this.agents.pool, abi: swapPoolAbi, functionName: "balanceOf" } as const;
    return this.client.public.readContract({ ...read, args: [of] });
  }

  /** Somebody else trades, and moves the price. */
  async trade(value: bigint): Promise<void> {
    const account = this.market.account(OWNER);
    const args = [account.address, 0n] as const;
    const data = encodeFunctionData({ abi: swapPoolAbi, functionName: "buy", args });
    await send(this.client, account, { to: this.agents.pool, data, value });
  }
}

/** A policy with rules that programs read. */
export function policyText(pool: Address, modelId: bigint, slippageBps = 100): string {
  const rules = {
    ...{ version: 1, kind: "swap", pool, model: Number(modelId), question: QUESTION },
    ...{ mostBuy: "10", mostSell: "5000", slippageBps },
  };
  return `# What this agent does\n\nIt does what its model says.\n\n\`\`\`openledger-policy\n${JSON.stringify(rules)}\n\`\`\`\n`;
}
