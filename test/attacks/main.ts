import { describeError } from "../../node/base/errors.ts";
import { ATTACKS } from "./all.ts";
import { formatResult } from "./attack.ts";

const given = process.argv.slice(2);
const size = given.includes("--small") ? "small" : "full";
const wanted = given.filter((name) => name !== "--small");
const unknown = wanted.filter((name) => !ATTACKS.some((attack) => attack.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no attack ${unknown.join(", ")}; there are ${ATTACKS.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(1);
}
for (const attack of ATTACKS) {
  if (wanted.length > 0 && !wanted.includes(attack.name)) continue;
  try {
    const result = await attack.run(size);
    process.stdout.write(`${formatResult(attack.name, result)}\n`);
    if (result.failures.length > 0) process.exitCode = 1;
  } catch (error) {
    process.stdout.write(`FAIL ${attack.name}: ${describeError(error)}\n`);
    process.exitCode = 1;
  }
}
