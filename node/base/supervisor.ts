import { monotonicMs, sleep, systemClock } from "./clock.ts";
import { baseError, type CodedError, isCodedError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { type Watch, watchProgress } from "./watch-progress.ts";

/** One part of a process that runs on its own: a loop, a server. */
export interface Part {
  /** Unique among the supervisor's parts. */
  name: string;
  /** Runs until the signal aborts. The signal is of this run alone: it aborts when the run ends, however it ends. */
  run(signal: AbortSignal): Promise<void>;
  /** How to tell that it hangs; absent: it can't be told. */
  watch?: Watch;
}

export interface PartStatus {
  name: string;
  /**
   * `hanging`: it runs, but does not get on though there is work; `restarting`: it failed and waits for its next start;
   * `stopped`: the process ends.
   */
  state: "running" | "hanging" | "restarting" | "stopped";
  /** How often it was started again. */
  restarts: number;
  /** When it came into this state, in seconds since the Unix epoch. */
  since: number;
  /** Of its last failure; a code where the error had one. */
  error: { code: string | undefined; message: string } | undefined;
}

export interface Supervisor {
  /** Runs a part, and again after each failure. Resolves on abort; rejects only with what `endsAll` says of. */
  run(part: Part): Promise<void>;
  /** In order of their first start. */
  status(): readonly PartStatus[];
}

export interface SupervisorOptions {
  logger: Logger;
  signal: AbortSignal;
  /** True for a failure that no part may go on after, such as a corrupt database; none unless given. */
  endsAll?: (error: unknown) => boolean;
  /** Pause before the first restart, in ms; it doubles with each failure. */
  firstDelayMs?: number;
  maxDelayMs?: number;
  /** A part that ran this long, in ms, begins again with the first pause. */
  healthyMs?: number;
}

/** Keeps parts apart: one that fails is started again after a growing pause, and the others never notice. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const parts = new Map<string, PartStatus>();
  return {
    run: (part) => supervise(part, options, parts),
    status: () => [...parts.values()],
  };
}

async function supervise(
  part: Part,
  options: SupervisorOptions,
  parts: Map<string, PartStatus>,
): Promise<void> {
  const { signal, logger, firstDelayMs = 1_000, maxDelayMs = 60_000, healthyMs = 60_000 } = options;
  const { name } = part;
  const enter = (state: PartStatus["state"], change: Partial<PartStatus> = {}) => {
    const before = parts.get(name) ?? { restarts: 0, error: undefined };
    parts.set(name, { ...before, name, state, since: systemClock.now(), ...change });
  };
  let delay = firstDelayMs;
  for (let restarts = 0; !signal.aborted; restarts++) {
    enter("running", { restarts });
    const started = monotonicMs();
    const error = await runOnce(part, signal, (silentMs) => {
      if (silentMs === undefined) {
        logger.info({ part: name }, "A part of the node gets on again");
        return enter("running");
      }
      enter("hanging", { error: describe(hangs(name, silentMs)) });
      logger.error({ part: name, silentMs }, "A part of the node does not get on, though there is work");
    });
    if (signal.aborted) break;
    if (options.endsAll?.(error) === true) {
      enter("stopped", { error: describe(error) });
      throw error;
    }
    if (monotonicMs() - started >= healthyMs) delay = firstDelayMs;
    enter("restarting", { error: describe(error) });
    logger.error(
      { part: name, error, restarts, nextTryMs: delay },
      "A part of the node failed, it starts again",
    );
    await sleep(delay, signal).catch(() => undefined);
    delay = Math.min(maxDelayMs, delay * 2);
  }
  enter("stopped");
}

/**
 * What the run ended with. `onHang` hears of each time that the part begins to hang, with the milliseconds without progress,
 * and of each time that it gets on again. A part that may be started again is left behind instead, its signal aborted.
 */
async function runOnce(
  part: Part,
  signal: AbortSignal,
  onHang: (silentMs: number | undefined) => void,
): Promise<unknown> {
  const ending = new AbortController();
  const abort = () => ending.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  let stopWatching = () => {};
  const left = new Promise<never>((_, reject) => {
    if (part.watch === undefined) return;
    const { restarts } = part.watch;
    stopWatching = watchProgress(part.watch, (silentMs) => {
      if (!restarts || silentMs === undefined) return onHang(silentMs);
      const error = hangs(part.name, silentMs);
      ending.abort(error);
      reject(error);
    });
  });
  try {
    await Promise.race([part.run(ending.signal), left]);
    return new Error("it ended by itself");
  } catch (error) {
    return error;
  } finally {
    stopWatching();
    signal.removeEventListener("abort", abort);
    ending.abort();
  }
}

function hangs(part: string, silentMs: number): CodedError {
  return baseError("PART_HANGS", {
    message: `There is work, but it has not got on for ${Math.round(silentMs / 1_000)} s.`,
    facts: { part, silentMs },
  });
}

function describe(error: unknown): PartStatus["error"] {
  const message = error instanceof Error ? error.message : String(error);
  return { code: isCodedError(error) ? error.code : undefined, message };
}
