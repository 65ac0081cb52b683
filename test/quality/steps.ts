import { readdirSync, readFileSync } from "node:fs";
import { monotonicMs } from "../../node/base/clock.ts";

/** What one step took. */
export interface Step {
  name: string;
  seconds: number;
  /** Most memory that the step's own commands had at once, and the devnet's processes; in bytes, 0 where the system does not tell. */
  commandBytes: number;
  devnetBytes: number;
}

const SAMPLE_MS = 200;

/** Measures steps: time, and the resident memory of the processes that are started from here and of a devnet's. */
export class StepMeter {
  readonly steps: Step[] = [];
  private readonly devnetPid: number | undefined;

  /** @param devnetPid the process that started all others of the devnet. */
  constructor(devnetPid: number | undefined) {
    this.devnetPid = devnetPid;
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const step: Step = { name, seconds: 0, commandBytes: 0, devnetBytes: 0 };
    const sample = () => {
      const { own, devnet } = residentBytes(process.pid, this.devnetPid);
      step.commandBytes = Math.max(step.commandBytes, own);
      step.devnetBytes = Math.max(step.devnetBytes, devnet);
    };
    const begin = monotonicMs();
    const timer = setInterval(sample, SAMPLE_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      sample();
      step.seconds = (monotonicMs() - begin) / 1000;
      this.steps.push(step);
    }
  }

  /** A line a step, and one for the most of all. */
  lines(): string[] {
    const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
    const width = Math.max(0, ...this.steps.map(({ name }) => name.length));
    const most = Math.max(
      0,
      ...this.steps.map(({ commandBytes, devnetBytes }) => commandBytes + devnetBytes),
    );
    return [
      ...this.steps.map(
        ({ name, seconds, commandBytes, devnetBytes }) =>
          `  ${name.padEnd(width)}  ${seconds.toFixed(1).padStart(8)} s  commands ${mib(commandBytes).padStart(9)}  devnet ${mib(devnetBytes).padStart(9)}`,
      ),
      `  most memory at once: ${mib(most)}`,
    ];
  }
}

interface Process {
  parent: number;
  bytes: number;
}

/** Of all descendants of `pid` but those of the devnet, and of the devnet with its own descendants. */
function residentBytes(pid: number, devnetPid: number | undefined): { own: number; devnet: number } {
  const processes = readProcesses();
  const isBelow = (one: number, root: number | undefined): boolean => {
    for (let at: number | undefined = one; at !== undefined && at > 1; at = processes.get(at)?.parent)
      if (at === root) return true;
    return false;
  };
  let [own, devnet] = [0, 0];
  for (const [one, { bytes }] of processes) {
    if (isBelow(one, devnetPid)) devnet += bytes;
    else if (one !== pid && isBelow(one, pid)) own += bytes;
  }
  return { own, devnet };
}

/** As Linux tells it; empty elsewhere. */
function readProcesses(): Map<number, Process> {
  const processes = new Map<number, Process>();
  for (const name of list("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/status`, "utf8");
      const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
      processes.set(Number(name), { parent: field("PPid"), bytes: 1024 * field("VmRSS") });
    } catch {
      // It has ended since.
    }
  }
  return processes;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
