import { monotonicMs } from "../base/clock.ts";
import { isCodedError } from "../base/errors.ts";
import type { MethodAnswer } from "./door/answer-text.ts";
import { type PackedCandidates, unpackCandidates } from "./door/packed-candidates.ts";
import type { ChainBatch, DoorBatch } from "./door/protocol.ts";
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

/** The chain's thread's end of the way to the door: runs what a message asks for and answers what is done in one turn together. */
export class CallDesk {
  readonly subscribers: Subscribers;
  private readonly options: CallDeskOptions;
  private readonly run: RunMethod;
  private readonly budgets = new Map<number, SimulationBudget>();
  private send: (batch: ChainBatch) => void = () => {};
  private batch: ChainBatch | undefined;

  constructor(options: CallDeskOptions) {
    this.options = options;
    this.run = methodRunner(options);
    this.subscribers = new Subscribers((notice) => this.open().notices.push(notice));
  }

  /** A fresh door: nobody waits for the answers that another one asked for. */
  connect(send: (batch: ChainBatch) => void): void {
    this.subscribers.closeAll();
    this.budgets.clear();
    this.batch = undefined;
    this.send = send;
  }

  receive({ calls, admissions, pages, opened, closed, endedBatches }: DoorBatch): void {
    for (const [number, address] of opened) this.subscribers.opened(number, address);
    for (const [number, packed] of admissions) void this.admit(number, packed);
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
    const { send } = this;
    const { onAnswer, methods } = this.options;
    const start = monotonicMs();
    const done = (answer: MethodAnswer) => {
      if (onAnswer !== undefined && Object.hasOwn(methods, method))
        onAnswer(method, monotonicMs() - start, answer.isError);
      if (send === this.send) this.answer(number, answer);
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

  private async admit(number: number, packed: PackedCandidates): Promise<void> {
    const { send } = this;
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
    if (send === this.send) this.answer(number, answer);
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
        this.send(batch);
      });
    }
    return this.batch;
  }
}
