import { type Abi, bytesToHex, decodeFunctionResult, encodeFunctionData, keccak256, numberToHex } from "viem";
import type { Claim } from "../../node/ai/client/claims.ts";
import { NO_CONTEXT } from "../../node/ai/context/rule.ts";
import {
  hostStakesAbi,
  inferenceMarketAbi,
  modelLedgerAbi,
  modelRegistryAbi,
  modelStakingAbi,
  protocolParametersAbi,
} from "../../node/chain/generated/abi.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import { balanceOf, call, setBalance } from "../../precompiles/testing/evm.ts";
import { type IndexFixture, type ListArgument, makeIndex } from "../../precompiles/testing/fixture.ts";
import {
  CONTRIBUTORS,
  contributor,
  deployProtocol,
  drawable,
  must,
  PARAMETERS,
  type Protocol,
  TREASURY,
} from "../../precompiles/testing/protocol.ts";
import { coverOf, feeOf, type Terms } from "./rules.ts";
import type { Game } from "./strategies.ts";

const OWNER: Address = "0x000000000000000000000000000000000000b111";
const PAYER: Address = "0x000000000000000000000000000000000000ba1e";
const STAKER: Address = "0x00000000000000000000000000000000000057a2";
/** Who shows or disputes a lie. */
export const FINDER: Address = "0x000000000000000000000000000000000000f1d3";
const RICH = 10n ** 26n;
const REQUEST_HASH: Hex = keccak256("0x06");

/** A host with a model of its own: one game's. */
export interface Seat {
  host: Address;
  modelId: bigint;
}

/** What the people of a game have, in wei. */
export interface Money {
  contributors: bigint;
  pools: bigint;
  owner: bigint;
  host: bigint;
  stake: bigint;
  staking: bigint;
  treasury: bigint;
  /** Waits in RewardBalances. */
  treasuryBalance: bigint;
  payer: bigint;
  finder: bigint;
}

/** The market's contracts in the node's own EVM, on which games are played move by move. */
export class ChainTable {
  readonly p: Protocol;
  readonly fixture: IndexFixture;
  private games = 0;

  private constructor(p: Protocol, fixture: IndexFixture) {
    this.p = p;
    this.fixture = fixture;
  }

  /** @param hasVerifiers with panels and audits; without them a claim settles after its window. */
  static async open(hasVerifiers: boolean): Promise<ChainTable> {
    const fixture = makeIndex({
      ...{ rows: 50, dimension: 16, topK: 8, floor: 0n },
      ...{ contributions: CONTRIBUTORS, seed: 5 },
    });
    const p = await deployProtocol(fixture, hasVerifiers);
    for (const account of [OWNER, PAYER, STAKER, FINDER]) await setBalance(p.evm, account, RICH);
    return new ChainTable(p, fixture);
  }

  /** A model and a host of its own, with the stake that `claims` need. */
  async begin(game: Game, claims: bigint): Promise<Seat> {
    const { p } = this;
    const { terms } = game;
    const number = ++this.games;
    const host: Address = `0x${(0xc0ffee00 + number).toString(16).padStart(40, "0")}`;
    await setBalance(p.evm, host, RICH);
    const { platformBps, auditBps, claimBond } = terms;
    const next = { ...PARAMETERS, platformBps: Number(platformBps), auditBps: Number(auditBps), claimBond };
    await must(p, p.at.parameters, calldata(protocolParametersAbi, "setParameters", [next]));
    const modelId = await this.register(terms, number);
    p.now += BigInt(PARAMETERS.registrationWindow);
    const fee = feeOf(terms, game.most);
    const stake = coverOf(claims * fee, fee, terms.auditBps);
    const hostCall = (name: string, args: readonly unknown[]) => calldata(hostStakesAbi, name, args);
    await must(p, p.at.hosts, hostCall("stake", []), { from: host, value: stake });
    await must(p, p.at.hosts, hostCall("setLimits", [fee, Number(claims)]), { from: host });
    await must(p, p.at.hosts, hostCall("take", [modelId, 0n, 100_000, 100_000]), { from: host });
    if (game.staked > 0n) {
      const stakeOn = calldata(modelStakingAbi, "stake", [modelId]);
      await must(p, p.at.staking, stakeOn, { from: STAKER, value: game.staked });
    }
    return { host, modelId };
  }

