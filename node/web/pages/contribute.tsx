import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type DragEvent, useEffect, useState } from "react";
import { useProtocol } from "../chain/connection.tsx";
import { draftOf, pursue, type ReadFile, readFile, STEPS, type Step } from "../chain/contribute.ts";
import { datanetQuery } from "../chain/datanets.ts";
import { type Draft, draftsOf } from "../chain/drafts.ts";
import { LIVE } from "../chain/live-provider.tsx";
import { useSigner } from "../chain/signer.ts";
import { requireSigner } from "../chain/transact.ts";
import { parseNumber } from "../site/numbers.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Amount } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Badge, Card, Page, Section } from "../ui/layout.tsx";
import { RowList } from "../ui/row-list.tsx";
import { Empty, Problem } from "../ui/states.tsx";
import { ModelView } from "./model-view.tsx";

/** Files of one drop. */
const MOST_FILES = 20;

/** Puts files into a datanet: see what would go in, stake, and follow it to the end. */
export function ContributePage() {
  const { datanet: text } = useParams({ from: "/protocol/datanets/$datanet/contribute" });
  const id = parseNumber(text);
  if (id === undefined)
    return (
      <Page title="Contribute">
        <Empty title="A datanet has a number.">Choose one on the page Datanets.</Empty>
      </Page>
    );
  return <ContributeTo datanetId={id} />;
}

interface Read {
  name: string;
  result: ReadFile | Error;
}

