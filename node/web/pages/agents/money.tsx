import { useState } from "react";
import { endOrder, executeOrder, stakeOrder } from "../../../agents/orders.ts";
import type { TransactionOrder } from "../../../ai/client/chain.ts";
import type { Agents, WholeAgent } from "../../chain/agents.ts";
import { useSigner } from "../../chain/signer.ts";
import { Field } from "../../ui/field.tsx";
import { formatOpen, parseOpen } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { OrderButton } from "./parts.tsx";

/** OPEN into the account and out of it, and the stake: what the connected account may move. */
export function AgentMoney({ agents, whole }: { agents: Agents; whole: WholeAgent }) {
  return (
    <Section title="OPEN of the agent">
      <Card className="space-y-4">
        <Move agents={agents} whole={whole} />
        <End agents={agents} whole={whole} />
      </Card>
    </Section>
  );
}

function Move({ agents, whole: { agent } }: { agents: Agents; whole: WholeAgent }) {
  const signer = useSigner();
  const [text, setText] = useState("");
  const amount = parseOpen(text);
  const isGood = amount !== undefined && amount > 0n;
  const why = isGood ? undefined : "Give an amount.";
  const isTooMuch = isGood && amount > agent.balance ? `It holds ${formatOpen(agent.balance)}.` : undefined;
  const isOwner = signer?.address === agent.owner;
  const button = (label: string, order: () => TransactionOrder, reason: string | undefined) => (
    <OrderButton agents={agents} label={label} order={order} why={reason} onDone={() => setText("")} />
  );
  return (
    <div className="space-y-3">
      <Field
        name="OPEN"
        inputMode="decimal"
        value={text}
        onChange={(event) => setText(event.target.value)}
        problem={text === "" || isGood ? undefined : "Give an amount such as 10 or 0.5."}
        note="Anybody may add to an account or a stake; its owner alone takes out."
      />
      <div className="flex flex-wrap gap-3">
        {button("Fund the account", () => ({ to: agent.account, data: "0x", value: amount ?? 0n }), why)}
        {button("Add to the stake", () => stakeOrder(agents.at, agent.id, amount ?? 0n), why)}
        {isOwner
          ? button(
              "Take it out",
              () => executeOrder(agent, { target: agent.owner, value: amount ?? 0n, data: "0x" }),
              why ?? isTooMuch,
            )
          : null}
      </div>
    </div>
  );
}

/** The end of an agent: its owner retires it, anybody returns the stake when its time has come. */
function End({ agents, whole: { agent, now } }: { agents: Agents; whole: WholeAgent }) {
  const signer = useSigner();
  const [isSure, setSure] = useState(false);
  const canRetire = signer?.address === agent.owner && agent.stake > 0n;
  if (!canRetire && agent.leaving === 0n) return null;
  return (
    <div className="space-y-3 border-t border-line pt-4">
      {canRetire ? (
        <>
          <label className="flex items-start gap-2 text-sm">
            <input
              type="checkbox"
              className="mt-1"
              checked={isSure}
              onChange={(event) => setSure(event.target.checked)}
            />
            Stop the agent: it acts no more, and its stake leaves after a delay.
          </label>
          <OrderButton
            agents={agents}
            label="Retire it"
            order={() => endOrder(agents.at, "retire", agent.id)}
            why={isSure ? undefined : "Say that you mean it."}
            onDone={() => setSure(false)}
          />
        </>
      ) : null}
      {agent.leaving === 0n ? null : (
        <OrderButton
          agents={agents}
          label="Return the stake to its owner"
          order={() => endOrder(agents.at, "withdraw", agent.id)}
          why={now <= agent.leavesAt ? "It is not free yet." : undefined}
        />
      )}
    </div>
  );
}
