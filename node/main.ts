import { describeError } from "./base/errors.ts";
import { createProgram } from "./cli/program.ts";

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
