import { useQuery } from "@tanstack/react-query";
import { useProtocol } from "../../chain/connection.tsx";
import { type Datanet, datanetsQuery, snapshotsQuery } from "../../chain/datanets.ts";
import { previewQuery } from "../../chain/factory.ts";
import { Time } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { orderOf, type StepProps } from "./draft.ts";

/** Step 1: which frozen data, and how a base model will see it. */
export function DataStep(props: StepProps) {
  const query = useQuery(datanetsQuery(useProtocol()));
  return (
    <>
      <Section
        title="Which snapshots should it learn?"
        note="A snapshot is a frozen version of a datanet: its rows never change, so a run on it can be done again by anybody."
      >
        <Loaded query={query} what="the datanets" lines={6}>
          {(datanets) => {
            const frozen = datanets.filter(({ snapshots }) => snapshots > 0);
            return frozen.length === 0 ? (
              <Empty title="No datanet has a snapshot yet.">
                Its owner freezes one when contributions were accepted.
              </Empty>
            ) : (
              <ul className="grid gap-3 md:grid-cols-2">
                {frozen.map((datanet) => (
                  <li key={datanet.datanetId.toString()}>
                    <SnapshotChoice datanet={datanet} {...props} />
                  </li>
                ))}
              </ul>
            );
          }}
        </Loaded>
      </Section>
      {props.draft.snapshots.length === 0 ? null : <RowPreview {...props} />}
    </>
  );
}

function SnapshotChoice({ datanet, draft, change }: StepProps & { datanet: Datanet }) {
  const snapshots = useQuery(snapshotsQuery(useProtocol(), datanet));
  const id = datanet.datanetId.toString();
  const toggle = (number: number, rows: number, isOn: boolean) => {
    const others = draft.snapshots.filter((one) => one.datanetId !== id || one.number !== number);
    change({ snapshots: isOn ? [...others, { datanetId: id, number, rows }] : others });
  };
  return (
    <Card className="h-full">
      <h3 className="font-medium break-words">{datanet.name}</h3>
      <p className="text-xs text-soft">{datanet.licence}</p>
      <div className="mt-2 min-h-8 space-y-1 text-sm">
        {snapshots.data?.map(({ number, rows, frozenAt }) => (
          <label key={number} className="flex items-center gap-2">
            <input
              type="checkbox"
              className="size-4 accent-accent"
              checked={draft.snapshots.some((one) => one.datanetId === id && one.number === number)}
              onChange={(event) => toggle(number, Number(rows), event.target.checked)}
            />
            <span>
              Snapshot {number}: {formatCount(rows)} rows, frozen <Time seconds={frozenAt} />
            </span>
          </label>
        ))}
      </div>
    </Card>
  );
}

function RowPreview({ session, draft, bases }: StepProps) {
  const base = bases.find(({ id }) => id === draft.base) ?? bases[0];
  if (base === undefined) return null;
  const order = orderOf({ ...draft, settings: undefined, heldOut: [] }, base);
  return <Preview session={session} order={order} baseName={base.id} />;
}

function Preview({
  session,
  order,
  baseName,
}: Pick<StepProps, "session"> & { order: ReturnType<typeof orderOf>; baseName: string }) {
  const query = useQuery(previewQuery(session, order));
  return (
    <Section
      title="The first rows as the model sees them"
      note={`Read with the tokenizer and template of the base model ${baseName}, special tokens and all.`}
    >
      <Loaded query={query} what="the rows" lines={12}>
        {({ rows, examples, repeats, skipped, longestRow }) => (
          <>
            <p className="mb-3 text-sm">
              {formatCount(examples)} rows train; {formatCount(repeats)} repeat others and{" "}
              {formatCount(skipped)} do not fit its context. The longest has {formatCount(longestRow)} tokens.
            </p>
            <ol className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
              {rows.map(({ rowId, text, tokens, answerTokens }) => (
                <li key={rowId} className="flex flex-wrap gap-x-4 gap-y-1 px-4 py-2.5">
                  <pre className="min-w-0 flex-1 basis-64 font-mono text-xs break-words whitespace-pre-wrap">
                    {text}
                  </pre>
                  <span className="text-xs whitespace-nowrap text-soft">
                    {tokens} tokens, {answerTokens} learnt
                  </span>
                </li>
              ))}
            </ol>
          </>
        )}
      </Loaded>
    </Section>
  );
}
