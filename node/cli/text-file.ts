import { readFileSync } from "node:fs";
import { cliError } from "./errors.ts";

/** The text of a file that a user names. @throws CodedError FILE_UNREADABLE. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw cliError("FILE_UNREADABLE", {
      message: `${file} can't be read`,
      fix: "give the path of a text file",
      cause,
    });
  }
}
