import { monotonicMs } from "../base/clock.ts";
import { isCodedError } from "../base/errors.ts";
import type { MethodAnswer } from "./door/answer-text.ts";
import { type PackedCandidates, unpackCandidates } from "./door/packed-candidates.ts";
import type { Admitted, ChainBatch, DoorBatch } from "./door/protocol.ts";
import { toErrorObject } from "./errors.ts";
import { type MethodRunnerOptions, methodRunner, type OnAnswer, type RunMethod } from "./method-runner.ts";
import { SimulationBudget, type SimulationBudgetLimits } from "./simulation-budget.ts";
import { Subscribers } from "./subscribers.ts";
import type { Pages, TransactionIntake } from "./types.ts";

export interface CallDeskOptions extends MethodRunnerOptions {
  limits: SimulationBudgetLimits;
  pages: Pages;
  intake: TransactionIntake | undefined;
  onAnswer: OnAnswer | undefined;
}

/** Where answers go. */
export interface DoorEnd {
  send(batch: ChainBatch): void;
  admitted(numbers: Admitted): void;
}

/** The chain's thread's end of the way to the door: runs what a message asks for and answers what is done in one turn together. */
export class CallDesk {
  readonly subscribers: Subscribers;
  private readonly options: CallDeskOptions;
  private readonly run: RunMethod;
  private readonly budgets = new Map<number, SimulationBudget>();
  private door: DoorEnd | undefined;
  private batch: ChainBatch | undefined;
  /** Admissions without a refusal that wait for the turn's end. */
  private admitted: Admitted = [];

  constructor(options: CallDeskOptions) {
    this.options = options;
    this.run = methodRunner(options);
    this.subscribers = new Subscribers((notice) => this.open().notices.push(notice));
  }

  /** A fresh door: nobody waits for the answers that another one asked for. */
  connect(door: DoorEnd): void {
    this.subscribers.closeAll();
    this.budgets.clear();
    this.batch = undefined;
    this.admitted = [];
    this.door = door;
  }

  receive({ calls, pages, opened, closed, endedBatches }: DoorBatch): void {
    for (const [number, address] of opened) this.subscribers.opened(number, address);
    for (let at = 0; at < calls.length; at += 5) {
      this.call(
        calls[at] as number,
        calls[at + 1] as number,
        calls[at + 2] as number,
        calls[at + 3] as string,
        calls[at + 4] as string,
      );
    }
    for (const [number, path] of pages) void this.page(number, path);
    for (const batch of endedBatches) this.budgets.delete(batch);
    for (const number of closed) this.subscribers.closed(number);
  }

  private call(number: number, connection: number, batch: number, method: string, params: string): void {
    const { door } = this;
    const { onAnswer, methods } = this.options;
    const start = monotonicMs();
    const done = (answer: MethodAnswer) => {
      if (onAnswer !== undefined && Object.hasOwn(methods, method))
        onAnswer(method, monotonicMs() - start, answer.isError);
      if (door === this.door) this.answer(number, answer);
    };
    const context = { connection: this.subscribers.of(connection), budget: this.budgetOf(batch) };
    const answer = this.run(method, params, context);
    if (answer instanceof Promise) void answer.then(done);
    else done(answer);
  }

  private budgetOf(batch: number): SimulationBudget | undefined {
    if (batch === 0) return undefined;
    const budget = this.budgets.get(batch) ?? new SimulationBudget(this.options.limits);
    this.budgets.set(batch, budget);
    return budget;
  }

  /** Takes in transactions that the door has decoded. Never rejects. */
  async admit(number: number, packed: PackedCandidates): Promise<void> {
    const { door } = this;
    const { intake, onAnswer, onInternalError } = this.options;
    const start = monotonicMs();
    const candidates = unpackCandidates(packed);
    let answer: MethodAnswer;
    const refusals: [number, unknown][] = [];
    try {
      const outcomes = await intake!.addBatch(candidates);
      for (const [place, outcome] of outcomes.entries()) {
        if (outcome instanceof Error) refusals.push([place, toErrorObject(outcome)]);
      }
      answer = { text: JSON.stringify(refusals), isError: false };
    } catch (error) {
      if (!isCodedError(error)) onInternalError("eth_sendRawTransaction", error);
      answer = { text: JSON.stringify(toErrorObject(error)), isError: true };
    }
    const ms = monotonicMs() - start;
    for (let place = 0; onAnswer !== undefined && place < candidates.length; place++) {
      onAnswer("eth_sendRawTransaction", ms, answer.isError || refusals.some(([at]) => at === place));
    }
    if (door !== this.door) return;
    if (!answer.isError && refusals.length === 0) this.note(number);
    else this.answer(number, answer);
  }

  /** Tells the door at the turn's end that nothing of the admission was refused. */
  private note(number: number): void {
    const { admitted } = this;
    admitted.push(number);
    if (admitted.length > 1) return;
    setImmediate(() => {
      if (this.admitted !== admitted) return;
      this.admitted = [];
      this.door?.admitted(admitted);
    });
  }

  private async page(number: number, path: string): Promise<void> {
    try {
      const page = await this.options.pages[path]!();
      this.open().pages.push({ number, page });
    } catch (error) {
      this.options.onInternalError(`GET ${path}`, error);
      const page = { status: 500, type: "text/plain", body: "internal error\n" };
      this.open().pages.push({ number, page });
    }
  }

  private answer(number: number, { text, isError }: MethodAnswer): void {
    this.open().answers.push(number, text, isError ? 1 : 0);
  }

  private open(): ChainBatch {
    if (this.batch === undefined) {
      const batch: ChainBatch = { answers: [], notices: [], pages: [] };
      this.batch = batch;
      setImmediate(() => {
        if (this.batch !== batch) return;
        this.batch = undefined;
        this.door?.send(batch);
      });
    }
    return this.batch;
  }
}
