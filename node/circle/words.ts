/** Names of the contracts' numbers, in their order. */

export const TIERS = ["exploration", "building", "expansion"] as const;
export type Tier = (typeof TIERS)[number];

export const FOCUSES = ["defi-depin", "gaming", "agents", "vertical"] as const;
export type Focus = (typeof FOCUSES)[number];

export const GRANT_STATES = [
  ...(["none", "applied", "judged", "refused", "withdrawn"] as const),
  ...(["active", "reported", "done", "lapsed", "clawed back"] as const),
] as const;
export type GrantState = (typeof GRANT_STATES)[number];

export const PANEL_STATES = [
  ...(["none", "opened", "drawn", "passed"] as const),
  ...(["failed", "spam", "undecided", "replaced"] as const),
] as const;
export type PanelState = (typeof PANEL_STATES)[number];

export const SERVICES = ["technical-hours", "investors", "go-to-market", "shared-resources"] as const;
export type Service = (typeof SERVICES)[number];
