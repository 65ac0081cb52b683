/** Which of geth's tracers, with its settings; plain data that crosses threads. */
export type TracerSpec =
  | StructLoggerSpec
  | CallTracerSpec
  | FlatCallTracerSpec
  | PrestateTracerSpec
  | { name: "4byteTracer" }
  | { name: "noopTracer" }
  | { name: "muxTracer"; tracers: readonly (readonly [string, TracerSpec])[] };

/** Every instruction: what geth does where no tracer is named. */
export interface StructLoggerSpec {
  name: "structLogger";
  memory: boolean;
  stack: boolean;
  storage: boolean;
  returnData: boolean;
  /** Bytes of text after which no more instructions are told; 0: none. */
  limit: number;
}

export interface CallTracerSpec {
  name: "callTracer";
  onlyTopCall: boolean;
  withLog: boolean;
}

export interface FlatCallTracerSpec {
  name: "flatCallTracer";
  convertParityErrors: boolean;
  includePrecompiles: boolean;
}

export interface PrestateTracerSpec {
  name: "prestateTracer";
  diffMode: boolean;
  disableCode: boolean;
  disableStorage: boolean;
  includeEmpty: boolean;
}
