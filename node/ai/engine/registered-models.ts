import { Engine } from "../../../native/js/engine.ts";
import { type Adapter, type Arithmetic, NativeError, type Session } from "../../../native/js/index.ts";
import { monotonicMs, sleep } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { querySketch } from "../attribution/build.ts";
import type { IndexFiles } from "../attribution/index-files.ts";
import { fetchFiles, type Manifest } from "../attribution/manifest.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getModel, modelCount, type RegisteredModel } from "../client/models.ts";
import type { DiskCache } from "../content/disk-cache.ts";
import type { ContentSource } from "../content/source.ts";
import type { Question } from "../datanet/row-tokens.ts";
import type { EngineFigures, WorkerFigures } from "../metrics.ts";
import { adapterParameters, engineMemory, requireMemory } from "../model/estimate.ts";
import { type LoadedModel, loadNativeAdapter } from "../model/load.ts";
import type { SharedBases } from "../model/shared-bases.ts";
import { checkedManifest, checkedPrompt, sharedBase, shownPrompt } from "../serve/inference.ts";
import { ModelShelf } from "../serve/model-shelf.ts";
import { SpanSources } from "../serve/span-source.ts";
import { decodeMethod, type Method, servedArithmetic } from "../train/method.ts";
import { AdapterCache } from "./adapter-cache.ts";
import { attributeAnswer } from "./attribute.ts";
import type { AnswerAttribution, Catalogue, HeldModel, ModelCard } from "./catalogue.ts";
import { Warming } from "./warming.ts";

export interface RegisteredModelsOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  content: ContentSource;
  session: Session;
  bases: SharedBases;
  /** Where the files of indexes are kept. */
  indexes?: IndexFiles;
  /** The only models that are served; absent: all. */
  allowed?: readonly bigint[];
  /** Bytes of adapters in memory. */
  maxAdapterBytes: number;
  /** Bytes of one model with its index. */
  maxModelBytes: number;
  /** Bytes of keys and values of one base model's requests. */
  cacheBytes: number;
  /** Models whose adapters are loaded and stay in memory; asked for anew every few seconds. */
  pinned: () => readonly bigint[];
  /** The disk that `content` keeps what it fetched on, where it has one: adapters are brought there before they are asked for. */
  disk?: DiskCache;
  logger?: Logger;
}

/** A registered model without what its attribution takes. */
interface LoadedAdapter {
  registered: RegisteredModel;
  manifest: Manifest;
  method: Method;
  base: LoadedModel;
  adapter: Adapter;
  /** By which it was registered to answer. */
  arithmetic: Arithmetic;
  bytes: number;
}

/** An adapter in memory. */
export interface ResidentAdapter {
  modelId: string;
  bytes: number;
  /** Requests that use it now. */
  users: number;
  pinned: boolean;
}

/** A base model that takes requests. */
interface RunningEngine {
  engine: Engine;
  base: LoadedModel;
  /** As {@link Catalogue} names it. */
  id: string;
  arithmetic: Arithmetic;
  /** Of keys and values. */
  pageBytes: number;
  pages: number;
}

/** For how long a list of the chain's models is good, in ms. */
const LIST_MS = 5_000;
/** Models that are read from the chain at once. */
const READ_AT_ONCE = 32;
const PAGE_TOKENS = 16;
const MAX_BATCH = 64;
/** Rows of prompts in one step. */
const PROMPT_ROWS = 256;
/** Base models in memory at once. */
const MAX_BASES = 4;
const ID = /^base-([0-9a-f]{8})(?:\+(\d{1,18}))?$/;

