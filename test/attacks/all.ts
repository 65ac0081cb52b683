import { allLogsAttack } from "./all-logs.ts";
import type { Attack } from "./attack.ts";
import { accessListAttack, endlessCallsAttack } from "./endless-calls.ts";
import { feeSpikeAttack } from "./fee-spike.ts";
import { l1AwayAttack, l1LiesAttack, l1StopsAttack } from "./l1.ts";
import { nestedJsonAttack, nestedRlpAttack } from "./nested-lists.ts";
import { poolFloodAttack } from "./pool-flood.ts";
import { resetKillAttack } from "./reset-kill.ts";
import { idleSocketsAttack, neverReadAttack } from "./sockets.ts";

/** Every attack, in the order in which `npm run attacks` runs them. */
export const ATTACKS: readonly Attack[] = [
  nestedJsonAttack,
  nestedRlpAttack,
  endlessCallsAttack,
  accessListAttack,
  idleSocketsAttack,
  neverReadAttack,
  poolFloodAttack,
  feeSpikeAttack,
  allLogsAttack,
  l1StopsAttack,
  l1AwayAttack,
  l1LiesAttack,
  resetKillAttack,
];
