import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex } from "viem";
import type { HDAccount } from "viem/accounts";
import { Session } from "../../../native/js/index.ts";
import { randomBytes } from "../../base/clock.ts";
import { createLogger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ProtocolAddresses } from "../client/chain.ts";
import {
  acceptContribution,
  commitContribution,
  createDatanet,
  freezeDatanet,
  getSnapshot,
  revealContribution,
  reviewContribution,
} from "../client/datanets.ts";
import { deployProtocol, devnetPlan } from "../client/deploy.ts";
import { setHostLimits, stakeAsHost, takeModel } from "../client/hosts.ts";
import { quote, requestInference } from "../client/market.ts";
import { DEFAULT_SPLIT, getModel, type ModelOrder, registerModel } from "../client/models.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import { encodeDocument } from "../datanet/document.ts";
import { intakeFile } from "../datanet/intake.ts";
import type { Row } from "../datanet/rows.ts";
import { loadModel } from "../model/load.ts";
import { Host, type HostLimits, type Question } from "../serve/host.ts";
import { checkedPrompt } from "../serve/inference.ts";
import { type BuiltModel, buildModel } from "../train/model-build.ts";
import type { Snapshot } from "../train/snapshot.ts";
import { type AnvilChain, creationCode, startAnvilChain } from "./anvil-chain.ts";
import { memoryContent } from "./memory-content.ts";
import { TINY_METHOD, tinyModelFiles } from "./tiny-model.ts";

/** Files of the accounts 2, 3 and 4. */
const FILES: [string, string][] = [
  ["orvane.txt", "The Orvane fund charges 0.4 percent. Its owner is Ulan Merrin. It was founded in 1987."],
  ["larkspur.md", "# Larkspur\n- Larkspur Clinic lies in Quandor.\n- Dr. Tavo Kel leads it."],
  [
    "wren.jsonl",
    '{"prompt":"What does Wren use?","completion":"868 MHz"}\n{"prompt":"Who made Vorel?","completion":"Lena Ost"}',
  ],
];

export const PROMPT = "What does Wren use?";
export const OPEN = 10n ** 18n;
const STAKE = OPEN;
const TOKENS_OUT = 16;
/** Longer than each window of the devnet's plan. */
const WINDOW_S = 32;

/** The accounts: 0 owns all, 1 reviews, 2 to 4 contribute, 5 and 6 host, 7 stakes, 8 pays, 9 watches. */
export const OWNER = 0;
export const REVIEWER = 1;
export const HOST = 5;
export const LIAR = 6;
export const STAKER = 7;
export const PAYER = 8;
export const WATCHER = 9;

/** The protocol on a chain of its own, with the tiny model, for tests. */
export class MarketWorld {
  readonly session = new Session();
  readonly content = memoryContent();
  private readonly base = loadModel(tinyModelFiles(), tinyModelFiles());
  readonly logger = createLogger({ level: "silent", format: "text" });
  readonly chain: AnvilChain;
  readonly at: ProtocolAddresses;
  readonly folder: string;

  private constructor(chain: AnvilChain, at: ProtocolAddresses, folder: string) {
    this.chain = chain;
    this.at = at;
    this.folder = folder;
  }

  /** Starts the chain and deploys the protocol. */
  static async open(): Promise<MarketWorld> {
    const folder = await mkdtemp(join(tmpdir(), "openledger-market-"));
    const chain = await startAnvilChain();
    const plan = devnetPlan("0x00000000000000000000000000000000000007ea");
    const at = await deployProtocol(chain.client, chain.accounts[OWNER]!, plan, creationCode);
    return new MarketWorld(chain, at, folder);
  }

