import type { ButtonHTMLAttributes } from "react";

interface Look {
  kind?: "plain" | "main" | "quiet";
}

const BASE =
  "inline-flex min-h-9 items-center justify-center gap-2 rounded-md px-3 py-1.5 text-sm font-medium disabled:opacity-55 disabled:cursor-not-allowed";
const LOOKS = {
  plain: "border border-line bg-surface hover:bg-raised",
  main: "bg-accent text-on-accent hover:opacity-90",
  quiet: "text-accent hover:bg-raised",
} as const;

/** Classes of a button, for links that look like one. */
export function buttonClass(kind: keyof typeof LOOKS = "plain"): string {
  return `${BASE} ${LOOKS[kind]}`;
}

export function Button({
  kind = "plain",
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & Look) {
  return <button type="button" {...rest} className={`${buttonClass(kind)} ${className}`} />;
}
