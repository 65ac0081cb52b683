import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Grant, stepOrder } from "../../../circle/grants.ts";
import type { NextStep } from "../../../circle/next.ts";
import { type Circle, report, termsQuery, type WholeGrant } from "../../chain/circle.ts";
import { drawPanel } from "../../chain/judging.ts";
import { useSigner } from "../../chain/signer.ts";
import { Amount } from "../../ui/exact.tsx";
import { TextArea } from "../../ui/field.tsx";
import { formatDuration } from "../../ui/format.ts";
import { SendButton } from "../send-button.tsx";
import { Conflict } from "./conflict.tsx";
import { ByVote, OrderButton } from "./parts.tsx";

/** Characters of evidence. */
const MOST_EVIDENCE = 100_000;

/** What anybody can do for a grant now or soon, and what the connected account in particular can. */
export function NextSteps({ circle, whole }: { circle: Circle; whole: WholeGrant }) {
  const { way } = whole;
  const { grant } = way;
  const isRunning = grant.state === "active" || grant.state === "reported";
  return (
    <div className="space-y-4">
      {way.next.length === 0 ? <p className="text-sm text-soft">Nothing: {OVER[grant.state]}.</p> : null}
      <ul className="space-y-4">
        {way.next.map((step) => (
          <li key={step.what}>
            <Step circle={circle} whole={whole} step={step} />
          </li>
        ))}
      </ul>
      <Report circle={circle} whole={whole} />
      <Withdraw circle={circle} whole={whole} />
      <Conflict circle={circle} whole={whole} />
      {isRunning ? (
        <Part>
          <ByVote call={`circle.clawBack(${grant.id}, 0x${"00".repeat(32)})`}>
            A vote can claw back what is not paid. The last argument is the hash of the reason's text.
          </ByVote>
        </Part>
      ) : null}
    </div>
  );
}

/** Something that stands below what comes next. */
export function Part({ children }: { children: ReactNode }) {
  return <div className="space-y-3 border-t border-line pt-4">{children}</div>;
}

const OVER: Readonly<Record<string, string>> = {
  refused: "its panel refused it",
  withdrawn: "its applicant took it back",
  done: "all of its milestones are paid",
  lapsed: "it was overdue, or nobody approved it in time",
  "clawed back": "a vote ended it",
};

function Step({ circle, whole, step }: { circle: Circle; whole: WholeGrant; step: NextStep }) {
  const { what, seconds, vote } = step;
  if (vote !== undefined)
    return (
      <ByVote call={vote}>
        <Sentence text={what} />
      </ByVote>
    );
  return (
    <div>
      <p className="text-sm">
        <Sentence text={what} />
        {seconds > 0n ? (
          <span className="text-soft"> in about {formatDuration(Number(seconds))}</span>
        ) : step.step === undefined ? null : (
          <span className="text-soft"> (now, by anybody)</span>
        )}
      </p>
      {step.step === undefined ? null : (
        <div className="mt-2">
          <StepButton circle={circle} whole={whole} step={step} name={step.step} />
        </div>
      )}
    </div>
  );
}

function Sentence({ text }: { text: string }) {
  return <span className="inline-block first-letter:uppercase">{text}</span>;
}

const LABELS = {
  callPanel: "Call the panel",
  draw: "Draw the panel",
  decide: "Count",
  approve: "Approve",
  lapse: "Let it lapse",
} as const;

function StepButton({
  circle,
  whole: { way },
  step: { seconds },
  name,
}: {
  circle: Circle;
  whole: WholeGrant;
  step: NextStep;
  name: NonNullable<NextStep["step"]>;
}) {
  const [ahead, setAhead] = useState<bigint>();
  const why = seconds > 0n ? "Its time has not come." : undefined;
  const kind = name === "lapse" ? "plain" : "main";
  if (name === "draw")
    return (
      <SendButton
        kind={kind}
        label={LABELS.draw}
        why={why}
        doing={ahead === undefined || ahead <= 0n ? "Drawing…" : `Waits for L1, ${ahead} blocks to go…`}
        send={(signer) => drawPanel(circle, signer, way.panel!, setAhead)}
      />
    );
  return (
    <OrderButton
      circle={circle}
      kind={kind}
      label={LABELS[name]}
      why={why}
      order={() => stepOrder(circle.at, name, way.grant.id)}
    />
  );
}

/** For the payee of a grant that runs. */
function Report({ circle, whole: { way } }: { circle: Circle; whole: WholeGrant }) {
  const signer = useSigner();
  const { grant } = way;
  if (grant.state !== "active" || signer?.address !== grant.payee) return null;
  return (
    <Part>
      <ReportForm key={grant.milestone} circle={circle} grant={grant} />
    </Part>
  );
}

function ReportForm({ circle, grant }: { circle: Circle; grant: Grant }) {
  const [text, setText] = useState("");
  const terms = useQuery(termsQuery(circle, grant.tier));
  const evidence = text.trim();
  return (
    <>
      <TextArea
        name={`Evidence that milestone ${grant.milestone + 1} is reached`}
        value={text}
        maxLength={MOST_EVIDENCE}
        onChange={(event) => setText(event.target.value)}
        note={
          terms.data && (
            <>
              Anybody reads it. A panel judges it, for <Amount wei={terms.data.panelPay} />, which you pay.
            </>
          )
        }
      />
      <SendButton
        kind="main"
        label="Report it"
        send={(signer) => report(circle, signer, grant, evidence)}
        why={evidence === "" ? "Say what shows it." : undefined}
      />
    </>
  );
}

/** For the applicant, before a panel is called or when one came to nothing. */
function Withdraw({ circle, whole: { way } }: { circle: Circle; whole: WholeGrant }) {
  const signer = useSigner();
  const { grant, panel } = way;
  const isOpen = grant.state === "applied" && (panel === undefined || panel.state === "undecided");
  if (!isOpen || signer?.address !== grant.applicant) return null;
  return (
    <Part>
      <OrderButton
        circle={circle}
        label="Take the application back"
        order={() => stepOrder(circle.at, "withdraw", grant.id)}
      />
      <p className="text-sm text-soft">Deposit and pay go to your balance on the page Rewards.</p>
    </Part>
  );
}
