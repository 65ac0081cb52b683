import type { RegisteredModel } from "../../../ai/client/models.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { ChatModel } from "../../chain/chat.ts";

/** How a question is asked: by a key, streamed and free; paid on chain, with a receipt; or out of a purse, by a signature. */
export type Way = "free" | "paid" | "purse";

const WAYS: readonly (readonly [way: Way, name: string, note: string])[] = [
  ["free", "By a key", "Words come as they are made. It costs nothing, nobody is paid, there is no receipt."],
  ["paid", "Paid by your account", "The price first. Contributors earn, and every number can be verified."],
  [
    "purse",
    "From your purse",
    "OPEN laid by for this node's host: one signature, no transaction. Many answers are settled at once.",
  ],
];

/** The choice between them; without a key the first is not there. */
export function WayField({
  way,
  onChange,
  hasKey,
}: {
  way: Way;
  onChange: (way: Way) => void;
  hasKey: boolean;
}) {
  return (
    <fieldset className="grid gap-2 sm:grid-cols-3">
      <legend className="mb-1 text-sm font-medium">How</legend>
      {WAYS.map(([one, name, note]) => (
        <label
          key={one}
          className={`flex items-start gap-2 rounded-md border p-3 text-sm ${way === one ? "border-accent" : "border-line"}`}
        >
          <input
            type="radio"
            name="way"
            className="mt-1 accent-accent"
            checked={way === one}
            disabled={one === "free" && !hasKey}
            onChange={() => onChange(one)}
          />
          <span>
            <span className="font-medium">{name}</span>
            <span className="block text-xs text-soft">
              {one === "free" && !hasKey ? "Give a key of this node's /v1 above." : note}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** The one place that decides whether a question can be asked at all. */
export function whyNotAsk({
  question,
  model,
  isBusy,
}: {
  question: string;
  model: ChatModel | undefined;
  isBusy: boolean;
}): string | undefined {
  if (model === undefined) return "This node serves no model now.";
  if (isBusy) return "An answer comes: wait for it, or stop it.";
  return question === "" ? "Write a question first." : undefined;
}

/** Whether it can be paid for. `model`: the chain's; undefined for a base model by itself. */
export function whyNotPay(model: RegisteredModel | undefined, host: Address | undefined): string | undefined {
  if (model === undefined)
    return "A base model by itself is nobody's to pay for: choose an adapter, or a key.";
  return host === undefined
    ? "This node answers no paid questions: open the page of a host's node."
    : undefined;
}
