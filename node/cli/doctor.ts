import { spawnSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { Command } from "commander";
import { cryptoSupport } from "../../native/js/crypto.ts";
import { backends } from "../../native/js/index.ts";
import { packageRoot } from "../base/paths.ts";
import { contextOf, print } from "./context.ts";

interface Finding {
  what: string;
  ok: boolean;
  value: string;
  fix?: string;
}

/** `openledger doctor`: what a run needs, found or not, each with its fix. Ends with status 1 when something is missing. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("check this machine: tools, native addon, back ends, disk, memory")
    .action((_options: unknown, command: Command) => {
      const context = contextOf(command);
      const findings = [
        nodeVersion(),
        tool("cmake"),
        tool(process.env.CXX ?? "c++"),
        ...addon(),
        cryptography(),
        disk(),
        memory(),
      ];
      const lines = findings.map(
        ({ ok, what, value, fix }) =>
          `${ok ? "ok     " : "missing"} ${what}: ${value}${ok || !fix ? "" : `\n        fix: ${fix}`}`,
      );
      print(context, findings, lines);
      if (findings.some((finding) => !finding.ok)) process.exitCode = 1;
    });
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 20);
  return { what: "Node", ok, value: process.versions.node, fix: "install Node 20.20 or newer" };
}

function tool(command: string): Finding {
  const result = spawnSync(command, ["--version"], { encoding: "utf8" });
  const ok = result.status === 0;
  return {
    what: command,
    ok,
    value: ok ? (result.stdout.split("\n")[0] ?? "") : "not found",
    fix: `install ${command}`,
  };
}

function addon(): Finding[] {
  try {
    const { isas, cores, cuda } = backends();
    const gpu = cuda.available
      ? "available"
      : cuda.compiled
        ? `compiled in, not usable: ${cuda.reason}`
        : "not compiled in";
    return [
      { what: "native addon", ok: true, value: `${isas.join(", ")} on ${cores} cores` },
      { what: "CUDA (optional)", ok: true, value: gpu },
    ];
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error);
    return [{ what: "native addon", ok: false, value, fix: "run `npm run build:native`" }];
  }
}

/** What the EVM does in native code; the rest runs in its module, exact but slower. */
function cryptography(): Finding {
  const absent = cryptoSupport().filter(({ native }) => !native);
  const value =
    absent.length === 0
      ? "all of the EVM's precompiles are native"
      : `not native: ${absent.map(({ name, reason }) => `${name} (${reason})`).join(", ")}`;
  return { what: "native cryptography (optional)", ok: true, value };
}

function disk(): Finding {
  const { bavail, bsize } = statfsSync(packageRoot());
  const gib = (bavail * bsize) / 2 ** 30;
  return { what: "free disk", ok: gib >= 2, value: `${gib.toFixed(1)} GiB`, fix: "make 2 GiB free" };
}

function memory(): Finding {
  const gib = totalmem() / 2 ** 30;
  const value = `${gib.toFixed(1)} GiB, ${availableParallelism()} cores`;
  return { what: "memory", ok: gib >= 3.5, value, fix: "4 GiB are the least that training needs" };
}
