import { bytesToHex } from "../../../base/bytes.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { StackView, Tracer } from "../block/tracer.ts";
import { AnswerReader, readWord } from "./bytes.ts";

const KINDS = ["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "CREATE", "CREATE2"] as const;
const ENTER = 1;
const LEAVE = 2;
const STEP = 3;
const SELFDESTRUCT = 4;
const LOG = 5;
const WORD = 32;
const EMPTY = new Uint8Array(0);

/** Passes the module's trace records on: native/evm/README.md, "Trace records". */
export function tellTracer(records: Uint8Array, tracer: Tracer): void {
  const reader = new AnswerReader(records);
  while (!reader.done) {
    const kind = reader.u8();
    if (kind === ENTER) enter(reader, tracer);
    else if (kind === LEAVE) leave(reader, tracer);
    else if (kind === STEP) step(reader, tracer);
    else if (kind === SELFDESTRUCT) selfdestruct(reader, tracer);
    else if (kind === LOG) log(reader, tracer);
    else throw new Error(`a trace record of kind ${kind}`);
  }
}

function enter(reader: AnswerReader, tracer: Tracer): void {
  tracer.enter({
    kind: KINDS[reader.u8()]!,
    from: bytesToHex(reader.raw(20)),
    to: bytesToHex(reader.raw(20)),
    value: reader.word(),
    gas: reader.u64(),
    input: reader.bytesField(),
  });
}

function leave(reader: AnswerReader, tracer: Tracer): void {
  reader.u8();
  const gasUsed = reader.u64();
  reader.raw(20);
  const output = reader.bytesField();
  tracer.leave({ gasUsed, output, error: reader.text() || undefined });
}

/** Decodes only the words that are asked for. */
class WordStack implements StackView {
  readonly length: number;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length / WORD;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  at(depth: number): bigint {
    return readWord(this.view, WORD * (this.length - 1 - depth));
  }
}

function step(reader: AnswerReader, tracer: Tracer): void {
  const op = reader.u8();
  const pc = reader.u32();
  const gas = reader.u64();
  const depth = reader.u16();
  const refund = reader.u64();
  const stack = new WordStack(reader.raw(WORD * reader.u16()));
  const memory = reader.bytesField();
  const cost = reader.u64();
  const slot = reader.u8() === 1 ? { key: reader.word(), value: reader.word() } : undefined;
  const error = reader.text() || undefined;
  tracer.step({
    ...{ op, pc, gas, cost, depth, refund, stack, slot, error },
    memory: tracer.wants.memory ? memory : undefined,
  });
}

function selfdestruct(reader: AnswerReader, tracer: Tracer): void {
  const from = bytesToHex(reader.raw(20));
  const to = bytesToHex(reader.raw(20));
  tracer.enter({ kind: "SELFDESTRUCT", from, to, value: reader.word(), gas: 0n, input: EMPTY });
  tracer.leave({ gasUsed: 0n, output: EMPTY, error: undefined });
}

function log(reader: AnswerReader, tracer: Tracer): void {
  const address = bytesToHex(reader.raw(20));
  const topics = Array.from({ length: reader.u8() }, (): Hash => bytesToHex(reader.raw(32)));
  tracer.log({ address, topics, data: reader.bytesField() });
}
