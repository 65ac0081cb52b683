import { type CodedError, isCodedError } from "../base/errors.ts";
import type { Part } from "../base/supervisor.ts";
import type { AdmissionRules } from "../execution/mempool/candidate.ts";
import { CallDesk } from "./call-desk.ts";
import { DoorThread } from "./door/door-thread.ts";
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from "./door/limits.ts";
import { BEAT_MS, type DoorThreadData } from "./door/protocol.ts";
import type { Upstream } from "./door/upstream.ts";
import { serverError } from "./errors.ts";
import { methodRunner, type OnAnswer, type OnInternalError } from "./method-runner.ts";
import type { SimulationBudgetLimits } from "./simulation-budget.ts";
import type { Pages, RpcMethods, TransactionIntake } from "./types.ts";

export type RpcLimits = DoorLimits & SimulationBudgetLimits;

export const DEFAULT_RPC_LIMITS: RpcLimits = {
  ...DEFAULT_DOOR_LIMITS,
  maxBatchCallMs: 10_000,
  maxBatchCallGas: 500_000_000n,
};

export interface RpcServerOptions {
  methods: RpcMethods;
  host: string;
  /** 0 takes a free one. */
  port: number;
  limits?: Partial<RpcLimits>;
  /** Origins of other machines whose pages may call (*: all); none unless given. */
  origins?: readonly string[];
  /** Names under which the node may be called; all unless given. */
  hosts?: readonly string[];
  /** Methods without parameters whose answer never changes. */
  constants?: readonly string[];
  /** Answers to GET, for example of /health. */
  pages?: Pages;
  /** Present: `eth_sendRawTransaction` goes this way, decoded and with its sender. */
  intake?: TransactionIntake & { rules: AdmissionRules };
  /** A service that requests below a path are passed on to. */
  upstream?: Upstream;
  onInternalError?: OnInternalError;
  onAnswer?: OnAnswer;
}

export interface RpcServer {
  readonly host: string;
  readonly port: number;
  /** http:// and ws:// of the same port. */
  readonly httpUrl: string;
  readonly wsUrl: string;
  /** How often the door has shown that it lives: every {@link BEAT_MS} ms. */
  beats(): number;
  /**
   * Stays until the signal aborts. Opens a door on the same port where there is none any more; what hung before is ended first.
   * @throws CodedError `RPC_DOOR_LOST` when its thread has ended; `RPC_PORT_BUSY`, `RPC_LISTEN_FAILED`.
   */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Beats of a door that may be missing before it counts as hanging. */
const MISSED_BEATS = 15;

/** The server as a part of a node: a door that ends or hangs is opened again. */
export function rpcPart(server: RpcServer): Part {
  const watch = { progress: () => server.beats(), stallMs: MISSED_BEATS * BEAT_MS, restarts: true };
  return { name: "rpc", run: (signal) => server.run(signal), watch: { ...watch, hasWork: () => true } };
}

/**
 * Serves JSON-RPC over HTTP and WebSocket on one port. Sockets, JSON and limits are a thread's of their own; methods run on the
 * caller's. @throws CodedError `RPC_PORT_BUSY`, `RPC_LISTEN_FAILED`.
 */
export async function createRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const server = new Server(options);
  await server.start();
  return server;
}

class Server implements RpcServer {
  readonly host: string;
  port: number;
  private readonly options: RpcServerOptions;
  private readonly desk: CallDesk;
  private readonly data: DoorThreadData;
  private door: DoorThread | undefined;
  private beatCount = 0;
  private isClosed = false;
  /** The door that was closed last is gone. */
  private gone: Promise<void> = Promise.resolve();
  private onLost: (reason: string) => void = () => {};

  constructor(options: RpcServerOptions) {
    const { methods, pages = {}, intake, onAnswer } = options;
    const limits: RpcLimits = { ...DEFAULT_RPC_LIMITS, ...options.limits };
    const { maxResponseBytes } = limits;
    const onInternalError = options.onInternalError ?? (() => {});
    this.options = options;
    this.host = options.host;
    this.port = options.port;
    this.desk = new CallDesk({ methods, maxResponseBytes, limits, pages, intake, onInternalError, onAnswer });
    this.data = {
      host: options.host,
      port: options.port,
      limits,
      origins: lowerCase(options.origins ?? []),
      hosts: lowerCase(options.hosts ?? ["*"]),
      constants: constantsOf(options),
      pages: Object.keys(pages),
      rules: intake?.rules,
      upstream: options.upstream,
    };
  }

  get httpUrl(): string {
    return `http://${this.place}`;
  }

  get wsUrl(): string {
    return `ws://${this.place}`;
  }

  async start(): Promise<void> {
    try {
      await this.openDoor();
    } catch (cause) {
      throw this.notListening(cause as NodeJS.ErrnoException);
    }
  }

  beats(): number {
    return this.beatCount;
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.gone;
    if (this.door === undefined) await this.start();
    await new Promise<void>((resolve, reject) => {
      this.onLost = (reason) => reject(doorLost(reason));
      if (this.door === undefined) this.onLost("it ended");
      const onAbort = () => {
        // A node that stops closes its door last.
        if (isCodedError(signal.reason, "PART_HANGS")) this.gone = this.shut();
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.desk.subscribers.closeAll();
    await this.shut();
  }

  private async shut(): Promise<void> {
    const { door } = this;
    this.door = undefined;
    await door?.close();
  }

  private get place(): string {
    const host = this.host.includes(":") ? `[${this.host}]` : this.host;
    return `${host}:${this.port}`;
  }

  private async openDoor(): Promise<void> {
    const door = await DoorThread.start(
      { ...this.data, port: this.port },
      {
        onBatch: (batch) => this.desk.receive(batch),
        onAdmission: ([number, candidates]) => void this.desk.admit(number, candidates),
        onBeat: () => this.beatCount++,
        onExit: (reason) => {
          this.door = undefined;
          this.onLost(reason);
        },
      },
    );
    this.port = door.listensOn;
    this.door = door;
    this.desk.connect(door);
    if (this.isClosed) await this.shut();
  }

  private notListening(cause: NodeJS.ErrnoException) {
    const { host, port } = this.options;
    return serverError(cause.code === "EADDRINUSE" ? "RPC_PORT_BUSY" : "RPC_LISTEN_FAILED", {
      message: `Can't listen on ${host}:${port}: ${cause.message}.`,
      fix: "Stop the other program, or choose another port.",
      facts: { host, port },
      cause,
    });
  }
}

function doorLost(reason: string): CodedError {
  return serverError("RPC_DOOR_LOST", {
    message: `The thread that takes connections ended: ${reason}.`,
    facts: { reason },
  });
}

function constantsOf({ methods, constants = [] }: RpcServerOptions): Record<string, string> {
  const run = methodRunner({ methods, maxResponseBytes: 1_024, onInternalError: () => {} });
  const texts: Record<string, string> = {};
  for (const method of constants) {
    const answer = run(method, "[]", { connection: undefined });
    if (!(answer instanceof Promise) && !answer.isError) texts[method] = answer.text;
  }
  return texts;
}

function lowerCase(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}
