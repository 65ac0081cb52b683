/** Parts of a nat: losses are told in whole units of 2^-20 nats. */
export const NAT_UNITS = 2 ** 20;

/** A loss in nats as whole units, ties to even. Doubles times a power of two are exact, so this is the same on every machine. */
export function natUnits(nats: number): number {
  const scaled = Math.max(nats, 0) * NAT_UNITS;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  return isUp ? below + 1 : below;
}
