import type { ReactNode } from "react";
import { isCodedError } from "../../base/errors.ts";
import { Button } from "./button.tsx";

/** Data is on its way. Takes the place that the data will have. */
export function Waiting({ what, lines = 3 }: { what: string; lines?: number }) {
  return (
    <div role="status" data-waiting className="rounded-lg border border-line bg-surface p-5">
      <span className="sr-only">Loading {what}</span>
      <div aria-hidden className="animate-pulse space-y-3">
        {Array.from({ length: lines }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: bars without identity
          <div key={i} className={`h-4 rounded bg-raised ${i % 3 === 2 ? "w-1/2" : "w-full"}`} />
        ))}
      </div>
    </div>
  );
}

/** A word that is on its way. */
export function Coming() {
  return (
    <span data-waiting className="text-soft">
      …
    </span>
  );
}

/** There is nothing to show: says why, and what would change that. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="rounded-lg border border-dashed border-line p-8 text-center">
      <p className="font-medium">{title}</p>
      {children === undefined ? null : <div className="mt-2 text-sm text-soft">{children}</div>}
    </div>
  );
}

/** What failed, why, and what to do about it. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const coded = isCodedError(error) ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div role="alert" className="rounded-lg border border-bad/50 bg-surface p-5 text-sm">
      <p className="font-medium text-bad">{message}</p>
      {coded?.fix === undefined ? null : <p className="mt-1">{coded.fix}</p>}
      <div className="mt-3 flex flex-wrap items-center gap-3">
        {onRetry === undefined ? null : <Button onClick={onRetry}>Try again</Button>}
        {coded === undefined ? null : <code className="font-mono text-xs text-soft">{coded.code}</code>}
      </div>
    </div>
  );
}

/** The four states of one query in one place. */
export function Loaded<T>({
  query,
  what,
  lines,
  children,
}: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  what: string;
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  return <Waiting what={what} lines={lines} />;
}