/** The chain's models by name: `base-HASH` and `base-HASH+ID`, adapters loaded on demand from content by hash. */
export class RegisteredModels implements Catalogue {
  private readonly options: RegisteredModelsOptions;
  private readonly known = new Map<bigint, RegisteredModel>();
  private readonly adapters: AdapterCache<LoadedAdapter>;
  private readonly engines = new Map<string, RunningEngine>();
  /** Tokens of engines that were ended. */
  private pastTokens = 0;
  private readonly shelf: ModelShelf;
  private readonly spans: SpanSources;
  private readonly warming: Warming;
  private readMs = -LIST_MS;
  /** Of the newest block, in seconds: registrations are pending until a time of the chain's, not of this machine's. */
  private chainTime = 0n;
  private reading: Promise<void> | undefined;

  constructor(options: RegisteredModelsOptions) {
    this.options = options;
    const { client, at, content, bases, indexes, maxModelBytes: maxBytes } = options;
    this.shelf = new ModelShelf({ client, at, content, bases, indexes, maxBytes });
    this.spans = new SpanSources({ client, at, content });
    this.adapters = new AdapterCache<LoadedAdapter>({
      load: (id) => this.load(BigInt(id)),
      bytesOf: ({ bytes }) => bytes,
      free: ({ adapter }) => adapter.close(),
      maxBytes: options.maxAdapterBytes,
    });
    this.warming = new Warming({
      ...{ disk: options.disk, logger: options.logger },
      isBusy: () => this.adapters.loading > 0,
      load: async (modelId) => (await this.adapters.hold(String(modelId))).release(),
    });
  }

  /** Takes up what is pinned and registered without waiting for a request, until the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    let seen: string | undefined;
    while (!signal.aborted) {
      try {
        const pins = this.options.pinned().join();
        if (pins !== seen) {
          this.readMs = -LIST_MS;
          await this.served();
        }
        seen = pins;
      } catch (error) {
        this.options.logger?.warn({ error }, "The list of models could not be read");
      }
      await sleep(LIST_MS, signal).catch(() => undefined);
    }
  }

  /** The adapters in memory, the least recently used first. */
  resident(): ResidentAdapter[] {
    return this.adapters.list().map(({ key, ...more }) => ({ modelId: key, ...more }));
  }

  /** What is in memory, and what went through it. */
  figures(): Pick<WorkerFigures, "engines" | "adapters" | "tokens"> {
    const engines: EngineFigures[] = [];
    const weighed = new Set<LoadedModel>();
    let tokens = this.pastTokens;
    for (const { engine, base, id, arithmetic, pageBytes, pages } of this.engines.values()) {
      const status = engine.status();
      tokens += status.tokens;
      // Both arithmetics read the same weights.
      const weights = weighed.has(base) ? 0 : base.native.bytes;
      weighed.add(base);
      const used = (pages - status.freePages) * pageBytes;
      const { running, waiting } = status;
      engines.push({
        base: id,
        arithmetic,
        running,
        waiting,
        bytes: { weights, cache: pages * pageBytes, used },
      });
    }
    const adapters = this.adapters.list();
    const count = (is: (adapter: (typeof adapters)[number]) => boolean) => adapters.filter(is).length;
    return {
      engines,
      tokens,
      adapters: {
        count: adapters.length,
        pinned: count(({ pinned }) => pinned),
        used: count(({ users }) => users > 0),
        bytes: this.adapters.size,
        maxBytes: this.options.maxAdapterBytes,
      },
    };
  }

  async list(): Promise<readonly ModelCard[]> {
    const models = await this.served();
    const card = (id: string, { pendingUntil, owner }: RegisteredModel) => ({
      id,
      created: Number(pendingUntil),
      ownedBy: owner,
    });
    const bases = new Map(models.map((model) => [baseId(model), model]));
    return [
      ...[...bases].map(([id, model]) => card(id, model)),
      ...models.map((model) => card(`${baseId(model)}+${model.modelId}`, model)),
    ];
  }

