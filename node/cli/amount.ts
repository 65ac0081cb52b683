import { parseEther } from "viem";
import { cliError } from "./errors.ts";

/** OPEN with up to 18 decimals, as wei. @throws CodedError AMOUNT_INVALID. */
export function parseOpen(text: string): bigint {
  if (!/^\d{1,10}(\.\d{1,18})?$/.test(text)) {
    throw cliError("AMOUNT_INVALID", {
      message: `${JSON.stringify(text)} is no amount of OPEN`,
      fix: "give a decimal number such as 2 or 0.05",
    });
  }
  return parseEther(text);
}
