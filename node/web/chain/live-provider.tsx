import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { useConnection } from "./connection.tsx";
import { LiveFeed, type LiveState, type Socket } from "./live.ts";

/** Contracts by their names. */
type Addresses = Readonly<Record<string, string>>;

/** What names contracts whose events change what pages show. */
const CONTRACTS = ["openledger_protocol", "openledger_governance", "openledger_circle", "openledger_agents"];
const NOTHING: LiveState = { state: "connecting", head: undefined, recent: [] };
const LiveContext = createContext<LiveFeed | undefined>(undefined);

/** First part of the keys of queries that events of the protocol's contracts make stale. */
export const LIVE = "live";

/** Keeps one subscription for all pages; what it brings makes the pages' data stale, nothing is polled. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const { client, wsUrl, genesis } = useConnection();
  const queries = useQueryClient();
  const [feed, setFeed] = useState<LiveFeed>();
  useEffect(() => {
    let isGone = false;
    let made: LiveFeed | undefined;
    const start = async () => {
      const ask = (method: string) => client.rpc<Addresses | null>(method, []).catch(() => null);
      const known = await Promise.all(CONTRACTS.map(ask));
      if (isGone) return;
      made = new LiveFeed({
        open: () => new WebSocket(wsUrl) as unknown as Socket,
        addresses: known.flatMap((addresses) => Object.values(addresses ?? {})),
        onChange: () => void queries.invalidateQueries({ queryKey: [LIVE] }),
        onReturn: async () => {
          const first = await client.public.getBlock({ blockNumber: 0n }).catch(() => undefined);
          // Another chain answers now: nothing that is shown belongs to it.
          if (first !== undefined && first.hash !== genesis) window.location.reload();
          else void queries.invalidateQueries();
        },
      });
      setFeed(made);
    };
    void start();
    return () => {
      isGone = true;
      made?.close();
    };
  }, [client, wsUrl, genesis, queries]);
  return <LiveContext value={feed}>{children}</LiveContext>;
}

const noSubscription = () => () => undefined;
const nothing = () => NOTHING;

/** Head and state of the subscription. */
export function useLive(): LiveState {
  const feed = useContext(LiveContext);
  return useSyncExternalStore(feed?.subscribe ?? noSubscription, feed?.state ?? nothing);
}