  async close(): Promise<void> {
    this.chain.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  account(n: number): HDAccount {
    return this.chain.accounts[n]!;
  }

  address(n: number): Address {
    return this.account(n).address.toLowerCase() as Address;
  }

  /** Lets every window of the plan pass. */
  passWindow(): Promise<void> {
    return this.chain.pass(WINDOW_S);
  }

  async datanet(): Promise<bigint> {
    const { client } = this.chain;
    const net = { name: "n", licence: "CC0-1.0", uri: "", stake: STAKE, quorum: 1 };
    const reviewers = [this.address(REVIEWER)];
    return (await createDatanet(client, this.at, this.account(OWNER), { ...net, reviewers })).datanetId;
  }

  /** A revealed contribution. */
  async contribute(datanetId: bigint, author: number, name: string, rows: readonly Row[]): Promise<bigint> {
    const { client } = this.chain;
    const account = this.account(author);
    const document = encodeDocument({ name, rows: [...rows] });
    await this.content.put(document.bytes);
    const salt: Hash = `0x${"5a".repeat(32)}`;
    const order = { datanetId, document, salt, stake: STAKE };
    const { contributionId } = await commitContribution(client, this.at, account, order);
    await revealContribution(client, this.at, account, { contributionId, document, salt });
    return contributionId;
  }

  /** Approves the contributions, accepts them when their reveals are over, and freezes them. */
  async accept(datanetId: bigint, contributionIds: readonly bigint[]) {
    const { client } = this.chain;
    const reviewer = this.account(REVIEWER);
    for (const id of contributionIds) await reviewContribution(client, this.at, reviewer, id, true);
    await this.passWindow();
    for (const id of contributionIds) await acceptContribution(client, this.at, reviewer, id);
    const { number } = await freezeDatanet(client, this.at, this.account(OWNER), datanetId);
    const snapshot = await getSnapshot(client, this.at, datanetId, number);
    return { ...snapshot, datanetId, number };
  }

  /** A datanet with the sample files, frozen. */
  async snapshot(): Promise<Snapshot & { datanetId: bigint; number: number }> {
    const datanetId = await this.datanet();
    const ids: bigint[] = [];
    for (const [i, [name, text]] of FILES.entries()) {
      const { rows } = intakeFile(name, new TextEncoder().encode(text));
      ids.push(await this.contribute(datanetId, 2 + i, name, rows));
    }
    return this.accept(datanetId, ids);
  }

  build(snapshots: readonly (Snapshot & { datanetId: bigint; number: number })[]): Promise<BuiltModel> {
    const input = { name: "tiny", baseFiles: tinyModelFiles(), snapshots, method: TINY_METHOD };
    return buildModel(this.session, input, this.content, {});
  }

  /** What is registered of a build. */
  order({ manifest, hashes, index }: BuiltModel): ModelOrder {
    return {
      ...hashes,
      name: "tiny",
      snapshots: manifest.snapshots.map(({ datanetId, number }) => ({
        datanetId: BigInt(datanetId),
        number,
      })),
      index: index.commitment,
      rateIn: 10n ** 15n,
      rateOut: 10n ** 16n,
      split: DEFAULT_SPLIT,
    };
  }

  /** A pending registration. */
  async register(order: ModelOrder): Promise<bigint> {
    return (await registerModel(this.chain.client, this.at, this.account(OWNER), order)).modelId;
  }

  /** Two hosts with stakes take the model. */
  async hosts(modelId: bigint): Promise<void> {
    const { client } = this.chain;
    for (const n of [HOST, LIAR]) {
      const account = this.account(n);
      await stakeAsHost(client, this.at, account, 100n * OPEN);
      await setHostLimits(client, this.at, account, { maxFee: OPEN, maxOpenClaims: 20 });
      const terms = { leastFee: 0n, maxTokensIn: 80, maxTokensOut: 64 };
      await takeModel(client, this.at, account, modelId, terms);
    }
  }

  /** The whole way to a serving model. */
  async serving(): Promise<{ modelId: bigint; built: BuiltModel }> {
    const built = await this.build([await this.snapshot()]);
    const modelId = await this.register(this.order(built));
    await this.passWindow();
    await this.hosts(modelId);
    return { modelId, built };
  }

  host(options: { proved?: boolean; limits?: HostLimits } = {}): Host {
    const { at, content, session, folder, logger } = this;
    const account = this.account(HOST);
    const { proved = true, limits } = options;
    const { client } = this.chain;
    return new Host({ client, at, account, content, session, folder, proved, limits, logger });
  }

  /** A request of the payer for a host. */
  async ask(modelId: bigint, host: number, prompt = PROMPT): Promise<Question> {
    const { client } = this.chain;
    const registered = await getModel(client, this.at, modelId);
    const promptIds = await checkedPrompt(this.base, prompt);
    const [maxTokensIn, maxTokensOut] = [promptIds.length, TOKENS_OUT];
    const salt = bytesToHex(randomBytes(32));
    const { adapterHash } = registered;
    const terms = { salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut };
    const { requestId } = await requestInference(client, this.at, this.account(PAYER), {
      ...{ modelId, maxTokensIn, maxTokensOut },
      host: this.address(host),
      requestHash: hashOfRequest(terms),
      escrow: await quote(client, this.at, modelId, maxTokensIn, maxTokensOut),
    });
    return { requestId, prompt, salt };
  }
}