function ContributeTo({ datanetId }: { datanetId: bigint }) {
  const protocol = useProtocol();
  const { data: datanet, isPending } = useQuery(datanetQuery(protocol, datanetId));
  const [files, setFiles] = useState<readonly Read[]>([]);
  const drafts = useQuery({
    queryKey: ["drafts", protocol.genesis, datanetId.toString()],
    queryFn: () => draftsOf(protocol.genesis, datanetId),
  });
  const take = async (list: FileList | null) => {
    const chosen = [...(list ?? [])].slice(0, MOST_FILES);
    const read = await Promise.all(
      chosen.map(async (file): Promise<Read> => {
        try {
          return { name: file.name, result: await readFile(file) };
        } catch (error) {
          return { name: file.name, result: error instanceof Error ? error : new Error(String(error)) };
        }
      }),
    );
    setFiles(read);
  };
  return (
    <Page
      title="Contribute"
      lead={`Your rows go into ${datanet?.name ?? `datanet ${datanetId}`}${datanet === undefined ? "" : `, under ${datanet.licence}`}. They stay in this browser until you stake.`}
      isLeadComing={isPending}
    >
      {drafts.data === undefined || drafts.data.length === 0 ? null : (
        <Section title="On their way" note="Begun in this browser and not at their end yet.">
          <ul className="space-y-3">
            {drafts.data.map((draft) => (
              <li key={draft.rowsRoot}>
                <Progress draft={draft} name={draft.name} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <DropPlace onFiles={(list) => void take(list)} />
      {files.map((file) => (
        <FileCard key={file.name} file={file} datanetId={datanetId} stake={datanet?.stake} />
      ))}
      <Link
        to="/datanets/$datanet"
        params={{ datanet: datanetId.toString() }}
        className={buttonClass("quiet")}
      >
        Back to the datanet
      </Link>
    </Page>
  );
}

function DropPlace({ onFiles }: { onFiles: (files: FileList | null) => void }) {
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles(event.dataTransfer.files);
  };
  return (
    <label
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={`block cursor-pointer rounded-lg border-2 border-dashed p-10 text-center focus-within:outline-2 focus-within:outline-accent ${isOver ? "border-accent bg-raised" : "border-line"}`}
    >
      <span className="font-medium">Drop files here, or choose them</span>
      <span className="mt-1 block text-sm text-soft">
        .txt and .md give one row a sentence; .jsonl gives one row a line, with prompt and completion, or with
        messages; .csv gives one row a line below a header with prompt and completion.
      </span>
      <input
        type="file"
        multiple
        accept=".txt,.md,.jsonl,.csv"
        className="sr-only"
        onChange={(event) => {
          onFiles(event.target.files);
          event.target.value = "";
        }}
      />
    </label>
  );
}

function FileCard({
  file: { name, result },
  datanetId,
  stake,
}: {
  file: Read;
  datanetId: bigint;
  stake: bigint | undefined;
}) {
  if (result instanceof Error)
    return (
      <Section title={name}>
        <Problem error={result} />
      </Section>
    );
  const { rows, repeats, ignored } = result;
  const left = Object.entries({
    headings: ignored.headings,
    "code blocks": ignored.codeBlocks,
    tables: ignored.tables,
    "other columns": ignored.columns,
  }).filter(([, count]) => count > 0);
  return (
    <Section
      title={name}
      note={
        <>
          {formatCount(rows.length)} rows
          {repeats.size > 0
            ? `, ${formatCount(repeats.size)} repeat an earlier one and will earn nothing`
            : ""}
          {left.length > 0
            ? `; left out: ${left.map(([what, count]) => `${what} (${count})`).join(", ")}`
            : ""}
        </>
      }
    >
      <div className="space-y-4">
        <Send file={result} datanetId={datanetId} stake={stake} />
        <ModelView file={result.file} />
        <RowList
          label={`Rows of ${name}`}
          rows={rows.map((row, number) => ({
            row,
            number,
            note: repeats.has(number) ? <Badge tone="warn">repeat</Badge> : undefined,
          }))}
        />
      </div>
    </Section>
  );
}

function Send({ file, datanetId, stake }: { file: ReadFile; datanetId: bigint; stake: bigint | undefined }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const starting = useMutation({ mutationFn: () => draftOf(protocol, datanetId, file) });
  if (starting.data !== undefined) return <Progress draft={starting.data} name={file.name} isStarted />;
  return (
    <Card>
      <div className="flex flex-wrap items-center justify-between gap-3 text-sm">
        <p>
          The stake{stake === undefined ? "" : " of "}
          {stake === undefined ? null : <Amount wei={stake} />} comes back some time after the reviewers
          accept; it is lost if they reject.
        </p>
        <Button
          kind="main"
          disabled={signer === undefined || starting.isPending}
          onClick={() => starting.mutate()}
        >
          {signer === undefined ? "Connect an account to stake" : "Stake and contribute"}
        </Button>
      </div>
      {starting.error === null ? null : (
        <div className="mt-3">
          <Problem error={starting.error} />
        </div>
      )}
    </Card>
  );
}

const WORDS: Readonly<Record<Step, string>> = {
  commit: "Commit to the rows, with the stake",
  store: "Sign for room on the node, and put the document into its store",
  reveal: "Reveal the rows to the reviewers",
};

function Progress({ draft, name, isStarted = false }: { draft: Draft; name: string; isStarted?: boolean }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const queries = useQueryClient();
  const [step, setStep] = useState<Step>();
  const pursuing = useMutation({
    mutationFn: () => pursue(protocol, requireSigner(signer), draft, setStep),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: [LIVE] });
    },
  });
  const { mutate, isPending, data, error } = pursuing;
  useEffect(() => {
    if (isStarted) mutate();
  }, [isStarted, mutate]);
  const at = data === undefined ? (step === undefined ? -1 : STEPS.indexOf(step)) : STEPS.length;
  return (
    <Card>
      <p className="font-medium">{name}</p>
      <ol className="mt-2 space-y-1 text-sm">
        {STEPS.map((one, i) => (
          <li key={one} className={i <= at ? "" : "text-soft"}>
            <span aria-hidden>{i < at ? "✓" : i === at ? "●" : "○"}</span> {WORDS[one]}
            {i === at && isPending ? " …" : ""}
          </li>
        ))}
      </ol>
      {data === undefined ? null : (
        <p role="status" className="mt-2 text-sm text-good">
          Contribution {data.toString()} waits for its review.
        </p>
      )}
      {error === null ? null : (
        <div className="mt-3">
          <Problem error={error} onRetry={() => mutate()} />
        </div>
      )}
      {isPending || data !== undefined || error !== null ? null : (
        <Button className="mt-3" disabled={signer === undefined} onClick={() => mutate()}>
          {signer === undefined ? "Connect the account that began it" : "Go on"}
        </Button>
      )}
    </Card>
  );
}
