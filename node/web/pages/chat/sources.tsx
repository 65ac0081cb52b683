import { type ReactNode, useState } from "react";
import { formatCount } from "../../ui/format.ts";

/** What was opened or closed while the page is open: who comes back finds it as it was. */
const opened = new Map<string, boolean>();

/** What an answer came from, folded away; open below the newest one. */
export function Sources({
  id,
  spans,
  rows,
  isLast,
  children,
}: {
  /** Of the turn. */
  id: string;
  /** Undefined where nobody looked for them. */
  spans: number | undefined;
  rows: number;
  isLast: boolean;
  children: ReactNode;
}) {
  const [chosen, setChosen] = useState(opened.get(id));
  const isOpen = chosen ?? isLast;
  const toggle = () => {
    opened.set(id, !isOpen);
    setChosen(!isOpen);
  };
  return (
    <div className="rounded-lg border border-line">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={toggle}
        className="flex w-full flex-wrap items-center gap-x-3 px-4 py-2.5 text-left text-sm hover:bg-raised"
      >
        <span aria-hidden className="w-3 text-soft">
          {isOpen ? "−" : "+"}
        </span>
        <span className="font-medium">Where it comes from</span>
        <span className="text-soft">
          {spans === undefined
            ? ""
            : `${counted(spans, "run of its words in rows", "runs of its words in rows")}, `}
          influence of {counted(rows, "row", "rows")}
        </span>
      </button>
      {isOpen ? <div className="space-y-6 border-t border-line p-4">{children}</div> : null}
    </div>
  );
}

function counted(count: number, one: string, many: string): string {
  return count === 0 ? `no ${one}` : `${formatCount(count)} ${count === 1 ? one : many}`;
}
