import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import type { Row } from "../../ai/datanet/rows.ts";

/** A row with what stands beside it. */
export interface ShownRow {
  row: Row;
  /** Its number, from 0. */
  number: number;
  note?: ReactNode;
}

/** Height of a row before it is measured, in pixels. */
const ESTIMATE = 64;

/** Rows in a list of any length: only those in the window are drawn. */
export function RowList({ rows, label }: { rows: readonly ShownRow[]; label: string }) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ESTIMATE,
    overscan: 8,
    scrollMargin: top,
  });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a list whose items come and go with scrolling
    <div ref={list} role="list" aria-label={label} className="rounded-lg border border-line bg-surface">
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const { row, number, note } = rows[index]!;
          return (
            // biome-ignore lint/a11y/useSemanticElements: see the list
            <div
              role="listitem"
              key={key}
              data-index={index}
              ref={virtual.measureElement}
              className="absolute inset-x-0 top-0 flex flex-wrap gap-x-3 gap-y-1 border-b border-line px-4 py-2.5 text-sm"
              style={{ transform: `translateY(${start - top}px)` }}
            >
              <span className="w-10 shrink-0 text-right font-mono text-xs leading-5 text-soft">{number}</span>
              <div className="min-w-0 flex-1 basis-56">
                <p className="text-xs break-words text-soft">{row.prompt}</p>
                <p className="break-words">{row.completion}</p>
              </div>
              {note === undefined ? null : (
                <div className="shrink-0 pl-13 text-xs text-soft sm:pl-0">{note}</div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
