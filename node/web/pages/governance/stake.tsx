import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Address } from "../../../chain/types/primitives.ts";
import type { Governed } from "../../../governance/governed.ts";
import {
  collectOrder,
  delegateOrder,
  extendOrder,
  stakeOrder,
  unstakeOrder,
  type VoterStake,
} from "../../../governance/stakes.ts";
import { stakeQuery } from "../../chain/governance.ts";
import { useSigner } from "../../chain/signer.ts";
import { parseAddress } from "../../site/numbers.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { Figure } from "../../ui/figure.tsx";
import { formatOpen, parseOpen } from "../../ui/format.ts";
import { Card, Page, Section } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { ActButton, GovernanceGate } from "./parts.tsx";

const DAY = 86_400n;
/** Locks by their days, with the votes for each wei in 1/10000: see StakedOpen. */
const LOCKS: readonly (readonly [days: bigint, multiplierBps: number, name: string])[] = [
  [0n, 10_000, "none: 1 vote for each OPEN"],
  [182n, 15_000, "half a year: 1.5 votes"],
  [365n, 20_000, "a year: 2 votes"],
  [1_460n, 30_000, "four years: 3 votes"],
];

/** OPEN staked for votes: the connected account's position and every step of it. */
export function StakePage() {
  const signer = useSigner();
  return (
    <Page
      title="Stake and votes"
      lead="Staked OPEN votes, and earns a part of the platform's fees. A lock gives it more votes; a position can't be lent or sold."
    >
      {signer === undefined ? (
        <Empty title="Connect an account first.">
          Its stake, its votes and what waits for it appear here.
        </Empty>
      ) : (
        <GovernanceGate>
          {(governed) => <Position key={signer.address} governed={governed} account={signer.address} />}
        </GovernanceGate>
      )}
    </Page>
  );
}

type Stake = VoterStake & { now: bigint };

function Position({ governed, account }: { governed: Governed; account: Address }) {
  const query = useQuery(stakeQuery(governed, account));
  return (
    <Loaded query={query} what="the stake" lines={9}>
      {(stake) => (
        <>
          <Figures stake={stake} />
          <div className="grid gap-6 md:grid-cols-2">
            <StakeMore governed={governed} stake={stake} />
            <Leave governed={governed} stake={stake} />
            <Delegate governed={governed} stake={stake} account={account} />
            <Earned governed={governed} stake={stake} />
          </div>
        </>
      )}
    </Loaded>
  );
}

function Figures({ stake: { amount, votes, threshold, multiplierBps, lockedUntil, now } }: { stake: Stake }) {
  return (
    <dl className="grid grid-cols-1 gap-3 sm:grid-cols-3">
      <Figure
        name="Staked OPEN"
        value={<Amount wei={amount} unit={false} />}
        note={amount === 0n ? "nothing yet" : `${multiplierBps / 10_000} votes for each`}
      />
      <Figure
        name="Votes"
        value={<Amount wei={votes} unit={false} />}
        note={
          votes >= threshold
            ? "enough to propose"
            : `a proposal needs ${formatOpen(threshold)}; votes of others count where they are given to you`
        }
      />
      <Figure
        name="Lock"
        value={lockedUntil > now ? <Time seconds={Number(lockedUntil)} /> : "none"}
        note={lockedUntil > now ? "then it can be taken out" : "it can be taken out at any time"}
      />
    </dl>
  );
}

function StakeMore({ governed, stake }: { governed: Governed; stake: Stake }) {
  const { at } = governed;
  const [text, setText] = useState("");
  // A position keeps its votes only with a lock as long as the one that gave them.
  const [least = 0n] = LOCKS.find(([, multiplierBps]) => multiplierBps >= stake.multiplierBps) ?? [];
  const [days, setDays] = useState((stake.lockedUntil > stake.now ? least : 0n).toString());
  const amount = parseOpen(text);
  const lock = BigInt(days) * DAY;
  const lockField = (
    <SelectField name="Lock" value={days} onChange={(event) => setDays(event.target.value)}>
      {LOCKS.map(([length, , name]) => (
        <option key={name} value={length.toString()}>
          {name}
        </option>
      ))}
    </SelectField>
  );
  const hasAmount = amount !== undefined && amount > 0n;
  return (
    <Section title="Stake" note="The whole position gets the lock; a lock can grow, not shrink.">
      <Card className="space-y-3">
        <Field
          name="OPEN"
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.target.value)}
          problem={text === "" || hasAmount ? undefined : "Give an amount such as 10 or 0.5."}
          note="It votes in proposals that begin after it was staked."
        />
        {lockField}
        <div className="flex flex-wrap gap-3">
          <ActButton
            governed={governed}
            kind="main"
            label="Stake"
            order={() => stakeOrder(at, amount ?? 0n, lock)}
            why={hasAmount ? undefined : "Give an amount."}
            onDone={() => setText("")}
          />
          {stake.amount > 0n && lock > 0n ? (
            <ActButton governed={governed} label="Only lock longer" order={() => extendOrder(at, lock)} />
          ) : null}
        </div>
      </Card>
    </Section>
  );
}

