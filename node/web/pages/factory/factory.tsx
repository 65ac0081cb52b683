import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Job } from "../../../ai/factory/job.ts";
import { jobsQuery } from "../../chain/factory.ts";
import type { Session } from "../../chain/session.ts";
import { buttonClass } from "../../ui/button.tsx";
import { Time } from "../../ui/exact.tsx";
import { Cell, Page, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { SignInGate } from "../sign-in-gate.tsx";
import { JobBadge } from "./job-badge.tsx";

/** The models that an account trains on this node. */
export function FactoryPage() {
  return (
    <Page
      title="Model Factory"
      lead="Fine-tune a model on frozen datanets without writing code: it learns their rows, and pays for them with every answer."
      actions={
        <Link to="/factory/new" className={buttonClass("main")}>
          Train a model
        </Link>
      }
    >
      <SignInGate>{(session) => <Jobs session={session} />}</SignInGate>
    </Page>
  );
}

function Jobs({ session }: { session: Session }) {
  const query = useQuery(jobsQuery(session));
  return (
    <Loaded query={query} what="your runs" lines={6}>
      {(jobs) =>
        jobs.length === 0 ? (
          <Empty title="You have trained nothing here yet.">
            Four steps: data, base model, settings, start. It takes minutes on a laptop.
          </Empty>
        ) : (
          <Table caption="Your runs" head={["Model", "State", "Base model", "Data", "Asked for"]}>
            {jobs.map((job) => (
              <JobLine key={job.jobId} job={job} />
            ))}
          </Table>
        )
      }
    </Loaded>
  );
}

function JobLine({ job }: { job: Job }) {
  const { jobId, order, createdAt } = job;
  return (
    <tr>
      <Cell>
        <Link
          to="/factory/$job"
          params={{ job: jobId }}
          className="font-medium break-words text-accent hover:underline"
        >
          {order.name}
        </Link>
      </Cell>
      <Cell>
        <JobBadge state={job.state} />
      </Cell>
      <Cell>{order.base}</Cell>
      <Cell>{order.snapshots.map(({ datanetId, number }) => `${datanetId}:${number}`).join(", ")}</Cell>
      <Cell>
        <Time seconds={Math.floor(createdAt / 1000)} />
      </Cell>
    </tr>
  );
}
