/** One line of a chart. `null` leaves a gap. */
export interface ChartLine {
  name: string;
  values: readonly (number | null)[];
}

export interface ChartProps {
  /** What it shows, for those who don't see it. */
  label: string;
  /** Of every point: seconds since 1970 where `isTime`, else any number; ascending. */
  x: readonly number[];
  lines: readonly ChartLine[];
  isTime?: boolean;
  /** A value holds until the next point. */
  isStepped?: boolean;
  /** Pixels. */
  height?: number;
  /** A value as text; for the legend and the axes. */
  format?: (value: number) => string;
  /** A point's place as text where it is no time, for example "step 12". */
  formatX?: (x: number) => string;
}
