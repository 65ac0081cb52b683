import { queryOptions } from "@tanstack/react-query";
import type { KeyList, ListedKey } from "../../ai/openai/key-book.ts";
import { askSigned, type Session } from "./session.ts";

/** The keys of who signed in. They count while they are used: looked at again every so often. */
export const keysQuery = (session: Session) =>
  queryOptions({
    queryKey: ["keys", session.address],
    queryFn: () => askSigned<KeyList>(session, "/api/keys"),
    staleTime: 0,
    refetchInterval: 5_000,
  });

/** Makes a key; it is told this once. */
export function createKey(
  session: Session,
  name: string,
  dailyTokens: number | null,
): Promise<{ key: string; made: ListedKey }> {
  return askSigned(session, "/api/keys", { method: "POST", body: { name, dailyTokens } });
}

/** Sets what a key may take a day; null: what its account may. */
export async function limitKey(session: Session, keyId: string, dailyTokens: number | null): Promise<void> {
  await askSigned(session, `/api/keys/${keyId}/limit`, { method: "POST", body: { dailyTokens } });
}

/** Makes a key worth nothing. */
export async function revokeKey(session: Session, keyId: string): Promise<void> {
  await askSigned(session, `/api/keys/${keyId}`, { method: "DELETE" });
}
