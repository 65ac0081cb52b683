import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { formatEther } from "viem";
import { type Agents, register } from "../../chain/agents.ts";
import { Field } from "../../ui/field.tsx";
import { formatOpen, parseOpen } from "../../ui/format.ts";
import { Card, Page, Section } from "../../ui/layout.tsx";
import { SendButton } from "../send-button.tsx";
import { AgentsGate } from "./parts.tsx";
import { ModelChoice, PolicyField } from "./policy-fields.tsx";

/** Makes an agent: its policy, the models that it asks, its stake. */
export function RegisterPage() {
  return (
    <Page
      title="Register an agent"
      lead="It gets an account of its own, which you own. Its keys can do what their sessions say and nothing else."
    >
      <AgentsGate>{(agents) => <Form agents={agents} />}</AgentsGate>
    </Page>
  );
}

function Form({ agents }: { agents: Agents }) {
  const navigate = useNavigate();
  const [policy, setPolicy] = useState("");
  const [models, setModels] = useState<readonly bigint[]>([]);
  const [text, setText] = useState(formatEther(agents.leastStake));
  const stake = parseOpen(text);
  const isEnough = stake !== undefined && stake >= agents.leastStake;
  const why =
    policy.trim() === ""
      ? "Write its policy."
      : models.length === 0
        ? "Choose a model at least."
        : isEnough
          ? undefined
          : "Give its stake.";
  return (
    <Section title="The agent">
      <Card className="space-y-4">
        <PolicyField value={policy} onChange={setPolicy} />
        <ModelChoice chosen={models} onChange={setModels} />
        <Field
          name="Stake, in OPEN"
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.target.value)}
          problem={isEnough ? undefined : `It is ${formatOpen(agents.leastStake)} OPEN at least.`}
          note="Only a verdict that a deed did not follow takes of it. It returns when the agent is retired."
        />
        <SendButton
          kind="main"
          label="Register"
          why={why}
          send={async (signer) => {
            const id = await register(agents, signer, { policy: policy.trim(), models, stake: stake! });
            await navigate({ to: "/agents/$agent", params: { agent: id.toString() } });
          }}
        />
      </Card>
    </Section>
  );
}
