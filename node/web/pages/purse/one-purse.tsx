import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useProtocol } from "../../chain/connection.tsx";
import { useLive } from "../../chain/live-provider.tsx";
import { type HeldPurse, startWithdraw, withdrawPurse } from "../../chain/purse.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Figure } from "../../ui/figure.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { SendButton } from "../send-button.tsx";
import { AmountField, useAmount } from "./amount-field.tsx";
import { HostsBook } from "./hosts-book.tsx";

interface PurseProps {
  purse: HeldPurse;
  /** It is for this node's own host. */
  isHere: boolean;
  /** Seconds until what is taken back has left. */
  delay: bigint;
  /** Second of the chain's clock. */
  now: bigint;
}

/** A purse: what it has by the chain, what its host says of it, and how OPEN comes back. */
export function OnePurse({ purse, isHere, delay, now }: PurseProps) {
  const { host, balance, spent, leaving, leavesAt } = purse;
  return (
    <Section
      title={isHere ? "For this node's host" : "For another host"}
      aside={
        <span className="text-sm">
          <Hex hex={host} what="address" />
        </span>
      }
    >
      <div className="space-y-4">
        <dl className="grid grid-cols-1 gap-3 sm:grid-cols-3">
          <Figure name="In the purse" value={<Amount wei={balance} />} note="what vouchers can still take" />
          <Figure name="Spent" value={<Amount wei={spent} />} note="in epochs that were closed, so far" />
          <Figure
            name="Leaving"
            value={<Amount wei={leaving} />}
            note={
              leaving === 0n ? (
                "nothing is taken back"
              ) : (
                <>
                  yours <Time seconds={Number(leavesAt)} />; until then the host can still take it
                </>
              )
            }
          />
        </dl>
        <div className="grid gap-4 md:grid-cols-2">
          <TakeBack purse={purse} isHere={isHere} delay={delay} now={now} />
          <HostsBook host={host} isHere={isHere} />
        </div>
      </div>
    </Section>
  );
}

function TakeBack({ purse: { host, balance, leaving, leavesAt }, delay, now }: PurseProps) {
  const protocol = useProtocol();
  const queries = useQueryClient();
  const amount = useAmount(leaving > 0n);
  const { head } = useLive();
  const isOver = leaving > 0n && BigInt(head?.timestamp ?? now) > leavesAt;
  const tooMuch = amount.wei !== undefined && amount.wei > balance ? "The purse has less." : undefined;
  return (
    <Card className="space-y-3">
      <h3 className="text-sm font-medium">Take OPEN back</h3>
      <AmountField
        amount={amount}
        name="OPEN to take back"
        note={`It leaves after ${formatCount(delay)} s, in place of what leaves now; the host may still take for answers until then.`}
      />
      <SendButton
        label="Start a withdrawal"
        send={(signer) => startWithdraw(protocol, signer, host, amount.wei!)}
        why={balance === 0n ? "The purse is empty." : (amount.why ?? tooMuch)}
        onDone={amount.clear}
      />
      {leaving === 0n ? null : (
        <SendButton
          kind="main"
          label="Withdraw"
          send={(signer) => withdrawPurse(protocol, signer, host)}
          why={isOver ? undefined : "It still waits."}
          onDone={() => void queries.invalidateQueries()}
        />
      )}
      <p className="text-sm text-soft">
        What left stands on the page{" "}
        <Link to="/rewards" className="text-accent underline">
          Rewards
        </Link>
        , where it is drawn.
      </p>
    </Card>
  );
}
