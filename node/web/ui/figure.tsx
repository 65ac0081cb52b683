import type { ReactNode } from "react";
import { Card } from "./layout.tsx";

/** One number with its name, and a line on what it means. */
export function Figure({ name, value, note }: { name: string; value: ReactNode; note?: ReactNode }) {
  return (
    <Card>
      <dt className="text-sm text-soft">{name}</dt>
      <dd className="mt-1 text-2xl font-semibold tracking-tight tabular-nums">{value}</dd>
      {note === undefined ? null : <dd className="mt-0.5 text-xs text-soft">{note}</dd>}
    </Card>
  );
}