  async open(id: string): Promise<HeldModel | undefined> {
    const match = ID.exec(id);
    if (match === null) return undefined;
    const [, base, modelId] = match;
    const models = (await this.served()).filter((model) => baseId(model) === `base-${base}`);
    const model = modelId === undefined ? models[0] : models.find((one) => one.modelId === BigInt(modelId));
    if (model === undefined) return undefined;
    if (modelId === undefined) return this.openBase(id, model);
    const { value, release } = await this.adapters.hold(model.modelId.toString());
    try {
      return this.held(id, value, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Ends all requests and frees everything. */
  close(): void {
    this.warming.stop();
    for (const { engine } of this.engines.values()) engine.close();
    this.engines.clear();
  }

  /** The base of a model by itself: it waits for no adapter, and for none that is broken. */
  private async openBase(id: string, registered: RegisteredModel): Promise<HeldModel> {
    const { content, bases, session } = this.options;
    const known = this.engines.get(engineKey(registered, "f32"))?.base;
    const base = known ?? (await sharedBase(content, await checkedManifest(content, registered), bases));
    return {
      ...{ id, base, session, engine: this.engineOf(registered, base, "f32") },
      fingerprint: fingerprintOf(registered, "f32"),
      release() {},
    };
  }

  private held(id: string, loaded: LoadedAdapter, release: () => void): HeldModel {
    const { registered, base, adapter, arithmetic, method } = loaded;
    const { session } = this.options;
    return {
      ...{ id, base, engine: this.engineOf(registered, base, arithmetic), session, release },
      fingerprint: `${fingerprintOf(registered, arithmetic)}_${registered.adapterHash.slice(2, 14)}`,
      ...{ adapter, modelId: registered.modelId },
      ...(method.context && {
        compose: (question, maxTokens) => this.compose(loaded, question, maxTokens),
      }),
      attribute: (promptIds, outputIds) => this.attribute(loaded, promptIds, outputIds),
    };
  }

  /** One engine a base and arithmetic, with pages for a full batch as far as it has bytes. @throws NativeError NATIVE_BUSY, CodedError `MEMORY_TOO_SMALL`. */
  private engineOf(registered: RegisteredModel, base: LoadedModel, arithmetic: Arithmetic): Engine {
    const key = engineKey(registered, arithmetic);
    const known = this.engines.get(key);
    this.engines.delete(key);
    const kept = known ?? { ...this.startEngine(base, arithmetic), base, id: baseId(registered), arithmetic };
    this.engines.set(key, kept);
    return kept.engine;
  }

  private startEngine(
    base: LoadedModel,
    arithmetic: Arithmetic,
  ): Pick<RunningEngine, "engine" | "pages" | "pageBytes"> {
    if (this.engines.size >= MAX_BASES) this.endIdleEngine();
    const { layers, kvHeads, headDim, contextLength } = base.config;
    const pageBytes = 2 * 4 * layers * kvHeads * headDim * PAGE_TOKENS;
    const wanted = MAX_BATCH * Math.ceil(contextLength / PAGE_TOKENS);
    const pages = Math.max(1, Math.min(wanted, 2 ** 20, Math.floor(this.options.cacheBytes / pageBytes)));
    const use = { positions: pages * PAGE_TOKENS, rows: MAX_BATCH + PROMPT_ROWS, answers: MAX_BATCH };
    requireMemory("an engine for this base model", engineMemory(base.config, use));
    const sizes = { pages, pageTokens: PAGE_TOKENS, maxBatch: MAX_BATCH, vocabulary: base.tokenizer.idLimit };
    return {
      engine: new Engine(this.options.session, base.native, { ...sizes, arithmetic }),
      pages,
      pageBytes,
    };
  }

  private endIdleEngine(): void {
    for (const [key, { engine }] of this.engines) {
      const { running, waiting, tokens } = engine.status();
      if (running + waiting > 0) continue;
      this.pastTokens += tokens;
      engine.close();
      this.engines.delete(key);
      return;
    }
    throw new NativeError("NATIVE_BUSY", "all base models in memory are in use");
  }

  private async load(modelId: bigint): Promise<LoadedAdapter> {
    const { content, bases } = this.options;
    const registered = this.known.get(modelId)!;
    const manifest = await checkedManifest(content, registered);
    const method = decodeMethod(await content.get(manifest.method));
    const arithmetic = servedArithmetic(method);
    const base = await sharedBase(content, manifest, bases);
    const adapter = loadNativeAdapter(await fetchFiles(content, manifest.adapter), base.config);
    // The factors as they were read, and packed.
    const bytes = 2 * 4 * adapterParameters(base.config, adapter.shape);
    return { registered, manifest, method, base, adapter, arithmetic, bytes };
  }

  /** As a host composes it; an answer longer than the method's leaves the rows less room. */
  private async compose(loaded: LoadedAdapter, asked: Question, maxTokens: number | undefined) {
    const { base, method } = loaded;
    const question = { ...asked, prompt: asked.prompt.trim() };
    const alone = await checkedPrompt(base, question);
    const most = Math.max(method.generation.maxTokens, maxTokens ?? 0);
    const rows = async () => (await this.spans.of(loaded)).context;
    const composed = await shownPrompt(loaded, question, alone, rows, most);
    return { promptIds: composed?.ids ?? alone, alone };
  }

  private async attribute(
    loaded: LoadedAdapter,
    promptIds: readonly number[],
    outputIds: readonly number[],
  ): Promise<AnswerAttribution> {
    const model = await this.shelf.model(loaded.registered.modelId);
    const { commitment } = model.index;
    const query = await querySketch(
      this.options.session,
      model.base.native,
      model.adapter,
      model.basis,
      commitment,
      { ids: [...promptIds, ...outputIds], completionStart: promptIds.length },
      { intervalMs: 5 },
    );
    const text = await model.base.tokenizer.decode(outputIds, true);
    const scores = await model.index.score(query);
    return attributeAnswer(text, scores, model.index, () => this.spans.of(loaded));
  }

  /** Models that take requests now. */
  private async served(): Promise<RegisteredModel[]> {
    if (monotonicMs() - this.readMs >= LIST_MS) {
      this.reading ??= this.read().finally(() => {
        this.reading = undefined;
      });
      await this.reading;
    }
    return this.askable();
  }

  /** Of the models read last, those that take requests. */
  private askable(): RegisteredModel[] {
    const { allowed } = this.options;
    return [...this.known.values()].filter(
      ({ modelId, status, open, pendingUntil }) =>
        status === "registered" &&
        open &&
        pendingUntil <= this.chainTime &&
        (allowed?.includes(modelId) ?? true),
    );
  }

  private async read(): Promise<void> {
    const { client, at } = this.options;
    const pinned = this.options.pinned();
    this.adapters.pin(pinned.map(String));
    this.chainTime = (await client.public.getBlock()).timestamp;
    const count = Number(await modelCount(client, at));
    for (let first = 1; first <= count; first += READ_AT_ONCE) {
      const ids = Array.from({ length: Math.min(READ_AT_ONCE, count - first + 1) }, (_, i) =>
        BigInt(first + i),
      );
      const read = await Promise.all(ids.map((id) => getModel(client, at, id)));
      for (const model of read) this.known.set(model.modelId, model);
    }
    this.readMs = monotonicMs();
    this.warming.offer(this.askable(), pinned);
  }
}

function engineKey({ baseHash, tokenizerHash }: RegisteredModel, arithmetic: Arithmetic): string {
  return `${baseHash} ${tokenizerHash} ${arithmetic}`;
}

function fingerprintOf({ baseHash }: RegisteredModel, arithmetic: Arithmetic): string {
  return `fp_${arithmetic}_${baseHash.slice(2, 14)}`;
}

function baseId({ baseHash }: RegisteredModel): string {
  return `base-${baseHash.slice(2, 10)}`;
}
