import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Governed } from "../../../governance/governed.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { gasLimitQuery, parametersQuery } from "../../chain/governance.ts";
import { Button } from "../../ui/button.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card } from "../../ui/layout.tsx";
import { Loaded } from "../../ui/states.tsx";

const KINDS = {
  parameter: "A parameter of the protocol",
  gas: "The gas limit of blocks",
  call: "Another call",
} as const;
type Kind = keyof typeof KINDS;

/** Makes one call of a proposal, as text: `contract.function(arguments)` or `parameters.FIELD=VALUE`. */
export function CallForm({ governed, onCall }: { governed: Governed; onCall: (call: string) => void }) {
  const [kind, setKind] = useState<Kind>("parameter");
  const Chosen = FORMS[kind];
  return (
    <Card className="space-y-3">
      <SelectField
        name="What shall change?"
        value={kind}
        onChange={(event) => setKind(event.target.value as Kind)}
      >
        {Object.entries(KINDS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </SelectField>
      <Chosen governed={governed} onCall={onCall} />
    </Card>
  );
}

interface FormProps {
  governed: Governed;
  onCall: (call: string) => void;
}

const FORMS: Readonly<Record<Kind, (props: FormProps) => ReactNode>> = {
  parameter: ParameterForm,
  gas: GasForm,
  call: FreeForm,
};

/** What the parameters mean; units as the contract has them. */
const MEANINGS: Readonly<Record<string, string>> = {
  treasury: "address that receives the platform's part of fees",
  platformBps: "the platform's part of a fee, in 1/10000; at most 3000",
  auditBps: "chance that a settlement is audited, in 1/10000; at least 1",
  claimBond: "bond of a claim, in wei",
  registrationBond: "bond of a model's registration, in wei",
  demandDeposit: "what a demand binds until it is answered, in wei",
  challengeDeposit: "what announcing a counter-example binds, in wei",
  challengeWindow: "seconds in which a claim can be challenged",
  claimTimeout: "seconds that a host has to claim; then the escrow goes back",
  demandWindow: "seconds that a demand gives; silence then decides",
  registrationWindow: "seconds in which a registration can be challenged",
  revealPeriod: "seconds in which a committed contribution can be revealed",
  reviewPeriod: "seconds that reviewers have; an undecided stake then returns",
  stakePeriod: "seconds that an accepted contribution's stake stays",
  unstakeDelay: "seconds between leaving a stake and having it back",
  rewardPeriod: "seconds over which the stakers' part of a fee is streamed",
};

function ParameterForm({ onCall }: FormProps) {
  const query = useQuery(parametersQuery(useProtocol()));
  return (
    <Loaded query={query} what="the parameters" lines={3}>
      {(parameters) => <KnownParameters parameters={parameters} onCall={onCall} />}
    </Loaded>
  );
}

function KnownParameters({ parameters, onCall }: { parameters: object; onCall: (call: string) => void }) {
  const entries = Object.entries(parameters) as [string, unknown][];
  const [field, setField] = useState("platformBps");
  const [value, setValue] = useState("");
  const now = String(entries.find(([name]) => name === field)?.[1] ?? "");
  const isAddress = now.startsWith("0x");
  const isGood = (isAddress ? /^0x[0-9a-fA-F]{40}$/ : /^\d{1,39}$/).test(value.trim());
  const problem = isGood ? undefined : isAddress ? "Give an address." : "Give a whole number.";
  return (
    <Adding isReady={isGood} onAdd={() => onCall(`parameters.${field}=${value.trim()}`)}>
      <SelectField
        name="Parameter"
        value={field}
        onChange={(event) => setField(event.target.value)}
        note={MEANINGS[field]}
      >
        {entries.map(([name]) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </SelectField>
      <Field
        name="New value"
        value={value}
        inputMode={isAddress ? "text" : "numeric"}
        onChange={(event) => setValue(event.target.value)}
        problem={value === "" ? undefined : problem}
        note={
          <span className="break-all">Now it is {isAddress ? now : formatCount(BigInt(now || "0"))}.</span>
        }
      />
    </Adding>
  );
}

function GasForm({ governed, onCall }: FormProps) {
  const [value, setValue] = useState("");
  const query = useQuery(gasLimitQuery(governed));
  const isGood = /^\d{1,15}$/.test(value.trim());
  return (
    <Adding isReady={isGood} onAdd={() => onCall(`systemConfig.setGasLimit(${value.trim()})`)}>
      <Field
        name="Gas of a block"
        value={value}
        inputMode="numeric"
        onChange={(event) => setValue(event.target.value)}
        problem={value === "" || isGood ? undefined : "Give a whole number."}
        note={query.data === undefined ? "Set on L1." : `Set on L1; now it is ${formatCount(query.data)}.`}
      />
    </Adding>
  );
}

function FreeForm({ governed, onCall }: FormProps) {
  const [value, setValue] = useState("");
  const names = [...new Set(governed.book.entries.map(({ name }) => name))].join(", ");
  const isGood = value.trim() !== "";
  return (
    <Adding isReady={isGood} onAdd={() => onCall(value.trim())}>
      <Field
        name="Call"
        value={value}
        placeholder="systemConfig.setGasLimit(40000000)"
        onChange={(event) => setValue(event.target.value)}
        note={`contract.function(arguments), or parameters.FIELD=VALUE. Contracts: ${names}.`}
      />
    </Adding>
  );
}

function Adding({ isReady, onAdd, children }: { isReady: boolean; onAdd: () => void; children: ReactNode }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onAdd();
  };
  return (
    <form onSubmit={submit} className="space-y-3">
      {children}
      <Button type="submit" disabled={!isReady}>
        Add it
      </Button>
    </form>
  );
}
