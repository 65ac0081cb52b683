import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { KeyList } from "../../../ai/openai/key-book.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { keysQuery } from "../../chain/keys.ts";
import type { Session } from "../../chain/session.ts";
import { Copy, Time } from "../../ui/exact.tsx";
import { Figure } from "../../ui/figure.tsx";
import { formatCount } from "../../ui/format.ts";
import { Badge, Card, Cell, Page, Section, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { SignInGate } from "../sign-in-gate.tsx";
import { KeySteps } from "./key-steps.tsx";
import { NewKey } from "./new-key.tsx";
import { Snippet } from "./snippet.tsx";

/** Keys by which programs ask this node's models as they ask OpenAI's. */
export function KeysPage() {
  const { freeKey, hasKeys } = useProtocol().site;
  const [made, setMade] = useState<string>();
  return (
    <Page
      title="API keys"
      lead={
        <>
          Programs ask this node's models through OpenAI's API, at /v1. Such answers are free and have no
          receipt, unless your{" "}
          <Link to="/purse" className="text-accent underline">
            purse
          </Link>{" "}
          pays for them; the rows that made one come with it on request.
        </>
      }
    >
      {freeKey === undefined ? null : <FreeKey apiKey={freeKey} />}
      {hasKeys ? (
        <SignInGate why="Keys take this node's machine: it wants to know whose they are.">
          {(session) => <OwnKeys session={session} made={made} onMade={setMade} />}
        </SignInGate>
      ) : (
        <Empty title="This node makes no keys.">
          Its operator says who may have some: --openai-accounts.
        </Empty>
      )}
      <Snippet apiKey={made ?? freeKey} />
    </Page>
  );
}

function FreeKey({ apiKey }: { apiKey: string }) {
  return (
    <Card className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
      <Badge tone="warn">devnet</Badge>
      <span>Everybody may use this key, without a limit:</span>
      <span className="inline-flex items-center gap-1">
        <code className="rounded bg-raised px-2 py-1 font-mono text-xs">{apiKey}</code>
        <Copy text={apiKey} what="the key" />
      </span>
    </Card>
  );
}

function OwnKeys({
  session,
  made,
  onMade,
}: {
  session: Session;
  made: string | undefined;
  onMade: (key: string) => void;
}) {
  const query = useQuery(keysQuery(session));
  const refresh = () => void query.refetch();
  return (
    <>
      <NewKey
        session={session}
        onMade={(key) => {
          onMade(key);
          refresh();
        }}
      />
      {made === undefined ? null : <Made apiKey={made} />}
      <Section title="Your keys">
        <Loaded query={query} what="your keys" lines={5}>
          {(list) => <KeyTable list={list} session={session} onChange={refresh} />}
        </Loaded>
      </Section>
    </>
  );
}

/** The only place where a key is ever told. */
function Made({ apiKey }: { apiKey: string }) {
  return (
    <div role="status" className="rounded-lg border border-accent/60 bg-surface p-4 text-sm sm:p-5">
      <p className="font-medium">Your new key. It is shown this once: keep it now.</p>
      <p className="mt-2 flex items-center gap-1">
        <code className="min-w-0 rounded bg-raised px-2 py-1 font-mono text-xs break-all" data-testid="key">
          {apiKey}
        </code>
        <Copy text={apiKey} what="the key" />
      </p>
    </div>
  );
}

function KeyTable({ list, session, onChange }: { list: KeyList; session: Session; onChange: () => void }) {
  const { keys, dayTokens, dailyTokens } = list;
  return (
    <div className="space-y-4">
      <dl className="grid gap-3 sm:grid-cols-2">
        <Figure
          name="Tokens today"
          value={formatCount(dayTokens)}
          note={`of ${formatCount(dailyTokens)} for all your keys; counted anew at midnight UTC`}
        />
        <Figure
          name="Tokens so far"
          value={formatCount(keys.reduce((sum, { tokens }) => sum + tokens, 0))}
          note={`in ${formatCount(keys.reduce((sum, { requests }) => sum + requests, 0))} requests of the keys below`}
        />
      </dl>
      {keys.length === 0 ? (
        <Empty title="You have no keys yet." />
      ) : (
        <Table
          caption="Your keys"
          head={["Name", "Key", "Made", "Last used", "Requests", "Tokens", "Today", "Steps"]}
        >
          {keys.map((key) => (
            <tr key={key.keyId}>
              <Cell className="min-w-32 font-medium break-words">{key.name}</Cell>
              <Cell className="font-mono text-xs whitespace-nowrap">{key.hint}</Cell>
              <Cell>
                <Time seconds={key.createdAt} />
              </Cell>
              <Cell>{key.lastUsedAt === null ? "never" : <Time seconds={key.lastUsedAt} />}</Cell>
              <Cell className="tabular-nums">{formatCount(key.requests)}</Cell>
              <Cell className="tabular-nums">{formatCount(key.tokens)}</Cell>
              <Cell className="whitespace-nowrap tabular-nums">
                {formatCount(key.dayTokens)}
                {key.dailyTokens === null ? "" : ` of ${formatCount(key.dailyTokens)}`}
              </Cell>
              <Cell>
                <KeySteps session={session} keyId={key.keyId} name={key.name} onChange={onChange} />
              </Cell>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}
