// native/bench/gpu.sh around programs that agree, differ, crash and are cut short: what its report and its status then say. The real
// programs run through it in .ci/cuda.sh.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../node/base/paths.ts";

const SCRIPT = join(packageRoot(), "native", "bench", "gpu.sh");
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folder(): string {
  folders.push(mkdtempSync(join(tmpdir(), "openledger-gpu-")));
  return folders.at(-1)!;
}

interface Programs {
  compare?: string;
  runs?: string;
  shapes?: string;
  times?: string;
}

/** A folder of shell programs in place of the built ones. */
function programs({ compare, runs, shapes, times }: Programs): string {
  const made = folder();
  const bodies = {
    cuda_compare: compare ?? "echo all compared",
    gpu_runs: runs ?? "echo runs compared",
    gpu_operators: `if [ "$1" = --time ]; then ${times ?? "echo times"}; else ${shapes ?? "echo shapes compared"}; fi`,
    gpu_serving: "echo served",
    gpu_training: "echo trained",
  };
  for (const [name, body] of Object.entries(bodies)) {
    writeFileSync(join(made, name), `#!/usr/bin/env bash\n${body}\n`);
    chmodSync(join(made, name), 0o755);
  }
  return made;
}

interface Told {
  status: number | null;
  stderr: string;
  /** Lines of the report; empty where there is none. */
  lines: string[];
}

function gpu(env: Record<string, string>, ...words: string[]): Told {
  const report = join(folder(), "report.md");
  const { status, stderr } = spawnSync("bash", [SCRIPT, ...words, report], {
    encoding: "utf8",
    env: { ...process.env, OL_GPU_SECONDS: "120", ...env },
  });
  const text = existsSync(report) ? readFileSync(report, "utf8").trimEnd() : "";
  return { status, stderr, lines: text === "" ? [] : text.split("\n") };
}

const withPrograms = (made: Programs, env: Record<string, string> = {}): Told =>
  gpu({ OL_GPU_PROGRAMS: programs(made), ...env }, "--emulated");

describe("the report of native/bench/gpu.sh", () => {
  it("ends with `equal` where nothing differs, comparisons first", () => {
    const { status, lines } = withPrograms({});
    expect(lines.at(-1)).toBe("equal");
    expect(status).toBe(0);
    const said = ["all compared", "runs compared", "shapes compared", "times", "served", "trained"];
    expect(lines.filter((line) => said.includes(line))).toEqual(said);
  });

  it("names what differs, and still measures", () => {
    const { status, lines } = withPrograms({
      compare:
        "echo 'DIFFERS gemm 7x33x65: 3 of 231 values'; echo 'DIFFERS gemm 7x33x65: 1 of 2 values'; exit 1",
      shapes: "echo 'DIFFERS SmolLM2-135M: q 576 x 576, 8 rows: 5 values'; exit 1",
    });
    expect(lines.at(-1)).toBe("differs: gemm 7x33x65; SmolLM2-135M: q 576 x 576, 8 rows");
    expect(status).toBe(1);
    expect(lines).toContain("served");
  });

  it("is not `equal` where a comparison crashed", () => {
    const { status, lines } = withPrograms({ runs: "echo half of it; kill -SEGV $$" });
    expect(lines.at(-1)).toBe("could not run: runs (status 139)");
    expect(status).toBe(1);
    expect(lines).toContain("half of it");
  });

  it("is not `equal` where a comparison is not there or failed without a difference", () => {
    const { status, lines } = withPrograms({ compare: "echo 'cuda: no device'; exit 2", shapes: "exit 1" });
    expect(lines.at(-1)).toBe("could not run: operations (status 2); shapes (status 1)");
    expect(status).toBe(1);
  });

  it("stays `equal` where times failed, and tells so with what they said", () => {
    const { status, lines } = withPrograms({ times: "echo half; echo 'out of memory' >&2; exit 3" });
    expect(lines.at(-1)).toBe("equal");
    expect(status).toBe(0);
    expect(lines).toEqual(
      expect.arrayContaining(["half", "out of memory", "It did not come to its end (status 3)."]),
    );
  });

  it("compares although the time is up, and names what it leaves out", () => {
    const { status, lines } = withPrograms({}, { OL_GPU_SECONDS: "0" });
    expect(status).toBe(0);
    expect(lines).toContain("shapes compared");
    expect(lines.filter((line) => line === "Left out for want of time.")).toHaveLength(3);
    expect(lines).not.toContain("times");
  });
});

describe("what native/bench/gpu.sh refuses", () => {
  it.each([
    [{ OL_GPU_SECONDS: "soon" }, [], "GPU_ARGUMENT"],
    [{ OL_GPU_SECONDS: "-1" }, [], "GPU_ARGUMENT"],
    [{}, ["--quick"], "GPU_ARGUMENT"],
    [{}, ["another.md"], "GPU_ARGUMENT"],
  ])("%j %j: %s, before anything runs", (env, words, code) => {
    const { status, stderr, lines } = gpu({ OL_GPU_PROGRAMS: programs({}), ...env }, ...words);
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^gpu.sh: ${code}\\w*: .+\\. .+\\.`));
    expect(lines.length).toBe(0);
  });

  it("a report that cannot be written", () => {
    const { status, stderr } = spawnSync("bash", [SCRIPT, "--emulated", "/proc/no/report.md"], {
      encoding: "utf8",
      env: { ...process.env, OL_GPU_PROGRAMS: programs({}) },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^gpu.sh: GPU_REPORT: the report \/proc\/no\/report.md cannot be written\. .+\.\n$/,
    );
  });

  it("a compiler that is newer than the driver, before it builds", () => {
    const tools = folder();
    const write = (name: string, body: string): void => {
      writeFileSync(join(tools, name), `#!/usr/bin/env bash\n${body}\n`);
      chmodSync(join(tools, name), 0o755);
    };
    write("nvidia-smi", "echo '| Driver Version: 550.54 CUDA Version: 12.4 |'");
    write("nvcc", "echo 'Cuda compilation tools, release 13.0, V13.0.88'");
    const env = {
      PATH: `${tools}:${process.env.PATH}`,
      CUDACXX: join(tools, "nvcc"),
      OL_GPU_BUILD: folder(),
    };
    const { status, stderr, lines } = gpu(env);
    expect(status).toBe(1);
    expect(stderr).toContain("gpu.sh: GPU_DRIVER: the driver knows CUDA 12");
    expect(lines.at(-1)).toMatch(/^could not run: the driver knows CUDA 12, .* makes programs for CUDA 13$/);
  });

  it.skipIf(existsSync("/dev/nvidiactl") || existsSync("/dev/dxg"))("a machine without a GPU", () => {
    const { status, stderr, lines } = gpu({});
    expect(status).toBe(1);
    expect(stderr).toContain("GPU_ABSENT");
    expect(lines.at(-1)).toContain("could not run: no NVIDIA GPU is visible");
  });
});
