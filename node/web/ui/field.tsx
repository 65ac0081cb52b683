import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";

interface Around {
  name: string;
  /** On what it is. */
  note?: ReactNode;
  /** What is wrong with it; stands in the note's place. */
  problem?: string;
}

/** What the control itself gets. */
interface Inner {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean;
  className: string;
}

/** A control with its name, and a line on what it is or what is wrong with it. */
function Named({ name, note, problem, children }: Around & { children: (inner: Inner) => ReactNode }) {
  const id = useId();
  const border = problem === undefined ? "border-line" : "border-bad";
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="text-sm font-medium">
        {name}
      </label>
      {children({
        id,
        "aria-describedby": `${id}-note`,
        "aria-invalid": problem !== undefined,
        className: `mt-1 block w-full rounded-md border bg-page px-3 py-2 ${border}`,
      })}
      <p id={`${id}-note`} className={`mt-1 text-xs ${problem === undefined ? "text-soft" : "text-bad"}`}>
        {problem ?? note}
      </p>
    </div>
  );
}

/** An input. */
export function Field({ name, note, problem, ...rest }: InputHTMLAttributes<HTMLInputElement> & Around) {
  return (
    <Named name={name} note={note} problem={problem}>
      {(inner) => <input {...rest} {...inner} />}
    </Named>
  );
}

/** A choice among a few. */
export function SelectField({
  name,
  note,
  children,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & Omit<Around, "problem">) {
  return (
    <Named name={name} note={note}>
      {(inner) => (
        <select {...rest} {...inner}>
          {children}
        </select>
      )}
    </Named>
  );
}

/** A place for a longer text. */
export function TextArea({
  name,
  note,
  problem,
  ...rest
}: TextareaHTMLAttributes<HTMLTextAreaElement> & Around) {
  return (
    <Named name={name} note={note} problem={problem}>
      {(inner) => <textarea rows={4} {...rest} {...inner} />}
    </Named>
  );
}
