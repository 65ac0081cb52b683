import { type ReactNode, useEffect } from "react";

/** One page: its title in the window and above, a line on what it is, and what it shows. */
export function Page({
  title,
  lead,
  isLeadComing = false,
  actions,
  children,
}: {
  title: string;
  lead?: ReactNode;
  /** The line is not whole yet. */
  isLeadComing?: boolean;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · OpenLedger`;
  }, [title]);
  return (
    <>
      <div className="mb-6 flex flex-wrap items-end justify-between gap-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight break-words">{title}</h1>
          {lead === undefined ? null : (
            <p data-waiting={isLeadComing ? "" : undefined} className="mt-1 max-w-3xl text-soft">
              {lead}
            </p>
          )}
        </div>
        {actions}
      </div>
      <div className="space-y-6">{children}</div>
    </>
  );
}

/** A part of a page with a heading. */
export function Section({
  id,
  title,
  note,
  aside,
  children,
}: {
  /** For addresses that lead to it. */
  id?: string;
  title: string;
  note?: ReactNode;
  /** Beside the heading. */
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section id={id} className="min-w-0 scroll-mt-28">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-lg font-semibold tracking-tight">{title}</h2>
        {aside}
      </div>
      {note === undefined ? null : <p className="mt-0.5 text-sm text-soft">{note}</p>}
      <div className="mt-3">{children}</div>
    </section>
  );
}

export function Card({ children, className = "" }: { children: ReactNode; className?: string }) {
  return <div className={`rounded-lg border border-line bg-surface p-4 sm:p-5 ${className}`}>{children}</div>;
}

/** Names and values; undefined values are left out. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[max-content_1fr]">
      {facts
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="min-w-0 break-words max-sm:mb-1.5">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

const TONES = {
  plain: "border-line text-soft",
  good: "border-good/50 text-good",
  warn: "border-warn/60 text-warn",
  bad: "border-bad/50 text-bad",
  accent: "border-accent/50 text-accent",
} as const;
export type Tone = keyof typeof TONES;

/** A state in a word; its colour never says more than the word. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={`inline-flex items-center rounded-full border px-2 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}

/** A table that scrolls sideways by itself where the window is narrow. */
export function Table({
  caption,
  head,
  children,
}: {
  caption: string;
  head: readonly string[];
  children: ReactNode;
}) {
  return (
    <section
      className="overflow-x-auto rounded-lg border border-line bg-surface"
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within a keyboard's reach
      tabIndex={0}
    >
      <table className="w-full text-left text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead className="border-b border-line text-xs text-soft">
          <tr>
            {head.map((name) => (
              <th key={name} scope="col" className="px-4 py-2.5 font-medium whitespace-nowrap">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </section>
  );
}

export function Cell({ children, className = "" }: { children: ReactNode; className?: string }) {
  return <td className={`px-4 py-2.5 align-top ${className}`}>{children}</td>;
}
