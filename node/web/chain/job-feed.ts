import { useEffect, useState } from "react";
import type { Job, JobEvent } from "../../ai/factory/job.ts";
import { sleep } from "../../base/clock.ts";
import { isTemporary } from "../../base/errors.ts";
import { nextEvents } from "./factory.ts";
import type { Session } from "./session.ts";

const RETRY_MS = 2_000;

/** A job as its node tells it. */
export interface JobFeed {
  /** Undefined until it is known. */
  job: Job | undefined;
  /** All of them, oldest first. */
  events: readonly JobEvent[];
  /** Why it is not known, or not told any more; undefined while all is well. */
  error: unknown;
}

const NOTHING: JobFeed = { job: undefined, events: [], error: undefined };

/** Follows a job: what it has is the job's record and its events, nothing of its own. After a loss it goes on by itself. */
export function useJobFeed(session: Session, jobId: string): JobFeed {
  const [feed, setFeed] = useState<JobFeed>(NOTHING);
  useEffect(() => {
    const ending = new AbortController();
    setFeed(NOTHING);
    void follow(session, jobId, ending.signal, (change) => {
      if (!ending.signal.aborted) setFeed(change);
    });
    return () => ending.abort();
  }, [session, jobId]);
  return feed;
}

async function follow(
  session: Session,
  jobId: string,
  signal: AbortSignal,
  set: (change: (before: JobFeed) => JobFeed) => void,
): Promise<void> {
  let [after, isFirst] = [0, true];
  while (!signal.aborted) {
    try {
      const { job, events, next } = await nextEvents(session, jobId, after, isFirst, signal);
      set((before) => ({ job, events: [...before.events, ...events], error: undefined }));
      isFirst = false;
      after = next;
    } catch (error) {
      if (signal.aborted) return;
      set((before) => ({ ...before, error }));
      if (!isTemporary(error)) return;
      // The node may have begun anew: what it tells then is the truth.
      await sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
}
