import { useState } from "react";
import { policyOrder } from "../../../agents/orders.ts";
import type { Agents, WholeAgent } from "../../chain/agents.ts";
import { useSigner } from "../../chain/signer.ts";
import { keepText } from "../../chain/texts.ts";
import { OrderButton } from "./parts.tsx";
import { ModelChoice, PolicyField } from "./policy-fields.tsx";

/** For the owner: another policy and other models, for deeds to come. */
export function NewPolicy({ agents, whole }: { agents: Agents; whole: WholeAgent }) {
  const signer = useSigner();
  if (signer?.address !== whole.agent.owner) return null;
  return (
    <details className="mt-4 border-t border-line pt-4">
      <summary className="cursor-pointer text-sm font-medium">Change policy and models</summary>
      <div className="mt-3">
        <PolicyForm agents={agents} whole={whole} />
      </div>
    </details>
  );
}

function PolicyForm({ agents, whole: { agent, models } }: { agents: Agents; whole: WholeAgent }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(models);
  const policy = text.trim();
  return (
    <div className="space-y-4">
      <PolicyField value={text} onChange={setText} />
      <ModelChoice chosen={chosen} onChange={setChosen} />
      <OrderButton
        agents={agents}
        label="Change it"
        order={async (owner) =>
          policyOrder(agents.at, agent.id, await keepText(agents, owner, policy), chosen)
        }
        why={
          policy === "" ? "Write the policy." : chosen.length === 0 ? "Choose a model at least." : undefined
        }
        onDone={() => setText("")}
      />
      <p className="text-sm text-soft">Deeds of before are judged by the policy of their time.</p>
    </div>
  );
}
