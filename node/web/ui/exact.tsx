import { Content, Portal, Provider, Root, Trigger } from "@radix-ui/react-tooltip";
import { type ReactNode, useState, useSyncExternalStore } from "react";
import { formatExact, formatOpen, formatRelative, shorten } from "./format.ts";

/** Shows the whole truth about what stands there, on hover and on focus. */
export function Hint({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Root>
      <Trigger asChild>
        <span
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the exact value has to be within a keyboard's reach
          tabIndex={0}
          className="cursor-help underline decoration-line decoration-dotted underline-offset-4"
        >
          {children}
        </span>
      </Trigger>
      <Portal>
        <Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-[min(90vw,32rem)] rounded-md border border-line bg-raised px-2.5 py-1.5 font-mono text-xs break-all text-ink shadow-lg"
        >
          {text}
        </Content>
      </Portal>
    </Root>
  );
}

/** Above everything that has hints. */
export function HintProvider({ children }: { children: ReactNode }) {
  return <Provider delayDuration={200}>{children}</Provider>;
}

/** An amount in OPEN; the exact wei on hover. */
export function Amount({ wei, unit = true }: { wei: bigint; unit?: boolean }) {
  return (
    <Hint text={`${wei} wei`}>
      <span className="whitespace-nowrap tabular-nums">
        {formatOpen(wei)}
        {unit ? " OPEN" : ""}
      </span>
    </Hint>
  );
}

const TICK_MS = 1_000;
let clock = Math.floor(Date.now() / 1000);
const watchers = new Set<() => void>();
setInterval(() => {
  clock = Math.floor(Date.now() / 1000);
  for (const watcher of watchers) watcher();
}, TICK_MS);

function watchClock(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Seconds since 1970, by this browser's clock. */
export function useNow(): number {
  return useSyncExternalStore(watchClock, () => clock);
}

/** A time of the chain beside now; the exact one on hover. */
export function Time({ seconds }: { seconds: number }) {
  const now = useNow();
  return (
    <Hint text={formatExact(seconds)}>
      <time dateTime={new Date(seconds * 1000).toISOString()} className="whitespace-nowrap tabular-nums">
        {formatRelative(seconds, now)}
      </time>
    </Hint>
  );
}

const COPIED_MS = 1_200;

/** Puts a text into the clipboard and says so. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <button
      type="button"
      onClick={() => void copy()}
      aria-label={isCopied ? "Copied" : `Copy ${what}`}
      className="inline-flex size-6 shrink-0 items-center justify-center rounded text-soft hover:bg-raised hover:text-ink"
    >
      <svg
        viewBox="0 0 16 16"
        className="size-3.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        aria-hidden
      >
        {isCopied ? (
          <path d="M3 8.5 6.5 12 13 4.5" />
        ) : (
          <path d="M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z" strokeLinejoin="round" />
        )}
      </svg>
    </button>
  );
}

/** An address or a hash, short, with the whole on hover and to copy. */
export function Hex({ hex, what = "it" }: { hex: string; what?: string }) {
  return (
    <span className="inline-flex items-center whitespace-nowrap">
      <Hint text={hex}>
        <span className="font-mono text-[0.92em]">{shorten(hex)}</span>
      </Hint>
      <Copy text={hex} what={what} />
    </span>
  );
}
