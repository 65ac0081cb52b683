import { type ReactNode, useState } from "react";
import { Field } from "../../ui/field.tsx";
import { parseOpen } from "../../ui/format.ts";

/** An amount of OPEN that somebody types. */
export interface TypedAmount {
  text: string;
  setText: (text: string) => void;
  clear: () => void;
  /** Undefined until it is an amount above 0. */
  wei: bigint | undefined;
  /** Why it is none; undefined where it is. */
  why: string | undefined;
}

/** @param isZeroFine whether 0 is an amount too. */
export function useAmount(isZeroFine = false): TypedAmount {
  const [text, setText] = useState("");
  const parsed = parseOpen(text);
  const wei = parsed !== undefined && (parsed > 0n || isZeroFine) ? parsed : undefined;
  const why = wei === undefined ? "Give an amount." : undefined;
  return { text, setText, clear: () => setText(""), wei, why };
}

export function AmountField({
  amount: { text, setText, wei },
  name = "OPEN",
  note,
}: {
  amount: TypedAmount;
  name?: string;
  note?: ReactNode;
}) {
  return (
    <Field
      name={name}
      inputMode="decimal"
      value={text}
      maxLength={40}
      onChange={(event) => setText(event.target.value)}
      problem={text === "" || wei !== undefined ? undefined : "Give an amount such as 10 or 0.5."}
      note={note}
    />
  );
}
