import { SeedRecorder } from "../../ai/verify/seed-recorder.ts";
import { sleep } from "../../base/clock.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { drawOrder, type Panel, scoreOrder, type Verdict } from "../../circle/panels.ts";
import { connectToL1 } from "./bridge.ts";
import type { Circle } from "./circle.ts";
import { l1HeadersOf } from "./l1-headers.ts";
import type { Signer } from "./signer.ts";
import { signText, transact } from "./transact.ts";

const POLL_MS = 1_000;
const silent = { debug: () => undefined, warn: () => undefined };

/**
 * Draws a panel: waits until L2 knows the L1 block that draws, sees to it that it is recorded, and draws.
 * @param onWait L1 blocks to go.
 * @throws CodedError of {@link transact}; `L1_ABSENT` where the block has passed unrecorded and pages may not ask L1.
 */
export async function drawPanel(
  { protocol, client, at }: Circle,
  signer: Signer,
  { id, seedBlock, drawUntil }: Panel,
  onWait: (blocks: bigint) => void,
): Promise<void> {
  const seeds = new SeedRecorder({
    ...{ client, at: protocol.at, logger: silent },
    send: (order) => transact(client, signer, order),
    headers: async (from, count) => l1HeadersOf(await connectToL1(protocol))(from, count),
  });
  // What came too late is refused by the contract, in its own words.
  while (!(await seeds.obtain(seedBlock)) && (await client.public.getBlock()).timestamp <= drawUntil) {
    onWait(await seeds.distance(seedBlock));
    await sleep(POLL_MS);
  }
  await transact(client, signer, drawOrder(at, id));
}

/**
 * Takes the next step of a score: commits to it, or reveals it once its time has come; see `scoreOrder`. What was said is kept in
 * this browser until it is revealed. @throws CodedError of {@link transact}, `SCORE_EARLY`.
 */
export async function judge(
  { protocol, client, at }: Circle,
  signer: Signer,
  verdict: Verdict,
): Promise<void> {
  const { address } = signer;
  const voter = { address, sign: (message: string) => signText(client, signer, message) };
  const { order, opensAt } = await scoreOrder(client, at, voter, verdict);
  // First into the browser: whatever happens after the commitment, the words are there.
  if (opensAt !== undefined) keepVerdict(protocol.genesis, address, verdict);
  await transact(client, signer, order);
  if (opensAt === undefined) dropVerdict(protocol.genesis, address, verdict.panel);
}

const keyOf = (genesis: Hash, account: string, panel: bigint) =>
  `verdict ${genesis.slice(0, 18)} ${account} ${panel}`;

function keepVerdict(genesis: Hash, account: string, { panel, score, reason }: Verdict): void {
  try {
    localStorage.setItem(keyOf(genesis, account, panel), JSON.stringify({ score, reason }));
  } catch {
    // Without storage the reviewer types the same words again.
  }
}

function dropVerdict(genesis: Hash, account: string, panel: bigint): void {
  try {
    localStorage.removeItem(keyOf(genesis, account, panel));
  } catch {
    // See above.
  }
}

/** What an account said of a panel's grant in this browser and has not revealed. */
export function keptVerdict(
  genesis: Hash,
  account: string,
  panel: bigint,
): Pick<Verdict, "score" | "reason"> | undefined {
  try {
    const text = localStorage.getItem(keyOf(genesis, account, panel));
    return text === null ? undefined : (JSON.parse(text) as Pick<Verdict, "score" | "reason">);
  } catch {
    return undefined;
  }
}
