import type { Worker } from "node:worker_threads";
import { startThread } from "../../base/threads.ts";
import { type AiErrorCode, aiError } from "../errors.ts";
import { type TemplateAnswer, type TemplateRefusal, type TemplateRequest, templateModule } from "./module.ts";

/** Longest render. Fuel ends a template sooner; this also ends what fuel does not see. */
const MAX_RENDER_MS = 1_000;
/** Renders that wait for the thread. */
const MAX_WAITING = 1_024;
/** Characters of a template: those of well-known models have up to 20,000. */
const MAX_TEMPLATE_LENGTH = 256 * 1024;
/** Characters of the variables as JSON: some million tokens of conversation. */
const MAX_VARIABLES_LENGTH = 4 * 1024 * 1024;
/** JavaScript heap of the thread, beside the module's own memory. */
const HEAP_MIB = 32;

interface Job {
  request: TemplateRequest;
  resolve: (text: string) => void;
  reject: (error: Error) => void;
}

/** Renders chat templates one after the other in a thread of its own, so that none holds up the caller. */
export class TemplateRenderer {
  private worker: Worker | undefined;
  private module: WebAssembly.Module | undefined;
  private isReady = false;
  private running: Job | undefined;
  private readonly waiting: Job[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly maxRenderMs = MAX_RENDER_MS) {}

  /**
   * The template's text for the variables. Equal requests give equal texts on every machine.
   * @throws CodedError `TEMPLATE_INVALID` (syntax, unknown filters and tests), `TEMPLATE_RAISED` (the template refuses the
   * conversation itself; `facts.reason` has its words), `TEMPLATE_FAILED` (a value is missing or does not fit),
   * `TEMPLATE_LIMIT` (too large, or too much fuel or memory): these come on every machine alike. `TEMPLATE_CUT_OFF` (it took too long
   * here, or its thread ended) and `TEMPLATE_BUSY` may not come again.
   */
  async render(request: TemplateRequest): Promise<string> {
    if (request.template.length > MAX_TEMPLATE_LENGTH)
      throw tooLarge("template", request.template.length, MAX_TEMPLATE_LENGTH);
    const length = JSON.stringify(request.variables).length;
    if (length > MAX_VARIABLES_LENGTH) throw tooLarge("conversation", length, MAX_VARIABLES_LENGTH);
    if (this.waiting.length >= MAX_WAITING) {
      throw aiError("TEMPLATE_BUSY", {
        message: `${MAX_WAITING} conversations wait for their chat template already`,
        fix: "try again in a moment",
      });
    }
    return await new Promise<string>((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      this.next();
    });
  }

  /** Ends the thread; a render that is under way or waits is refused. A later render starts a new thread. */
  async close(): Promise<void> {
    const jobs = [this.running, ...this.waiting.splice(0)];
    const gone = this.stop();
    for (const job of jobs) {
      job?.reject(aiError("SERVICE_STOPPED", { message: "chat templates are no longer rendered here" }));
    }
    await gone;
  }

  private next(): void {
    if (this.running !== undefined || this.waiting.length === 0) return;
    this.worker ??= this.start();
    if (!this.isReady) return;
    const job = this.waiting.shift()!;
    this.running = job;
    this.worker.ref();
    this.timer = setTimeout(() => {
      // Where this thread was late itself, the answer may lie here already: it is read first.
      setImmediate(() => {
        if (this.running === job) this.giveUp(`it did not end within ${this.maxRenderMs} ms`);
      });
    }, this.maxRenderMs);
    this.worker.postMessage(job.request);
  }

  private start(): Worker {
    this.module ??= templateModule();
    const worker = startThread("./thread-main", import.meta.url, {
      workerData: { module: this.module },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: HEAP_MIB / 4 },
      name: "templates",
    });
    let reason = "";
    worker.on("message", (message: TemplateAnswer | "ready") => {
      if (worker !== this.worker) return;
      if (message === "ready") this.isReady = true;
      else this.answered(message);
      this.next();
    });
    worker.on("error", (error) => {
      reason = error.message;
    });
    worker.on("exit", () => {
      if (worker === this.worker) this.giveUp(`its thread ended: ${reason}`);
    });
    return worker;
  }

  private answered(answer: TemplateAnswer): void {
    const job = this.running;
    clearTimeout(this.timer);
    this.running = undefined;
    // A thread that has nothing to do keeps no process alive.
    if (this.waiting.length === 0) this.worker?.unref();
    if ("text" in answer) job?.resolve(answer.text);
    else job?.reject(refusal(answer.kind, answer.message));
  }

  /** The running render ends with its thread; where there is none, the thread could not even start. */
  private giveUp(why: string): void {
    const lost = this.running === undefined ? this.waiting.splice(0) : [this.running];
    this.stop();
    for (const job of lost) job.reject(cutOff(why));
    this.next();
  }

  private async stop(): Promise<void> {
    const worker = this.worker;
    clearTimeout(this.timer);
    this.worker = undefined;
    this.isReady = false;
    this.running = undefined;
    await worker?.terminate();
  }
}

const CODES: Readonly<Record<TemplateRefusal, AiErrorCode>> = {
  syntax: "TEMPLATE_INVALID",
  unknown: "TEMPLATE_INVALID",
  raised: "TEMPLATE_RAISED",
  undefined: "TEMPLATE_FAILED",
  type: "TEMPLATE_FAILED",
  limit: "TEMPLATE_LIMIT",
};

const WORDS: Readonly<Record<TemplateRefusal, string>> = {
  syntax: "the chat template has an error",
  unknown: "the chat template uses what no chat template has",
  raised: "the chat template refuses the conversation",
  undefined: "the chat template does not fit the conversation",
  type: "the chat template does not fit the conversation",
  limit: "the chat template takes more than a render may",
};

function refusal(kind: TemplateRefusal, reason: string): Error {
  return aiError(CODES[kind], {
    message: `${WORDS[kind]}: ${reason}`,
    fix:
      kind === "raised"
        ? "send a conversation as this model expects it"
        : "use the chat template that belongs to the model, with the messages that it knows",
    facts: { kind, reason },
  });
}

/** Says something of this machine at this moment, so nobody may conclude anything from it. */
function cutOff(why: string): Error {
  return aiError("TEMPLATE_CUT_OFF", {
    message: `the chat template was cut off: ${why}`,
    fix: "try again when this machine has less to do; if it stays so, the model's chat template takes too long",
    facts: { why },
  });
}

function tooLarge(what: string, length: number, limit: number): Error {
  return aiError("TEMPLATE_LIMIT", {
    message: `the ${what} has ${length} characters; at most ${limit} are rendered`,
    fix: `shorten the ${what}`,
    facts: { kind: "limit", length, limit },
  });
}

/** The renderer that all models of a process share. */
export const sharedRenderer = new TemplateRenderer();
