import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CIRCLE_REVIEWERS } from "../../devnet/circle.ts";
import { jsonRpc } from "../../devnet/json-rpc.ts";
import { rewardBalance } from "../../node/ai/client/balances.ts";
import { getGrant } from "../../node/circle/grants.ts";
import { fundBooks } from "../../node/circle/money.ts";
import { getPanel } from "../../node/circle/panels.ts";
import { until } from "../e2e/program.ts";
import { type Ground, openGround } from "../governance/ground.ts";

const LONG = 280_000;

interface Shown {
  state: string;
  amount: string;
  released: string;
  next: { what: string; step?: string }[];
  done?: string[];
}

let ground: Ground;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "circle-"));
  ground = await openGround();
}, LONG);
afterAll(async () => {
  await ground?.stop();
  await rm(folder, { recursive: true, force: true });
});

const circle = (...args: string[]) => ground.cli.json(["circle", ...args]) as Promise<Shown>;
const circleBy = (key: string, ...args: string[]) =>
  ground.cli.json(["circle", ...args], key) as Promise<Shown>;
const chainTime = async () => (await ground.l2.public.getBlock()).timestamp;

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Whoever does the steps that anybody may do, while the reviewers judge. */
async function judge(grant: string, points: string): Promise<Shown> {
  const walk = circleBy("alba", "advance", grant, "--wait");
  walk.catch(() => undefined);
  const drawn = await until(
    "the panel is drawn",
    async () => {
      const { panel } = await getGrant(ground.l2, ground.circle, BigInt(grant));
      const judges = await getPanel(ground.l2, ground.circle, panel);
      return judges.state === "drawn" ? judges : undefined;
    },
    LONG,
  );
  const scores = () =>
    ground.slowly(() =>
      Promise.all(CIRCLE_REVIEWERS.map((key) => circleBy(key, "score", grant, points, "I have looked"))),
    );
  await scores();
  await until(
    "scores can be revealed",
    async () => (await chainTime()) > drawn.commitUntil || undefined,
    LONG,
  );
  await scores();
  return walk;
}

describe("OpenCircle on a devnet", { timeout: LONG }, () => {
  it("begins with a fund, budgets, reviewers and an application", async () => {
    const books = await fundBooks(ground.l2, ground.circle);
    expect(books).toMatchObject({ funded: parseEther("25000"), capped: parseEther("3120"), committed: 0n });
    const shown = await circle("show", "1");
    expect(shown).toMatchObject({ state: "applied", next: [{ step: "callPanel" }] });
    const { signal } = new AbortController();
    expect(await jsonRpc(ground.l2.rpcUrl, "openledger_circle", [], signal)).toEqual(ground.circle);
  });

  it("judges an application, approves it at the day's price, and releases a milestone by a vote", async () => {
    const approved = await judge("1", "75");
    expect(approved).toMatchObject({ state: "active", amount: parseEther("25").toString() });
    const books = await fundBooks(ground.l2, ground.circle);
    expect(books).toMatchObject({ committed: parseEther("25"), released: 0n });
    const before = await rewardBalance(ground.l2, ground.protocol, ground.dev("edda").address);
    await circleBy("edda", "report", "1", await file("evidence.md", "A thousand rows"));
    const released = await judge("1", "60");
    expect(released).toMatchObject({ state: "active", released: parseEther("5").toString() });
    const after = await rewardBalance(ground.l2, ground.protocol, ground.dev("edda").address);
    expect(after - before).toBe(parseEther("5"));
  });

  it("keeps those with a conflict from a panel, and says what to do", async () => {
    const example = JSON.stringify(await circle("example"));
    await circleBy("paula", "apply", await file("application.json", example));
    await circleBy("rita", "conflict", "2", "my sister's");
    await expect(circleBy("alba", "advance", "2", "--wait")).rejects.toThrow(/2 reviewers may judge this/);
    expect(await circleBy("paula", "withdraw", "2")).toMatchObject({ state: "withdrawn" });
    await expect(circleBy("paula", "lapse", "1")).rejects.toThrow(/is not overdue before/);
    await expect(circleBy("paula", "lapse", "2")).rejects.toThrow(/GrantStatus/);
    await expect(circle("apply", await file("bad.json", "{}"))).rejects.toThrow(/KEY_MISSING|no application/);
    await expect(circleBy("paula", "report", "1", join(folder, "bad.json"))).rejects.toThrow(
      /is not the payee/,
    );
  });

  it("has services attested by both sides", async () => {
    const terms = await file("terms.md", "Forty hours until spring");
    const { offer } = (await circleBy("paula", "offer", "1", "technical-hours", "40", terms)) as unknown as {
      offer: string;
    };
    await expect(circleBy("paula", "confirm", offer, "10", terms)).rejects.toThrow(/NotGrantee/);
    await circleBy("edda", "confirm", offer, "10", terms);
    await expect(circleBy("edda", "confirm", offer, "31", terms)).rejects.toThrow(/30 of this offer/);
    expect(await circle("services", "1")).toMatchObject({
      offers: [{ uid: offer, kind: "technical-hours", amount: 40, delivered: "10" }],
    });
  });

  it("has offers taken back by who made them, as long as nothing was delivered", async () => {
    const terms = await file("more-terms.md", "Ten hours in summer");
    const { offer } = (await circleBy("paula", "offer", "1", "technical-hours", "10", terms)) as unknown as {
      offer: string;
    };
    await expect(circleBy("edda", "take-back", offer)).rejects.toThrow(/reverted/);
    await expect(circleBy("paula", "take-back", "1")).rejects.toThrow(/"1" is no offer/);
    await circleBy("paula", "take-back", offer);
    const { offers } = (await circle("services", "1")) as unknown as {
      offers: { uid: string; isWithdrawn: boolean }[];
    };
    expect(offers.find(({ uid }) => uid === offer)).toMatchObject({ isWithdrawn: true, delivered: "0" });
    const delivered = offers.find(({ uid }) => uid !== offer)!;
    await expect(circleBy("paula", "take-back", delivered.uid)).rejects.toThrow(/OfferUsed/);
    await expect(circleBy("edda", "confirm", offer, "1", terms)).rejects.toThrow(/OfferUnknown/);
  });

  it("is governed by votes: a budget is set, and what is not released is clawed back", async () => {
    const by = (key: string, ...args: string[]) => ground.cli.json(["governance", ...args], key);
    await by("stan", "stake", "1000", "--lock", "365");
    const calls = [
      `circleFund.setBudget(1, 2, 100000, ${parseEther("100")})`,
      `circle.clawBack(1, 0x${"ab".repeat(32)})`,
    ];
    const number = await ground.slowly(async () => {
      const proposed = (await by("stan", "propose", "A mistake", ...calls)) as { number: number };
      await by("stan", "vote", String(proposed.number), "for", "--wait");
      return proposed.number;
    });
    await by("bruno", "queue", String(number), "--wait");
    await by("bruno", "execute", String(number), "--wait");
    expect(await circle("show", "1")).toMatchObject({ state: "clawed back", next: [] });
    const books = await fundBooks(ground.l2, ground.circle, 1);
    expect(books).toMatchObject({ committed: 0n, released: parseEther("5"), capped: parseEther("3220") });
    expect(books.budgets[2]).toMatchObject({ focus: "agents", usd: 100_000n, cap: parseEther("100") });
  });
});
