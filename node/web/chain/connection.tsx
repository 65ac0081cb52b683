import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext } from "react";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../../ai/client/chain.ts";
import type { SiteDescription } from "../../api/site.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import { readSite, rpcAddresses } from "../site/site.ts";
import { Problem, Waiting } from "../ui/states.tsx";

/** One node, as the pages speak to it. */
export interface Connection {
  site: SiteDescription;
  client: ChainClient;
  wsUrl: string;
  /** Tells one chain from another of the same id: a devnet may have begun anew. */
  genesis: Hash;
}

/** The same with the protocol's contracts. */
export interface Protocol extends Connection {
  at: ProtocolAddresses;
}

const ConnectionContext = createContext<Connection | undefined>(undefined);
const ProtocolContext = createContext<Protocol | undefined>(undefined);
const RETRY_MS = 2_000;

async function connect(): Promise<Connection> {
  const site = await readSite();
  const { http, ws } = rpcAddresses(site, window.location);
  const client = await connectChain(http);
  const { hash } = await client.public.getBlock({ blockNumber: 0n });
  return { site, client, wsUrl: ws, genesis: hash };
}

/** Connects to the node once for all pages; until it answers, says so and goes on trying. */
export function ConnectionProvider({ children }: { children: ReactNode }) {
  const { data, failureReason, refetch } = useQuery({
    queryKey: ["connection"],
    queryFn: connect,
    staleTime: Number.POSITIVE_INFINITY,
    retry: true,
    retryDelay: RETRY_MS,
  });
  if (data !== undefined) return <ConnectionContext value={data}>{children}</ConnectionContext>;
  return (
    <div className="mx-auto max-w-2xl px-4 py-16">
      {failureReason === null ? (
        <Waiting what="the node" />
      ) : (
        <Problem error={failureReason} onRetry={() => void refetch()} />
      )}
    </div>
  );
}

/** The node. Only below {@link ConnectionProvider}. */
export function useConnection(): Connection {
  const connection = useContext(ConnectionContext);
  if (connection === undefined) throw new Error("no connection above this component");
  return connection;
}

/** Waits for the protocol's contracts; pages that need none stand outside. */
export function ProtocolGate({ children }: { children: ReactNode }) {
  const connection = useConnection();
  const { data, failureReason, refetch } = useQuery({
    queryKey: ["protocol"],
    queryFn: async () => {
      const at = await connection.client.rpc<ProtocolAddresses | null>("openledger_protocol", []);
      if (at !== null) return at;
      throw webError("PROTOCOL_MISSING", {
        message:
          "This chain has no datanets and models: the protocol's contracts are not deployed, or not yet.",
        fix: "On a new devnet they come within a minute; this page goes on by itself.",
      });
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: true,
    retryDelay: RETRY_MS,
  });
  if (data !== undefined)
    return <ProtocolContext value={{ ...connection, at: data }}>{children}</ProtocolContext>;
  if (failureReason === null) return <Waiting what="the protocol's contracts" />;
  return <Problem error={failureReason} onRetry={() => void refetch()} />;
}

/** Node and contracts. Only below {@link ProtocolGate}. */
export function useProtocol(): Protocol {
  const protocol = useContext(ProtocolContext);
  if (protocol === undefined) throw new Error("no protocol above this component");
  return protocol;
}
