import { useLive } from "../chain/live-provider.tsx";
import { Time } from "./exact.tsx";
import { Badge } from "./layout.tsx";

/** Says how old something is while the node does not tell of changes. */
export function Stale({ updatedAt }: { updatedAt: number }) {
  const { state } = useLive();
  if (state !== "lost" || updatedAt === 0) return null;
  return (
    <Badge tone="warn">
      as it was&nbsp;
      <Time seconds={Math.floor(updatedAt / 1000)} />
    </Badge>
  );
}