  private async register({ rateIn, rateOut, split }: Terms, number: number): Promise<bigint> {
    const { p } = this;
    const hash = (of: number): Hex => keccak256(numberToHex(of, { size: 8 }));
    const parts = Object.entries(split).map(([part, bps]) => [part, Number(bps)]);
    const document = {
      ...{ name: "model", baseHash: hash(0), adapterHash: hash(number), tokenizerHash: hash(3) },
      ...{ methodHash: hash(4), manifestHash: hash(5), snapshots: [{ datanetId: 1n, number: 1 }] },
      index: this.fixture.index,
    };
    const args = [document, { rateIn, rateOut, split: Object.fromEntries(parts) }];
    const register = calldata(modelRegistryAbi, "register", args);
    await must(p, p.at.modelRegistry, register, { from: OWNER, value: PARAMETERS.registrationBond });
    return this.read(p.at.models, modelLedgerAbi, "modelCount");
  }

  /** A request of the payer, and what its host claims for it. */
  async ask({ host, modelId }: Seat, game: Game, list: ListArgument): Promise<Claim> {
    const { p } = this;
    const { tokensIn, tokensOut } = game.most;
    const args = [modelId, host, REQUEST_HASH, Number(tokensIn), Number(tokensOut)];
    await must(p, p.market, marketCall("request", args), { from: PAYER, value: game.escrow });
    return {
      requestId: await this.read(p.market, inferenceMarketAbi, "requestCount"),
      modelId,
      requestHash: REQUEST_HASH,
      tokensIn: Number(game.bill.tokensIn),
      tokensOut: Number(game.bill.tokensOut),
      outputHash: keccak256("0x08"),
      queryHash: keccak256(this.fixture.query),
      earnedBps: Number(game.bill.earnedBps),
      list,
      context: NO_CONTEXT,
    };
  }

  async post({ host }: Seat, { terms }: Game, claim: Claim): Promise<void> {
    const post = marketCall("claim", [claim, bytesToHex(this.fixture.query)]);
    await must(this.p, this.p.market, post, { from: host, value: terms.claimBond });
  }

  async money(host: Address): Promise<Money> {
    const { p } = this;
    const of = (account: Address) => balanceOf(p.evm, account);
    let contributors = 0n;
    for (let id = 1; id <= CONTRIBUTORS; id++) contributors += await of(contributor(id));
    const { amount } = await this.read<{ amount: bigint }>(p.at.hosts, hostStakesAbi, "hostOf", [host]);
    return {
      contributors,
      pools: await of(p.at.pools),
      owner: await of(OWNER),
      host: await of(host),
      stake: amount,
      staking: await of(p.at.staking),
      treasury: await of(TREASURY),
      treasuryBalance: await drawable(p, TREASURY),
      payer: await of(PAYER),
      finder: await drawable(p, FINDER),
    };
  }

  /** What a view function gives. */
  async read<T = bigint>(at: Address, abi: Abi, functionName: string, args: readonly unknown[] = []) {
    const { execResult } = await call(this.p.evm, at, encodeFunctionData({ abi, functionName, args }), {
      timestamp: this.p.now,
    });
    return decodeFunctionResult({ abi, functionName, data: bytesToHex(execResult.returnValue) }) as T;
  }
}

export const calldata = (abi: Abi, functionName: string, args: readonly unknown[]): Hex =>
  encodeFunctionData({ abi, functionName, args });

export const marketCall = (functionName: string, args: readonly unknown[]): Hex =>
  calldata(inferenceMarketAbi as Abi, functionName, args);
