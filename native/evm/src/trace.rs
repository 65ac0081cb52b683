//! Watches a run: frames and steps for the host, and the list of what instructions accessed.

use revm::{
    bytecode::opcode,
    context::{ContextError, ContextTr},
    inspector::Inspector,
    interpreter::{
        interpreter::EthInterpreter,
        interpreter_types::{InputsTr, Jumps, LoopControl},
        CallInputs, CallOutcome, CallScheme, CreateInputs, CreateOutcome, CreateScheme, InstructionResult,
        Interpreter, InterpreterResult,
    },
    primitives::{Address, Log, U256},
};

use crate::{
    evm::ChainContext,
    host,
    precompiles::balance_of,
    reason::Place,
    records::{Entry, Exit, Records, StepHead},
    reply::Accessed,
};

const KIND_CREATE: u8 = 4;
const KIND_CREATE2: u8 = 5;

/// What a request wants to hear.
#[derive(Default, Clone, Copy)]
pub struct TraceWishes {
    pub frames: bool,
    pub steps: bool,
    pub memory: bool,
    pub storage: bool,
    pub access: bool,
}

impl TraceWishes {
    pub fn any(&self) -> bool {
        self.frames || self.steps || self.access
    }
}

/// What a step's end needs of its beginning.
struct Step {
    place: Place,
    gas: u64,
    /// SLOAD's or SSTORE's slot, and what SSTORE writes.
    slot: Option<(U256, Option<U256>)>,
    /// SELFDESTRUCT's contract, heir and balance.
    destroyed: Option<(Address, Address, U256)>,
}

struct Frame {
    gas_limit: u64,
    /// Refunds of the frames below, at the moment of entry.
    refund: i64,
}

#[derive(Default)]
pub struct Tracer {
    wishes: TraceWishes,
    records: Records,
    frames: Vec<Frame>,
    /// Refunds of all running frames.
    refund: i64,
    step: Option<Step>,
    /// Logs of the step that runs.
    logs: Vec<Log>,
    /// The last step, and how it ended its frame, where it did.
    last: Option<(Place, InstructionResult)>,
    /// Logs of the journal that were told.
    told: usize,
    pub accessed: Accessed,
}

fn address_of(word: U256) -> Address {
    Address::from_slice(&word.to_be_bytes::<32>()[12..])
}

impl Tracer {
    pub fn new(wishes: TraceWishes) -> Self {
        Self { wishes, ..Default::default() }
    }

    /// Sends what is left; false where the host refused a piece.
    pub fn finish(&mut self) -> bool {
        self.records.finish()
    }

    fn enter(&mut self, entry: Entry, input: &[u8]) {
        let (gas_limit, refund) = (entry.gas, self.refund);
        self.frames.push(Frame { gas_limit, refund });
        if self.wishes.frames {
            self.records.enter(&entry, input);
        }
    }

    fn leave(&mut self, result: &InterpreterResult, created: Option<Address>) {
        let frame = self.frames.pop().expect("entered before");
        self.refund = frame.refund;
        if !self.wishes.frames {
            return;
        }
        let ended = result.result;
        // A halt takes all gas, which op-revm only books in the frame below.
        let gas = match ended.is_error() {
            true => frame.gas_limit,
            false => result.gas.total_gas_spent(),
        };
        let last = self.last.filter(|(_, result)| *result == ended).map(|(place, _)| place);
        let returned = self.last.is_some_and(|(_, result)| result.is_ok());
        self.records.leave(&Exit {
            ended,
            gas,
            created: created.filter(|_| ended.is_ok()),
            output: &result.output,
            code_too_dear: created.is_some() && ended == InstructionResult::OutOfGas && returned,
            last,
        });
    }

    /// Tells the logs that no instruction made: a precompile's. Of a frame that failed none are left.
    fn tell_logs(&mut self, context: &ChainContext) {
        let logs = &context.journaled_state.inner.logs;
        if self.wishes.frames {
            for log in logs.iter().skip(self.told) {
                self.records.log(log);
            }
        }
        self.told = logs.len();
    }

    /// Refunds of the running frame and those below it.
    fn refund_at(&self, interpreter: &Interpreter<EthInterpreter>) -> i64 {
        self.frames.last().map_or(0, |frame| frame.refund) + interpreter.gas.refunded()
    }

    fn begin_step(&mut self, interpreter: &Interpreter<EthInterpreter>, op: u8, gas: u64) {
        let memory = interpreter.memory.context_memory();
        self.records.begin_step(&StepHead {
            op,
            pc: interpreter.bytecode.pc() as u32,
            gas,
            depth: self.frames.len() as u16,
            refund: self.refund_at(interpreter).max(0) as u64,
            stack: interpreter.stack.data(),
            memory: if self.wishes.memory { &memory } else { &[] },
        });
    }

    fn end_step(&mut self, step: &Step, interpreter: &mut Interpreter<EthInterpreter>) {
        let ended = interpreter.bytecode.instruction_result();
        let error = ended.filter(|result| !result.is_ok());
        // op-revm takes an instruction's fixed price even where the gas is too little, and wraps.
        let cost = step.gas.wrapping_sub(interpreter.gas.remaining());
        let slot = match step.slot.filter(|_| self.wishes.storage && error.is_none()) {
            Some((key, Some(written))) => Some((key, written)),
            Some((key, None)) => interpreter.stack.data().last().map(|read| (key, *read)),
            None => None,
        };
        self.records.end_step(cost, slot, error.map(|ended| (ended, step.place)));
    }

