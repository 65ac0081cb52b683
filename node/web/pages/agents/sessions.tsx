import { type ChangeEvent, useState } from "react";
import type { OpenSession } from "../../../agents/open-sessions.ts";
import { revokeOrder } from "../../../agents/orders.ts";
import type { AllowedCall } from "../../../agents/session.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { type Agents, callsOf, type WholeAgent } from "../../chain/agents.ts";
import { keepSession, keptSession } from "../../chain/session-files.ts";
import { useSigner } from "../../chain/signer.ts";
import { saveFile } from "../../site/save-file.ts";
import { Button } from "../../ui/button.tsx";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { formatShare } from "../../ui/format.ts";
import { Badge, Card, Cell, Section, Table } from "../../ui/layout.tsx";
import { Empty } from "../../ui/states.tsx";
import { OrderButton, TokenAmount, TokenName } from "./parts.tsx";
import { SessionForm } from "./session-form.tsx";

/** Bytes of a session's file that is opened. */
const MOST_BYTES = 1 << 18;

/** The keys that may act for an agent, their limits, and what they used of them today. */
export function Sessions({ agents, whole }: { agents: Agents; whole: WholeAgent }) {
  const signer = useSigner();
  const { agent, sessions, now } = whole;
  const isOwner = signer?.address === agent.owner;
  return (
    <Section
      title="Sessions"
      note="A key may do what its session says, and nothing else: until a time, within limits, the calls that its file lists."
    >
      <div className="space-y-4">
        {sessions.length === 0 ? (
          <Empty title="No key may act for it." />
        ) : (
          <ul className="space-y-4">
            {sessions.map((session) => (
              <li key={session.key}>
                <SessionCard
                  agents={agents}
                  session={session}
                  account={agent.account}
                  now={now}
                  canRevoke={isOwner || signer?.address === session.key}
                />
              </li>
            ))}
          </ul>
        )}
        {isOwner ? <SessionForm agents={agents} agent={agent} /> : null}
      </div>
    </Section>
  );
}

function SessionCard({
  agents,
  session,
  account,
  now,
  canRevoke,
}: {
  agents: Agents;
  session: OpenSession;
  account: Address;
  now: bigint;
  canRevoke: boolean;
}) {
  const { key, from, until, root } = session;
  return (
    <Card className="space-y-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="text-sm font-medium">
          <Hex hex={key} what="key" />
        </h3>
        {now >= until ? (
          <Badge>over</Badge>
        ) : now < from ? (
          <Badge tone="warn">has not begun</Badge>
        ) : (
          <Badge tone="good">may act</Badge>
        )}
      </div>
      <p className="text-xs text-soft">
        from <Time seconds={Number(from)} />, until <Time seconds={Number(until)} />
      </p>
      <Limits session={session} />
      <Calls key={root} session={session} account={account} />
      {canRevoke ? (
        <OrderButton agents={agents} label="Revoke it" order={() => revokeOrder({ account }, key)} />
      ) : null}
    </Card>
  );
}

function Limits({ session: { limits, key } }: { session: OpenSession }) {
  if (limits.length === 0) return <p className="text-sm">It may spend nothing.</p>;
  return (
    <Table caption={`Limits of ${key}`} head={["Of", "A call", "A day", "Used today"]}>
      {limits.map(({ token, perCall, perDay, spentToday }) => (
        <tr key={token}>
          <Cell>
            <TokenName token={token} />
          </Cell>
          <Cell>
            <TokenAmount amount={perCall} token={token} />
          </Cell>
          <Cell>
            <TokenAmount amount={perDay} token={token} />
          </Cell>
          <Cell>
            <TokenAmount amount={spentToday} token={token} />
            {perDay > 0n ? <span className="text-soft"> ({formatShare(spentToday, perDay)})</span> : null}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

/** What a session allows: from its file, since the chain has the root of it alone. */
function Calls({ session: { root, key }, account }: { session: OpenSession; account: Address }) {
  const [source, setSource] = useState(() => keptSession(root));
  const calls = source === undefined ? undefined : callsOf(source, account, root);
  if (calls !== undefined && source !== undefined)
    return (
      <div className="space-y-2">
        <CallList calls={calls} />
        <Button kind="quiet" onClick={() => saveFile(`session-${key}.json`, "application/json", source)}>
          Save its file
        </Button>
      </div>
    );
  const open = async (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? [];
    event.target.value = "";
    if (file === undefined) return;
    const text = file.size > MOST_BYTES ? "" : await file.text();
    setSource(text);
    if (callsOf(text, account, root) !== undefined) keepSession(root, text);
  };
  return (
    <div className="text-sm">
      <p className="text-soft">
        The chain has only the root of its calls, <Hex hex={root} what="root" />. Its file shows them:
      </p>
      <label className="mt-1 inline-flex cursor-pointer items-center gap-2 text-accent focus-within:outline-2 focus-within:outline-accent">
        Open the file
        <input type="file" accept=".json" className="sr-only" onChange={(event) => void open(event)} />
      </label>
      {source === undefined ? null : (
        <p role="alert" className="mt-1 text-bad">
          That is not this session's file: its calls have another root.
        </p>
      )}
    </div>
  );
}

function CallList({ calls }: { calls: readonly AllowedCall[] }) {
  return (
    <div>
      <p className="text-sm text-soft">It may call</p>
      <ul className="mt-1 space-y-1 text-sm">
        {calls.map(({ item, rule }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a call has a place in its file and no name
          <li key={i} className="min-w-0">
            <code className="font-mono text-xs break-all">
              {item.name}({item.inputs.map((input, at) => describeInput(input, rule, at)).join(", ")})
            </code>{" "}
            of <Hex hex={rule.target} what="target" />
            {rule.maxValue > 0n ? (
              <>
                {" "}
                with <Amount wei={rule.maxValue} /> at most
              </>
            ) : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** An argument: its name, and the word that it is fixed to. */
function describeInput(
  { name, type }: AllowedCall["item"]["inputs"][number],
  { fixedWords, words }: AllowedCall["rule"],
  at: number,
): string {
  const isFixed = (index: number) => Math.floor(fixedWords / 2 ** index) % 2 === 1;
  const text = `${type} ${name ?? at}`;
  if (!isFixed(at)) return text;
  const place = Array.from({ length: at }, (_, i) => i).filter(isFixed).length;
  const word = words[place] ?? "0x";
  return `${text} = ${type === "address" ? `0x${word.slice(-40)}` : type.startsWith("uint") ? BigInt(word).toString() : word}`;
}
