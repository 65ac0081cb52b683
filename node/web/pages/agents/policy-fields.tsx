import { useQuery } from "@tanstack/react-query";
import { useProtocol } from "../../chain/connection.tsx";
import { modelsQuery } from "../../chain/queries.ts";
import { TextArea } from "../../ui/field.tsx";
import { Loaded } from "../../ui/states.tsx";

/** Models of an agent: AgentStakes takes no more. */
const MOST_MODELS = 16;

/** Which deed follows from which answer, in words. */
export function PolicyField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  return (
    <TextArea
      name="Policy"
      value={value}
      maxLength={100_000}
      placeholder="When the answer says buy, it buys for 1 OPEN at most."
      onChange={(event) => onChange(event.target.value)}
      note="Says which deed follows from which answer. Anybody reads it; verifiers judge deeds by it."
    />
  );
}

/** The models that an agent may ask. */
export function ModelChoice({
  chosen,
  onChange,
}: {
  chosen: readonly bigint[];
  onChange: (models: readonly bigint[]) => void;
}) {
  const query = useQuery(modelsQuery(useProtocol()));
  const toggle = (id: bigint, isChosen: boolean) =>
    onChange(isChosen ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <fieldset>
      <legend className="text-sm font-medium">Models that it asks</legend>
      <Loaded query={query} what="the models" lines={2}>
        {(models) => (
          <div className="mt-1 flex flex-wrap gap-x-5 gap-y-2">
            {models.length === 0 ? <p className="text-sm text-soft">No model is registered yet.</p> : null}
            {models.map(({ modelId, name }) => {
              const isChosen = chosen.includes(modelId);
              return (
                <label key={modelId.toString()} className="inline-flex min-w-0 items-center gap-2 text-sm">
                  <input
                    type="checkbox"
                    checked={isChosen}
                    disabled={!isChosen && chosen.length >= MOST_MODELS}
                    onChange={() => toggle(modelId, isChosen)}
                  />
                  <span className="min-w-0 break-words">{name}</span>
                </label>
              );
            })}
          </div>
        )}
      </Loaded>
    </fieldset>
  );
}
