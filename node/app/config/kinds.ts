import { z } from "zod";
import type { Hex } from "../../chain/types/primitives.ts";

/** true or false, in text also as 1 or 0. */
export const flag = z.preprocess(
  (value) => (value === "true" || value === "1" ? true : value === "false" || value === "0" ? false : value),
  z.boolean(),
);

export const privateKey = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "must be 0x and 64 hexadecimal digits")
  .transform((key) => key as Hex);

export const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:/.test(text), "must be an http(s) address");

/** One address, or several with commas between them, the first preferred. */
export const httpUrls = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .pipe(z.array(httpUrl).min(1).max(16));

/** The file that a key may be given in. */
export function keyFile(setting: `${string}Key`) {
  const text = `file with the ${setting.replace("Key", "")}'s key: hexadecimal, or a keystore (Web3 Secret Storage 3)`;
  return z.string().min(1).optional().describe(text);
}
