/** What `openledger devnet` is told. */
export interface DevnetOptions {
  dataDir: string;
  l1Port: number;
  /** First node: sequencer, batcher, proposer, host. */
  sequencerPort: number;
  /** Second node: derives the chain from L1 alone; watcher. */
  verifierPort: number;
  /** The first node's pages; undefined: none. */
  webPort: number | undefined;
  /** Forget what was there. */
  reset: boolean;
  /** End after the job's checks; status 0 only if all hold. */
  once: boolean;
  /** Do the main job; else accounts, hosts and a verifier wait for somebody else's work. */
  job: boolean;
  /** A plain Jovian chain: no attribution fork, no AI job. */
  stock: boolean;
  /** Teach a second model, and let an agent trade by its answers. */
  agent: boolean;
  /** Base model in Hugging Face form; absent: the shipped one. */
  base: string | undefined;
}

/** The rest of it for a program that starts parts of a devnet itself. */
export const PARTS_ALONE = {
  reset: false,
  once: true,
  job: true,
  stock: false,
  agent: false,
  base: undefined,
  webPort: undefined,
} as const satisfies Partial<DevnetOptions>;
