import type { KeyboardEvent, ReactNode } from "react";
import type { SpanView } from "./span-view.ts";

/** Words that rows hold: a click, Enter or the space bar leaves the rows that do. `isPlain`: inside of a link, which has its own click. */
export function Mark({
  view,
  spans,
  isPlain = false,
  children,
}: {
  view: SpanView;
  /** Numbers of the spans that hold all of it. */
  spans: readonly number[];
  isPlain?: boolean;
  children: ReactNode;
}) {
  if (view.isHidden) return <>{children}</>;
  const isLit = spans.some((span) => view.lit.has(span));
  // Lines tell more than the colour: solid where lit, double where runs overlap, dotted where others are chosen.
  const line = isLit ? (spans.length > 1 ? "decoration-double" : "decoration-solid") : "decoration-dotted";
  const look = `rounded-sm text-inherit underline underline-offset-4 ${line} ${isLit ? "bg-accent/15 decoration-accent" : "bg-transparent decoration-soft"}`;
  if (isPlain) return <mark className={look}>{children}</mark>;
  const { selection } = view;
  const isChosen = selection?.by === "span" && selection.spans.join() === spans.join();
  const choose = () => view.choose({ by: "span", spans });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose();
  };
  return (
    <mark className={look}>
      {/* biome-ignore lint/a11y/useSemanticElements: a button's words don't wrap with the text around it */}
      <span
        role="button"
        tabIndex={0}
        aria-pressed={isChosen}
        title={`Rows that hold ${spans.length > 1 ? `runs ${spans.map((span) => span + 1).join(" and ")}` : `run ${spans[0]! + 1}`}`}
        onClick={choose}
        onKeyDown={onKeyDown}
      >
        {children}
      </span>
    </mark>
  );
}
