import { describeError } from "./base/errors.ts";
import { printable } from "./cli/context.ts";
import { createProgram } from "./cli/program.ts";
import { withoutSecrets } from "./cli/secrets.ts";

// Whoever reads the output may go away (`openledger … | head`): what was begun is done all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  const given = [...process.argv, process.env.OPENLEDGER_KEY];
  process.stderr.write(`${printable(withoutSecrets(describeError(error), given))}\n`);
  process.exitCode = 1;
}
