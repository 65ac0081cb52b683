import { monotonicMs } from "../../base/clock.ts";
import { isCodedError, isTemporary } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { L1Rpc } from "./rpc.ts";

/** Several endpoints of one L1, the first preferred. */
export interface Endpoints<T> {
  /**
   * What the first endpoint that can do it answers. One that fails is left aside for a while, longer each time, and then
   * tried first again. Rejects with the preferred one's failure when none can, and with any failure that is not the endpoint's.
   */
  use<R>(task: (endpoint: T) => Promise<R>): Promise<R>;
}

export interface EndpointsOptions {
  logger?: Logger;
  /** True for failures that another endpoint may not have. */
  isTheirs?: (error: unknown) => boolean;
  /** Milliseconds. */
  now?: () => number;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

interface State<T> {
  endpoint: T;
  index: number;
  failures: number;
  retryAt: number;
}

export function createEndpoints<T>(list: readonly T[], options: EndpointsOptions = {}): Endpoints<T> {
  const { logger, isTheirs = isTemporary, now = monotonicMs } = options;
  const states = list.map((endpoint, index): State<T> => ({ endpoint, index, failures: 0, retryAt: 0 }));
  const setAside = (state: State<T>, error: unknown) => {
    state.failures++;
    state.retryAt = now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (state.failures - 1));
    if (list.length === 1) return;
    const facts = { endpoint: state.index, failures: state.failures, error };
    logger?.warn(facts, "An L1 endpoint fails, another one is asked");
  };
  return {
    async use(task) {
      const failures: unknown[] = [];
      for (const state of inOrder(states, now())) {
        try {
          const answer = await task(state.endpoint);
          state.failures = 0;
          state.retryAt = 0;
          return answer;
        } catch (error) {
          if (!isTheirs(error)) throw error;
          setAside(state, error);
          failures.push(error);
        }
      }
      throw failures[0];
    },
  };
}

/** Those that did not fail lately by preference, then the others, the soonest due first. */
function inOrder<T>(states: readonly State<T>[], now: number): State<T>[] {
  const isReady = ({ retryAt }: State<T>) => retryAt <= now;
  const resting = states.filter((state) => !isReady(state)).sort((a, b) => a.retryAt - b.retryAt);
  return [...states.filter(isReady), ...resting];
}

/** One connection over several: a call that an endpoint does not answer goes to the next; an error answer is the answer. */
export function createFailoverRpc(rpcs: readonly L1Rpc[], logger?: Logger): L1Rpc {
  const endpoints = createEndpoints(rpcs, {
    ...(logger && { logger }),
    isTheirs: (error) => isCodedError(error, "L1_UNAVAILABLE"),
  });
  return (method, params) => endpoints.use((rpc) => rpc(method, params));
}
