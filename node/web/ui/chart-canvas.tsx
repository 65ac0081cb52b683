import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { ChartLine, ChartProps } from "./chart-props.ts";

/** Colours by their names in styles.css; shapes differ too, for those who don't tell the colours apart. */
const LINES = [
  { colour: "--accent", dash: [] },
  { colour: "--gold", dash: [6, 4] },
  { colour: "--good", dash: [2, 3] },
] as const;

/** Draws a chart with uPlot. Only chart.tsx uses it, which loads it when there is something to draw. */
export function ChartCanvas(props: ChartProps) {
  const { x, lines, isTime = false, isStepped = false, height = 0, format, formatX } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const data = [x, ...lines.map(({ values }) => values)] as unknown as UPlot.AlignedData;
  const newest = useRef(data);
  newest.current = data;
  const names = lines.map(({ name }) => name).join("\n");

  // biome-ignore lint/correctness/useExhaustiveDependencies: lines are the same as long as their names are
  useEffect(() => {
    const target = place.current;
    if (target === null) return;
    const make = () => {
      plot.current?.destroy();
      const options = optionsOf({ lines, isTime, isStepped, format, formatX }, target.clientWidth, height);
      plot.current = new UPlot(options, newest.current, target);
    };
    make();
    const sized = new ResizeObserver(() => plot.current?.setSize({ width: target.clientWidth, height }));
    sized.observe(target);
    // Colours are read when it is made.
    const themed = new MutationObserver(make);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      sized.disconnect();
      themed.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [names, isTime, isStepped, height, format, formatX]);

  useEffect(() => plot.current?.setData(data));
  return <div ref={place} className="w-full text-xs" />;
}

interface Look {
  lines: readonly ChartLine[];
  isTime: boolean;
  isStepped: boolean;
  format?: (value: number) => string;
  formatX?: (x: number) => string;
}

/** Pixels between two marks of the axis below. */
const X_SPACE = 84;
const DAY_S = 86_400;

/** A moment in UTC, as far as the span of the axis asks for. */
function momentText(seconds: number, span: number): string {
  const text = new Date(seconds * 1000).toISOString();
  return span > 3 * DAY_S ? text.slice(0, 10) : text.slice(11, 19);
}

function optionsOf(
  { lines, isTime, isStepped, format, formatX }: Look,
  width: number,
  height: number,
): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const text = (value: number | null) => (value === null ? "–" : (format?.(value) ?? String(value)));
  const axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const values = (_: UPlot, splits: number[]) => splits.map(text);
  return {
    width,
    height,
    scales: { x: { time: isTime } },
    axes: [
      {
        ...axis,
        space: X_SPACE,
        values: (_, at) => at.map((x) => (isTime ? momentText(x, at.at(-1)! - at[0]!) : String(x))),
      },
      { ...axis, size: 64, values },
    ],
    series: [
      {
        label: isTime ? "UTC" : "At",
        value: (_, at) => (at === null ? "–" : isTime ? momentText(at, 0) : (formatX?.(at) ?? String(at))),
      },
      ...lines.map(({ name }, i): UPlot.Series => {
        const look = LINES[i % LINES.length]!;
        return {
          label: name,
          stroke: colour(look.colour),
          dash: [...look.dash],
          width: 2,
          value: (_, value) => text(value),
          points: { show: false },
          ...(isStepped && { paths: UPlot.paths.stepped?.({ align: 1 }) }),
        };
      }),
    ],
    cursor: { y: false },
  };
}
