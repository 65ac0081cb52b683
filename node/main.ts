import { describeError } from "./base/errors.ts";
import { printable } from "./cli/context.ts";
import { createProgram } from "./cli/program.ts";
import { withoutSecrets } from "./cli/secrets.ts";

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  const given = [...process.argv, process.env.OPENLEDGER_KEY];
  process.stderr.write(`${printable(withoutSecrets(describeError(error), given))}\n`);
  process.exitCode = 1;
}
