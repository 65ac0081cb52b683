import type { ChainClient } from "../ai/client/chain.ts";
import type { GovernanceAddresses } from "./addresses.ts";
import type { Book } from "./book.ts";

/** A governed chain, as whoever speaks to it from outside has it. */
export interface Governed {
  /** Of L2. */
  client: ChainClient;
  at: GovernanceAddresses;
  book: Book;
  /** L1, for what concerns it. @throws CodedError where it can't be asked. */
  l1: () => Promise<ChainClient>;
}
