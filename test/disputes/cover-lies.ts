import type { PrivateKeyAccount } from "viem/accounts";
import type { ClaimedCover } from "../../node/ai/fusion/cover-bytes.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { honestClaim, type Posted, post } from "./claim-lies.ts";
import { coverIn, withCover } from "./covers.ts";
import { refutedBy } from "./payer.ts";
import { PROMPTS, type World } from "./world.ts";

/** An honest claim of an answer that stands in the rows, at least in part. */
async function spannedClaim(world: World, liar: Address): Promise<Posted & { cover: ClaimedCover }> {
  for (const prompt of PROMPTS) {
    const honest = await honestClaim(world, liar, prompt);
    const cover = coverIn(world, honest);
    const isHeld = cover.parts.some((parts) => parts.length > 0);
    if (isHeld && honest.claim.list.rowIds.length > 1) return { ...honest, cover };
  }
  throw new Error("no answer of the model holds words of its rows");
}

async function told(
  world: World,
  liar: PrivateKeyAccount,
  change: (cover: ClaimedCover) => ClaimedCover,
): Promise<string> {
  const { cover, ...honest } = await spannedClaim(world, liar.address);
  const lie = withCover(world, honest, change(cover));
  await post(world, liar, { asked: honest.asked, ...lie });
  return refutedBy(world, honest.asked.requestId);
}

/** Words that stand in a row are passed over, so that influence alone decides. */
export function hiddenSpan(world: World, liar: PrivateKeyAccount): Promise<string> {
  return told(world, liar, (cover) => ({ ...cover, spans: [], parts: cover.parts.map(() => []) }));
}

/** A row that holds the words is said to hold none. */
export function hiddenPart(world: World, liar: PrivateKeyAccount): Promise<string> {
  return told(world, liar, (cover) => {
    const first = cover.parts.findIndex((parts) => parts.length > 0);
    return { ...cover, parts: cover.parts.map((parts, i) => (i === first ? [] : parts)) };
  });
}

/** Words are said to stand where they don't. */
export function falsePlace(world: World, liar: PrivateKeyAccount): Promise<string> {
  return told(world, liar, (cover) => ({
    ...cover,
    spans: cover.spans.map((span) => ({ ...span, position: span.position + 1 })),
  }));
}

/** Every token is said to be as rare as can be. */
export function falseBits(world: World, liar: PrivateKeyAccount): Promise<string> {
  return told(world, liar, (cover) => ({ ...cover, bits: cover.bits.map((bits) => (bits === 15 ? 1 : 15)) }));
}
