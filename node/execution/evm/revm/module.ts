import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../base/paths.ts";
import { executionError } from "../../errors.ts";

/** The version of the flat interface that this host speaks: native/evm/README.md. */
const ABI_VERSION = 3;

/** The module's exports. Pointers and lengths are of its memory. */
export interface EvmExports {
  memory: WebAssembly.Memory;
  abi_version(): number;
  inbuf(length: number): number;
  outbuf(length: number): number;
  outp(): number;
  configure(): void;
  open_block(): void;
  exec(): number;
  settle(keep: number): void;
  system_call(): number;
  put_code(): number;
  changes(): number;
  block_account(place: number): number;
  block_storage(place: number): number;
  pre_account(place: number, load: number): number;
  pre_transfer(place: number): number;
  pre_log(place: number, length: number): number;
}

/** The functions that the module imports. */
export type EvmImports = Readonly<Record<string, (...args: never[]) => number>>;

let compiled: WebAssembly.Module | undefined;

/** The file of the EVM module; `OPENLEDGER_EVM_WASM` names another build of it. */
export function evmModuleFile(): string {
  return process.env.OPENLEDGER_EVM_WASM ?? join(packageRoot(), "native/evm/openledger_evm.wasm");
}

/** Compiles the EVM module, once a process. @throws CodedError `EVM_MODULE_UNREADABLE`. */
function evmModule(): WebAssembly.Module {
  if (compiled !== undefined) return compiled;
  const file = evmModuleFile();
  try {
    compiled = new WebAssembly.Module(readFileSync(file));
    return compiled;
  } catch (cause) {
    throw executionError("EVM_MODULE_UNREADABLE", {
      message: `The EVM module ${file} can't be read or compiled.`,
      fix: "Restore it from the repository, or build it again: native/evm/README.md.",
      facts: { file },
      cause,
    });
  }
}

/** A new instance of the EVM module. @throws CodedError `EVM_MODULE_UNREADABLE`: also for another interface version. */
export function instantiateEvm(host: EvmImports): EvmExports {
  const exports = new WebAssembly.Instance(evmModule(), { host }).exports as unknown as EvmExports;
  const found = exports.abi_version();
  if (found === ABI_VERSION) return exports;
  throw executionError("EVM_MODULE_UNREADABLE", {
    message: `The EVM module speaks version ${found} of its interface, this node version ${ABI_VERSION}.`,
    fix: "Use the module of this version of the node.",
    facts: { file: evmModuleFile(), found, expected: ABI_VERSION },
  });
}
