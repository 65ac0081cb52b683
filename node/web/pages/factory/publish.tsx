import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { FeeSplit } from "../../../ai/client/models.ts";
import { NO_ORIGINS, type Origins } from "../../../ai/client/register.ts";
import type { Job, JobResult } from "../../../ai/factory/job.ts";
import { ZERO_ADDRESS } from "../../../chain/constants.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { boundsQuery, modelOfJobQuery, originsQuery, publish } from "../../chain/factory.ts";
import { useSigner } from "../../chain/signer.ts";
import { requireSigner } from "../../chain/transact.ts";
import { Button } from "../../ui/button.tsx";
import { Amount } from "../../ui/exact.tsx";
import { Field } from "../../ui/field.tsx";
import { formatDuration, parseOpen } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { Loaded, Problem } from "../../ui/states.tsx";

/** In percent, as the form has them. */
export type Percents = Record<keyof FeeSplit, number>;
const USUAL: Percents = { contributors: 50, owner: 20, host: 20, stakers: 10 };
const PARTS = Object.keys(USUAL) as (keyof FeeSplit)[];

/** Registers what the run made: its rates, its split, one signature. */
export function Publish({ job, result }: { job: Job; result: JobResult }) {
  const protocol = useProtocol();
  const registered = useQuery(modelOfJobQuery(protocol, result.hashes.manifestHash));
  const bounds = useQuery(boundsQuery(protocol));
  return (
    <Section
      title="Publish"
      note="Registers the model on chain with what it learnt from. From then on it earns, and so do the rows' contributors."
    >
      <Loaded query={registered} what="whether it is published" lines={4}>
        {({ modelId }) =>
          modelId === undefined ? (
            <Loaded query={bounds} what="what governance allows" lines={4}>
              {(found) => <PublishForm job={job} bounds={found} onDone={() => void registered.refetch()} />}
            </Loaded>
          ) : (
            <Card>
              <p>
                It is{" "}
                <Link
                  to="/models/$model"
                  params={{ model: modelId.toString() }}
                  className="text-accent hover:underline"
                >
                  model {modelId.toString()}
                </Link>
                . Hosts take it there, and anybody asks it when its window has passed.
              </p>
            </Card>
          )
        }
      </Loaded>
    </Section>
  );
}

/** What is wrong with a split; undefined where governance takes it. */
export function splitProblem(percents: Percents, split: SplitBounds): string | undefined {
  const sum = PARTS.reduce((all, part) => all + percents[part], 0);
  if (PARTS.some((part) => !Number.isFinite(percents[part]) || percents[part] < 0))
    return "Give a number from 0.";
  if (sum !== 100) return `The parts are ${sum} % together; they have to be 100 %.`;
  const least = split.contributorsMin / 100;
  if (percents.contributors < least) return `Contributors get at least ${least} %.`;
  for (const part of ["owner", "host", "stakers"] as const) {
    const most = split[`${part}Max`] / 100;
    if (percents[part] > most) return `The ${part}'s part is at most ${most} %.`;
  }
  return undefined;
}

export interface SplitBounds {
  contributorsMin: number;
  ownerMax: number;
  hostMax: number;
  stakersMax: number;
}

interface KnownBounds {
  registrationBond: bigint;
  registrationWindow: number;
  split: SplitBounds;
}

/** Nothing where the data is free, as it is unless its owner sets terms. */
function DataTerms({ origins: { mostFee, mostRoyalty } }: { origins: Origins }) {
  if (mostFee === 0n && mostRoyalty === 0) return null;
  return (
    <p className="mt-2 text-sm">
      Access to its data costs <Amount wei={mostFee} />
      {mostRoyalty === 0
        ? ""
        : `, and the data's contributors get ${mostRoyalty / 100} % of the owner's part of each fee`}
      .
    </p>
  );
}

function PublishForm({ job, bounds, onDone }: { job: Job; bounds: KnownBounds; onDone: () => void }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const [rates, setRates] = useState({ in: "10", out: "100" });
  const [percents, setPercents] = useState(USUAL);
  const rateIn = parseOpen(rates.in);
  const rateOut = parseOpen(rates.out);
  const wrong = splitProblem(percents, bounds.split);
  // What the page says of the data's terms is what is agreed to.
  const origins = useQuery({
    ...originsQuery(protocol, signer?.address ?? ZERO_ADDRESS, job),
    enabled: signer !== undefined,
  });
  const publishing = useMutation({
    mutationFn: () =>
      publish(
        protocol,
        requireSigner(signer),
        job,
        {
          ...{ rateIn: rateIn!, rateOut: rateOut! },
          split: Object.fromEntries(
            PARTS.map((part) => [part, Math.round(percents[part] * 100)]),
          ) as unknown as FeeSplit,
        },
        origins.data ?? NO_ORIGINS,
      ),
    onSuccess: onDone,
  });
  const isBad = wrong !== undefined || rateIn === undefined || rateOut === undefined;
  return (
    <Card>
      <div className="grid gap-4 sm:grid-cols-2">
        {(["in", "out"] as const).map((way) => (
          <Field
            key={way}
            name={`OPEN for 1000 tokens ${way}`}
            inputMode="decimal"
            value={rates[way]}
            onChange={(event) => setRates({ ...rates, [way]: event.target.value })}
            problem={parseOpen(rates[way]) === undefined ? "Give an amount such as 10 or 0.5." : undefined}
          />
        ))}
      </div>
      <fieldset className="mt-4">
        <legend className="text-sm font-medium">The net fee's split, in percent</legend>
        <div className="mt-2 grid grid-cols-2 gap-4 sm:grid-cols-4">
          {PARTS.map((part) => (
            <Field
              key={part}
              name={part}
              type="number"
              min={0}
              max={100}
              step={0.01}
              value={Number.isFinite(percents[part]) ? percents[part] : ""}
              onChange={(event) => setPercents({ ...percents, [part]: event.target.valueAsNumber })}
              note={
                part === "contributors"
                  ? `at least ${bounds.split.contributorsMin / 100}`
                  : `at most ${bounds.split[`${part}Max`] / 100}`
              }
            />
          ))}
        </div>
        {wrong === undefined ? null : <p className="mt-1 text-sm text-bad">{wrong}</p>}
      </fieldset>
      <p className="mt-4 text-sm text-soft">
        It binds <Amount wei={bounds.registrationBond} />, and waits{" "}
        {formatDuration(bounds.registrationWindow)} in which anybody may show that it is false.
      </p>
      {origins.data === undefined ? null : <DataTerms origins={origins.data} />}
      <Button
        kind="main"
        className="mt-3"
        disabled={isBad || publishing.isPending || origins.isLoading}
        onClick={() => publishing.mutate()}
      >
        {publishing.isPending ? "Publishing…" : "Publish"}
      </Button>
      {publishing.error === null ? null : (
        <div className="mt-3">
          <Problem error={publishing.error} />
        </div>
      )}
    </Card>
  );
}
