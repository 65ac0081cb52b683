import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex } from "viem";
import type { HDAccount } from "viem/accounts";
import { Session } from "../../../native/js/index.ts";
import { randomBytes } from "../../base/clock.ts";
import { createLogger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { NO_SPANS } from "../attribution/score.ts";
import type { ProtocolAddresses } from "../client/chain.ts";
import {
  acceptContribution,
  commitContribution,
  createDatanet,
  freezeDatanet,
  getSnapshot,
  revealContribution,
} from "../client/datanets.ts";
import { deployProtocol, devnetPlan } from "../client/deploy.ts";
import { setHostLimits, stakeAsHost, takeModel } from "../client/hosts.ts";
import { quote, requestInference } from "../client/market.ts";
import { DEFAULT_SPLIT, getModel, type ModelOrder, type RegisteredModel } from "../client/models.ts";
import { registerModel } from "../client/register.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import { bondReviewer, vote } from "../client/reviews.ts";
import { encodeDocument } from "../datanet/document.ts";
import { intakeFile } from "../datanet/intake.ts";
import type { Row, RowMessage } from "../datanet/rows.ts";
import type { ModelFiles } from "../model/files.ts";
import { type OpenedModel, openModel } from "../model/load.ts";
import { Host, type Question } from "../serve/host.ts";
import type { HostLimits } from "../serve/host-limits.ts";
import { checkedPrompt } from "../serve/inference.ts";
import type { Method } from "../train/method.ts";
import { type BuiltModel, buildModel } from "../train/model-build.ts";
import type { AcceptedContribution, Snapshot } from "../train/snapshot.ts";
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
/** More than any fee here. */
const MAX_FEE = OPEN / 500n;
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

/** What models of a world are made of. */
interface Recipe {
  baseFiles: ModelFiles;
  method: Method;
}

/** The protocol on a chain of its own, with the tiny model, for tests. */
export class MarketWorld {
  readonly session = new Session();
  readonly content = memoryContent();
  private readonly base: OpenedModel;
  readonly logger = createLogger({ level: "silent", format: "text" });
  readonly chain: AnvilChain;
  readonly at: ProtocolAddresses;
  readonly folder: string;

  private constructor(
    chain: AnvilChain,
    at: ProtocolAddresses,
    folder: string,
    private readonly recipe: Recipe,
  ) {
    this.base = openModel(recipe.baseFiles, recipe.baseFiles);
    this.chain = chain;
    this.at = at;
    this.folder = folder;
  }

  /**
   * Starts the chain and deploys the protocol.
   * @param auditBps the chance of an audit, in 1/10000; as good as none unless given.
   * @param recipe what models are made of; the tiny one unless given.
   */
  static async open(
    auditBps = 1,
    recipe: Recipe = { baseFiles: tinyModelFiles(), method: TINY_METHOD },
  ): Promise<MarketWorld> {
    const folder = await mkdtemp(join(tmpdir(), "openledger-market-"));
    const chain = await startAnvilChain();
    const plan = devnetPlan("0x00000000000000000000000000000000000007ea");
    plan.settings.auditBps = auditBps;
    const at = await deployProtocol(chain.client, chain.accounts[OWNER]!, plan, creationCode);
    return new MarketWorld(chain, at, folder, recipe);
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
    const order = { ...net, reviewers };
    const { datanetId } = await createDatanet(client, this.at, this.account(OWNER), order);
    await bondReviewer(client, this.at, this.account(REVIEWER), datanetId);
    return datanetId;
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
    for (const contributionId of contributionIds) {
      await vote(client, this.at, reviewer, { contributionId, approve: true, reason: "" });
    }
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

  build(
    snapshots: readonly (Snapshot & { datanetId: bigint; number: number })[],
    method = this.recipe.method,
  ): Promise<BuiltModel> {
    const input = { name: "tiny", ...this.recipe, snapshots, method };
    return buildModel(this.session, input, this.content, {});
  }

  /**
   * What is registered of a build.
   * @param bySpans whether what the index commits of spans is registered too; else claims go by influence alone.
   */
  order({ manifest, hashes, index }: BuiltModel, bySpans = true): ModelOrder {
    return {
      ...hashes,
      name: "tiny",
      snapshots: manifest.snapshots.map(({ datanetId, number }) => ({
        datanetId: BigInt(datanetId),
        number,
      })),
      index: bySpans ? index.commitment : { ...index.commitment, spans: NO_SPANS },
      rateIn: 10n ** 15n,
      rateOut: 10n ** 16n,
      split: DEFAULT_SPLIT,
    };
  }

  /** What the contributions of a model's snapshots are. */
  async snapshotDocuments({
    snapshots,
  }: Pick<RegisteredModel, "snapshots">): Promise<AcceptedContribution[]> {
    const found: AcceptedContribution[] = [];
    for (const { datanetId, number } of snapshots)
      found.push(...(await getSnapshot(this.chain.client, this.at, datanetId, number)).contributions);
    return found;
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
      await setHostLimits(client, this.at, account, { maxFee: MAX_FEE, maxOpenClaims: 20 });
      const terms = { leastFee: 0n, maxTokensIn: 80, maxTokensOut: 64 };
      await takeModel(client, this.at, account, modelId, terms);
    }
  }

  /** The whole way to a serving model. */
  async serving(bySpans = true): Promise<{ modelId: bigint; built: BuiltModel }> {
    const built = await this.build([await this.snapshot()]);
    const modelId = await this.register(this.order(built, bySpans));
    await this.passWindow();
    await this.hosts(modelId);
    return { modelId, built };
  }

  host(options: { proved?: boolean; limits?: HostLimits } = {}): Host {
    const { at, content, session, folder, logger } = this;
    const account = this.account(HOST);
    const { proved = true, limits } = options;
    const { client, l1Headers } = this.chain;
    const bookFolder = join(folder, "epochs");
    const folders = { folder, bookFolder };
    return new Host({ client, at, account, content, session, ...folders, proved, limits, l1Headers, logger });
  }

  /** A request of the payer for a host. */
  async ask(
    modelId: bigint,
    host: number,
    prompt = PROMPT,
    before?: readonly RowMessage[],
    maxTokensOut = TOKENS_OUT,
  ): Promise<Question> {
    const { client } = this.chain;
    const registered = await getModel(client, this.at, modelId);
    const promptIds = await checkedPrompt(this.base, { prompt, before });
    const maxTokensIn = promptIds.length;
    const salt = bytesToHex(randomBytes(32));
    const { adapterHash } = registered;
    const terms = { salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut };
    const { requestId } = await requestInference(client, this.at, this.account(PAYER), {
      ...{ modelId, maxTokensIn, maxTokensOut },
      host: this.address(host),
      requestHash: hashOfRequest(terms),
      escrow: await quote(client, this.at, modelId, maxTokensIn, maxTokensOut),
    });
    return { requestId, prompt, before, salt };
  }
}