    /// geth's access list tracer: what instructions name, also where their frame reverts.
    fn note_access(&mut self, op: u8, own: Address, stack: &[U256]) {
        let at = |depth: usize| stack.len().checked_sub(depth + 1).map(|index| stack[index]);
        match op {
            opcode::SLOAD | opcode::SSTORE => {
                let Some(slot) = at(0) else { return };
                self.accessed.entry(own).or_default().insert(slot);
            }
            opcode::EXTCODECOPY
            | opcode::EXTCODEHASH
            | opcode::EXTCODESIZE
            | opcode::BALANCE
            | opcode::SELFDESTRUCT => {
                let Some(word) = at(0) else { return };
                self.accessed.entry(address_of(word)).or_default();
            }
            opcode::CALL | opcode::CALLCODE | opcode::DELEGATECALL | opcode::STATICCALL
                if stack.len() >= 5 =>
            {
                let Some(word) = at(1) else { return };
                self.accessed.entry(address_of(word)).or_default();
            }
            _ => {}
        }
    }
}

fn step_of(context: &ChainContext, interpreter: &Interpreter<EthInterpreter>, op: u8, gas: u64) -> Step {
    let stack = interpreter.stack.data().as_slice();
    let own = interpreter.input.target_address();
    let slot = match (op, stack) {
        (opcode::SLOAD, [.., slot]) => Some((*slot, None)),
        (opcode::SSTORE, [.., value, slot]) => Some((*slot, Some(*value))),
        _ => None,
    };
    let destroyed = match (op, stack) {
        (opcode::SELFDESTRUCT, [.., heir]) => Some((own, address_of(*heir), balance_of(context, &own))),
        _ => None,
    };
    Step { place: Place { op, stack: stack.len() }, gas, slot, destroyed }
}

impl Inspector<ChainContext> for Tracer {
    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, context: &mut ChainContext) {
        if self.records.failed() {
            let text = host::HostFailed("trace").to_string();
            *context.error() = Err(ContextError::Custom(text));
            interpreter.halt(InstructionResult::FatalExternalError);
            return;
        }
        let (op, gas) = (interpreter.bytecode.opcode(), interpreter.gas.remaining());
        if self.wishes.access {
            let own = interpreter.input.target_address();
            self.note_access(op, own, interpreter.stack.data());
        }
        if self.wishes.steps {
            self.begin_step(interpreter, op, gas);
        }
        self.step = Some(step_of(context, interpreter, op, gas));
    }

    fn step_end(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut ChainContext) {
        let Some(step) = self.step.take() else { return };
        if self.wishes.steps {
            self.end_step(&step, interpreter);
            for log in core::mem::take(&mut self.logs) {
                self.records.log(&log);
            }
        }
        self.refund = self.refund_at(interpreter);
        let ended = interpreter.bytecode.instruction_result();
        self.last = ended.map(|result| (step.place, result));
        let destroyed = ended == Some(InstructionResult::SelfDestruct);
        if let Some((contract, heir, balance)) = step.destroyed.filter(|_| destroyed && self.wishes.frames) {
            self.records.selfdestruct(contract, heir, balance);
        }
    }

    fn log(&mut self, _: &mut ChainContext, log: Log) {
        self.told += 1;
        if !self.wishes.frames {
            return;
        }
        // A log comes in the middle of the step that makes it, whose record is not whole yet.
        if self.wishes.steps && self.step.is_some() {
            self.logs.push(log);
        } else {
            self.records.log(&log);
        }
    }

    fn call(&mut self, context: &mut ChainContext, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let input = inputs.input.bytes(context);
        let (kind, from) = match inputs.scheme {
            CallScheme::Call => (0, inputs.caller),
            CallScheme::CallCode => (1, inputs.caller),
            // The frame's sender is that of the frame below; the one that calls is the contract itself.
            CallScheme::DelegateCall => (2, inputs.target_address),
            CallScheme::StaticCall => (3, inputs.caller),
        };
        let (to, value, gas) = (inputs.bytecode_address, inputs.call_value(), inputs.gas_limit);
        self.enter(Entry { kind, from, to, value, gas }, &input);
        None
    }

    fn call_end(&mut self, context: &mut ChainContext, _: &CallInputs, outcome: &mut CallOutcome) {
        self.tell_logs(context);
        self.leave(&outcome.result, None);
    }

    fn create(&mut self, context: &mut ChainContext, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        let from = inputs.caller();
        let state = &context.journaled_state.inner.state;
        let nonce = state.get(&from).map_or(0, |account| account.info.nonce);
        let kind = match inputs.scheme() {
            CreateScheme::Create2 { .. } => KIND_CREATE2,
            _ => KIND_CREATE,
        };
        let (to, value, gas) = (inputs.created_address(nonce), inputs.value(), inputs.gas_limit());
        let code = inputs.init_code().clone();
        self.enter(Entry { kind, from, to, value, gas }, &code);
        None
    }

    fn create_end(&mut self, context: &mut ChainContext, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.tell_logs(context);
        self.leave(&outcome.result, outcome.address);
    }
}
