import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Session } from "../../../native/js/index.ts";
import { readModelFolder } from "../../../node/ai/model/files.ts";
import { loadModel } from "../../../node/ai/model/load.ts";
import { packageRoot } from "../../../node/base/paths.ts";
import { SHIPPED_BASE } from "../../../node/cli/protocol.ts";
import { methodOf } from "../base.ts";
import { readFactFolder } from "../facts.ts";
import { attacksOf } from "./catalogue.ts";
import { type AttackFigure, kept, measureAttack } from "./measure.ts";
import { PROPOSALS, type Proposal } from "./pay.ts";
import { attackLines, attackReport, proposalLines } from "./report.ts";
import { Scene } from "./scene.ts";
import { measureSteering } from "./steering.ts";

/** Attacks are tried on facts that are kept for development: the judging sets stay unseen. */
const DEVELOPMENT = join(packageRoot(), "test", "quality", "development", "islands");

export interface AttackFlags {
  facts?: string | undefined;
  base?: string | undefined;
  method?: string | undefined;
  json?: string | undefined;
  /** Attacks whose name begins so, and nothing else. */
  only?: string | undefined;
}

/**
 * Carries out the attacks on pay, in this process, and prints what they bring. Each takes a training or two.
 * @throws CodedError `ATTACK_UNKNOWN` where no name begins as `only` says.
 */
export async function measureAttacks({ facts, base, method, json, only }: AttackFlags): Promise<void> {
  const attacks = attacksOf(only);
  const set = readFactFolder(facts === undefined ? DEVELOPMENT : resolve(facts));
  const maker = {
    session: new Session(),
    base: await loadModel(await readModelFolder(base ?? SHIPPED_BASE)),
    method: await methodOf(method, base),
  };
  say(`${set.name}: training without an attack`);
  const scene = await Scene.make(maker, set);
  const figures: AttackFigure[] = [];
  for (const attack of attacks) {
    say(attack.name);
    const found = await measureAttack(scene, attack);
    for (const { attacker, on, off } of found)
      say(`  ${attacker}: ${on.toFixed(3)}, without the defence ${off.toFixed(3)}`);
    figures.push(...found);
  }
  if (only === undefined) {
    say("steering by the trainer");
    figures.push(...(await measureSteering(scene)));
  }
  const left = await Promise.all(PROPOSALS.map((rule) => kept(scene, rule)));
  const stays = Object.fromEntries(PROPOSALS.map((rule, i) => [rule, left[i]!])) as Record<Proposal, number>;
  const lines = [...attackLines(set.name, figures), ...proposalLines(figures, stays)];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (json !== undefined) writeFileSync(json, attackReport(set.name, figures, stays));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
