import { RPC_CODE } from "../errors.ts";
import type { AnswerCall, MethodCall } from "./answer-body.ts";
import { errorText, type MethodAnswer } from "./answer-text.ts";
import type { ChainLink } from "./chain-link.ts";
import { Gate } from "./gate.ts";
import type { DoorLimits } from "./limits.ts";
import { runsLong, takesLargeParams } from "./method-kinds.ts";
import type { TransactionDesk } from "./transaction-desk.ts";

/** Who calls. */
export interface Client {
  /** Turns are taken by it. */
  address: string;
  /** A WebSocket's number; 0 over HTTP, which knows no subscriptions. */
  connection: number;
}

const BUSY: MethodAnswer = { text: errorText(RPC_CODE.limit, "server busy"), isError: true };

/** Sends calls where they are answered: here, at the transactions' desk, or by the chain's thread when it has a place. */
export class Reception {
  private readonly link: ChainLink;
  private readonly desk: TransactionDesk | undefined;
  private readonly constants: ReadonlyMap<string, MethodAnswer>;
  private readonly limits: DoorLimits;
  private readonly quick: Gate;
  private readonly long: Gate;
  private batches = 0;

  constructor(options: {
    link: ChainLink;
    desk: TransactionDesk | undefined;
    constants: Readonly<Record<string, string>>;
    limits: DoorLimits;
  }) {
    const { link, desk, constants, limits } = options;
    this.link = link;
    this.desk = desk;
    this.limits = limits;
    this.constants = new Map(
      Object.entries(constants).map(([method, text]) => [method, { text, isError: false }]),
    );
    const gate = (places: number) => new Gate({ ...limits, places });
    this.quick = gate(limits.maxCalls);
    this.long = gate(limits.maxLongCalls);
  }

  /** How the calls of one body are answered; `end` when all of them are. */
  body(client: Client): { answerCall: AnswerCall; end(): void } {
    const batches = new Map<object, number>();
    const numberOf = (batch: object | undefined) => {
      if (batch === undefined) return 0;
      const known = batches.get(batch) ?? ++this.batches;
      batches.set(batch, known);
      return known;
    };
    return {
      answerCall: (call) => this.answer(client, call, () => numberOf(call.batch)),
      end: () => {
        for (const number of batches.values()) this.link.ended(number);
      },
    };
  }

  private answer(
    client: Client,
    { method, params }: MethodCall,
    batch: () => number,
  ): MethodAnswer | Promise<MethodAnswer> {
    const constant = this.constants.get(method);
    if (constant !== undefined && params === "[]") return constant;
    if (params.length > this.limits.maxParamsBytes && !takesLargeParams(method)) {
      const message = `params too large: ${params.length} bytes, at most ${this.limits.maxParamsBytes}`;
      return { text: errorText(RPC_CODE.invalidParams, message), isError: true };
    }
    const { desk } = this;
    const isTransaction = desk !== undefined && method === "eth_sendRawTransaction";
    return this.inTurn(client, runsLong(method) ? this.long : this.quick, () =>
      isTransaction ? desk.send(params) : this.link.call(client.connection, batch(), method, params),
    );
  }

  private async inTurn(
    { address }: Client,
    gate: Gate,
    work: () => MethodAnswer | Promise<MethodAnswer>,
  ): Promise<MethodAnswer> {
    if (!gate.tryEnter() && !(await gate.wait(address))) return BUSY;
    try {
      return await work();
    } finally {
      gate.leave();
    }
  }
}
