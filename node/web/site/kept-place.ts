import type { AnyRouter, ParsedLocation } from "@tanstack/react-router";

/** For what a page shows late, in ms. */
const LATE_MS = 15_000;
/** What says that a person goes on by itself. */
const BY_HAND = ["wheel", "touchstart", "pointerdown", "keydown"] as const;

/**
 * Whoever comes back to a page finds its old place, also where what stands there comes late: the router's own restoration tries only
 * once, on a page that is still short. It stops as soon as the person scrolls.
 */
export function keepPlaces(router: AnyRouter): void {
  const places = new Map<string, number>();
  let stop = (): void => undefined;
  router.subscribe("onBeforeNavigate", ({ fromLocation }) => {
    stop();
    const key = fromLocation && keyOf(fromLocation);
    if (key !== undefined) places.set(key, window.scrollY);
  });
  router.subscribe("onRendered", ({ toLocation }) => {
    const key = keyOf(toLocation);
    const place = key === undefined ? undefined : places.get(key);
    if (place !== undefined && place > 0) stop = goTo(place);
  });
}

/** Of an entry of the history: coming back to it has the same one. */
function keyOf({ state }: ParsedLocation): string | undefined {
  return (state as { __TSR_key?: string }).__TSR_key;
}

/** Scrolls there as far as the page goes, and on as it grows. @returns what ends the wait. */
function goTo(place: number): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  for (const event of BY_HAND)
    window.addEventListener(event, () => ending.abort(), { signal, passive: true });
  const until = performance.now() + LATE_MS;
  let reached = 0;
  const look = () => {
    if (signal.aborted || performance.now() > until) return ending.abort();
    const end = Math.min(place, document.documentElement.scrollHeight - window.innerHeight);
    if (end > reached || end === place) window.scrollTo({ top: end, behavior: "instant" });
    reached = Math.max(reached, end);
    if (end === place && Math.abs(window.scrollY - place) <= 1) return ending.abort();
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  return () => ending.abort();
}
