import { sleep } from "../base/clock.ts";
import type { AdmissionRules } from "../execution/mempool/candidate.ts";
import { CallDesk } from "./call-desk.ts";
import { DoorThread } from "./door/door-thread.ts";
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from "./door/limits.ts";
import type { DoorThreadData } from "./door/protocol.ts";
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
  /** Origins that browsers may call from; all unless given. */
  origins?: readonly string[];
  /** Names under which the node may be called; all unless given. */
  hosts?: readonly string[];
  /** Methods without parameters whose answer never changes. */
  constants?: readonly string[];
  /** Answers to GET, for example of /health. */
  pages?: Pages;
  /** Present: `eth_sendRawTransaction` goes this way, decoded and with its sender. */
  intake?: TransactionIntake & { rules: AdmissionRules };
  onInternalError?: OnInternalError;
  onAnswer?: OnAnswer;
  /** The door's thread has ended and is started again. */
  onDoorLost?: (reason: string) => void;
}

export interface RpcServer {
  readonly host: string;
  readonly port: number;
  /** http:// and ws:// of the same port. */
  readonly httpUrl: string;
  readonly wsUrl: string;
  close(): Promise<void>;
}

/** Between two tries to start a door that ended, in ms. */
const RESTART_MS = 500;

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
  private readonly closing = new AbortController();
  private door: DoorThread | undefined;

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
      origins: lowerCase(options.origins ?? ["*"]),
      hosts: lowerCase(options.hosts ?? ["*"]),
      constants: constantsOf(options),
      pages: Object.keys(pages),
      rules: intake?.rules,
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

  async close(): Promise<void> {
    this.closing.abort();
    this.desk.subscribers.closeAll();
    await this.door?.close();
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
        onExit: (reason) => {
          this.options.onDoorLost?.(reason);
          void this.reopen();
        },
      },
    );
    this.port = door.listensOn;
    this.door = door;
    this.desk.connect((batch) => door.send(batch));
    if (this.closing.signal.aborted) await door.close();
  }

  /** On the same port, until it works or the server is closed. */
  private async reopen(): Promise<void> {
    this.door = undefined;
    while (!this.closing.signal.aborted) {
      try {
        return await this.openDoor();
      } catch (error) {
        this.options.onInternalError?.("(door)", error);
        await sleep(RESTART_MS, this.closing.signal).catch(() => {});
      }
    }
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