function Leave({ governed, stake }: { governed: Governed; stake: Stake }) {
  const { amount, lockedUntil, leaving, leavesAt, now } = stake;
  const [text, setText] = useState("");
  const wanted = parseOpen(text);
  const isLocked = lockedUntil > now;
  const problem =
    wanted === undefined || wanted === 0n
      ? "Give an amount."
      : wanted > amount
        ? `The position has ${formatOpen(amount)}.`
        : undefined;
  const why = amount === 0n ? "Nothing is staked." : isLocked ? "It is locked." : problem;
  return (
    <Section title="Take it out" note="Its votes go at once, the coins after a delay.">
      <Card className="space-y-3">
        <Field
          name="OPEN to take out"
          inputMode="decimal"
          value={text}
          disabled={amount === 0n || isLocked}
          onChange={(event) => setText(event.target.value)}
          problem={text === "" ? undefined : problem}
        />
        <ActButton
          governed={governed}
          label="Take out"
          order={() => unstakeOrder(governed.at, wanted ?? 0n)}
          why={why}
          onDone={() => setText("")}
        />
        {leaving === 0n ? null : (
          <div className="space-y-2 border-t border-line pt-3 text-sm">
            <p>
              <Amount wei={leaving} /> leaves; free <Time seconds={Number(leavesAt)} />.
            </p>
            <ActButton
              governed={governed}
              label="Withdraw"
              order={() => collectOrder(governed.at, "withdraw")}
              why={leavesAt > now ? "Its time has not come." : undefined}
            />
            <p className="text-soft">
              It goes to the account's balance on the page <ToRewards />.
            </p>
          </div>
        )}
      </Card>
    </Section>
  );
}

function ToRewards() {
  return (
    <Link to="/rewards" className="text-accent hover:underline">
      Rewards
    </Link>
  );
}

function Delegate({ governed, stake, account }: { governed: Governed; stake: Stake; account: Address }) {
  const [text, setText] = useState("");
  const to = parseAddress(text);
  const isOwn = stake.delegate === account || /^0x0{40}$/.test(stake.delegate);
  return (
    <Section title="Who votes with it" note="Votes can be given to another account; the coins stay yours.">
      <Card className="space-y-3">
        <p className="text-sm">
          {isOwn ? (
            "You vote with it yourself."
          ) : (
            <>
              <Hex hex={stake.delegate} what="address" /> votes with it.
            </>
          )}
        </p>
        <Field
          name="Give the votes to"
          value={text}
          placeholder="0x…"
          onChange={(event) => setText(event.target.value)}
          problem={
            text === "" || to !== undefined ? undefined : "An address has 0x and 40 hexadecimal digits."
          }
        />
        <div className="flex flex-wrap gap-3">
          <ActButton
            governed={governed}
            label="Delegate"
            order={() => delegateOrder(governed.at, to!)}
            why={to === undefined ? "Give an address." : undefined}
            onDone={() => setText("")}
          />
          {isOwn ? null : (
            <ActButton
              governed={governed}
              label="Take them back"
              order={() => delegateOrder(governed.at, account)}
            />
          )}
        </div>
      </Card>
    </Section>
  );
}

function Earned({ governed, stake: { rewards } }: { governed: Governed; stake: Stake }) {
  return (
    <Section title="Earned" note="The stakers' part of the platform's fees, by votes.">
      <Card className="space-y-3">
        <p className="text-2xl font-semibold">
          <Amount wei={rewards} />
        </p>
        <ActButton
          governed={governed}
          label="Claim"
          order={() => collectOrder(governed.at, "claimRewards")}
          why={rewards === 0n ? "Nothing is there yet." : undefined}
        />
        <p className="text-sm text-soft">
          It goes to the account's balance on the page <ToRewards />, where it is withdrawn.
        </p>
      </Card>
    </Section>
  );
}
