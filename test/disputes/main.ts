import { formatEther } from "viem";
import { describeError } from "../../node/base/errors.ts";
import { wealthOf } from "./books.ts";
import { type Ground, openGround } from "./ground.ts";
import { HONEST } from "./honest.ts";
import { LIES } from "./lies.ts";
import { becomeHost, makeWorld, type World } from "./world.ts";

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Blocks after which a refutation's reward goes to nobody else any more, and is collected. */
const SETTLED_S = 20;

/** Tells one lie with wallets of its own. @returns whether its maker is poorer. */
async function tell(world: World, name: string): Promise<boolean> {
  const { ground } = world;
  const [maker, friend] = [await ground.wallet(), await ground.wallet()];
  const wallets = [maker.address, friend.address];
  try {
    const { isHost, tell: told } = LIES[name]!;
    if (isHost) await becomeHost(world, maker);
    const before = await wealthOf(ground, wallets);
    const outcome = await told(world, maker, friend);
    await passed(ground, SETTLED_S);
    const lost = before - (await wealthOf(ground, wallets));
    say(`${lost > 0n ? "ok  " : "FAIL"} ${name}: ${outcome}; its makers lost ${formatEther(lost)} OPEN`);
    return lost > 0n;
  } catch (error) {
    say(`FAIL ${name}: ${describeError(error)}`);
    return false;
  }
}

async function passed(ground: Ground, seconds: number): Promise<void> {
  const until = (await ground.now()) + BigInt(seconds);
  await ground.until("a while", 2 * seconds, async () => (await ground.now()) >= until);
}

/** What is no lie, but has to hold beside them. */
async function hold(world: World, name: string): Promise<boolean> {
  try {
    say(`ok   ${name}: ${await HONEST[name]!(world)}`);
    return true;
  } catch (error) {
    say(`FAIL ${name}: ${describeError(error)}`);
    return false;
  }
}

/** The value of a flag, if it is given. */
function flag(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

async function main(): Promise<number> {
  const only = flag("--only");
  const pace = Number(flag("--pace") ?? "2");
  const known = [...Object.keys(LIES), ...Object.keys(HONEST)];
  if ((only !== undefined && !known.includes(only)) || !(pace > 0)) {
    process.stderr.write(
      `usage: npm run disputes [-- --only NAME] [-- --pace SECONDS]; names: ${known.join(", ")}\n`,
    );
    return 1;
  }
  const wanted = (name: string) => only === undefined || only === name;
  const lies = Object.keys(LIES).filter(wanted);
  const ground = await openGround(pace, say);
  try {
    const world = await makeWorld(ground);
    // Each waits for windows of its own, so all are told at once.
    const told = await Promise.all(lies.map((name) => tell(world, name)));
    let held = true;
    for (const name of Object.keys(HONEST).filter(wanted)) held = (await hold(world, name)) && held;
    const poorer = told.filter((isPoorer) => isPoorer).length;
    say(`${poorer} of ${lies.length} lies left their makers poorer`);
    return poorer === lies.length && held ? 0 : 1;
  } finally {
    await ground.stop();
  }
}

process.exitCode = await main();
