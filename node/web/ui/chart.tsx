import { lazy, Suspense } from "react";
import type { ChartProps } from "./chart-props.ts";

const Canvas = lazy(async () => ({ default: (await import("./chart-canvas.tsx")).ChartCanvas }));

const HEIGHT = 220;
/** Of the legend below the drawing, in pixels. */
const LEGEND_HEIGHT = 32;

/** A chart of any number of points. Its place is kept free while it is loaded. */
export function Chart(props: ChartProps) {
  const height = props.height ?? HEIGHT;
  return (
    <figure aria-label={props.label} className="min-w-0" style={{ height: height + LEGEND_HEIGHT }}>
      <Suspense fallback={null}>
        <Canvas {...props} height={height} />
      </Suspense>
    </figure>
  );
}
