//! Frames and steps as a stream of records for the host, and the list of what instructions accessed.

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

use crate::{codec::Write, evm::ChainContext, host, precompiles::balance_of, reason, reply::Accessed};

const ENTER: u8 = 1;
const LEAVE: u8 = 2;
const STEP: u8 = 3;
const SELFDESTRUCT: u8 = 4;
const LOG: u8 = 5;

const KIND_CREATE: u8 = 4;
const KIND_CREATE2: u8 = 5;

/// Bytes of records that go to the host at once; a longer single record goes alone.
const PIECE: usize = 64 << 10;

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
    op: u8,
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
    records: Vec<u8>,
    frames: Vec<Frame>,
    /// Refunds of all running frames.
    refund: i64,
    step: Option<Step>,
    failed: bool,
    pub accessed: Accessed,
}

impl Tracer {
    pub fn new(wishes: TraceWishes) -> Self {
        Self {
            wishes,
            ..Default::default()
        }
    }

    /// Ends a record that began at `start`: sends what is before it when the piece would grow too long.
    fn end_record(&mut self, start: usize) {
        if self.records.len() <= PIECE {
            return;
        }
        if start > 0 {
            self.send(start);
        }
        if self.records.len() > PIECE {
            self.send(self.records.len());
        }
    }

    fn send(&mut self, length: usize) {
        self.failed |= host::trace(&self.records[..length]).is_err();
        self.records.drain(..length);
    }

    /// Sends what is left; false where the host refused a piece.
    pub fn finish(&mut self) -> bool {
        if !self.records.is_empty() {
            self.send(self.records.len());
        }
        !self.failed
    }

    fn enter(&mut self, kind: u8, from: Address, to: Address, value: U256, gas: u64, input: &[u8]) {
        self.frames.push(Frame {
            gas_limit: gas,
            refund: self.refund,
        });
        if !self.wishes.frames {
            return;
        }
        let start = self.records.len();
        self.records.put_u8(ENTER);
        self.records.put_u8(kind);
        self.records.put_raw(from.as_slice());
        self.records.put_raw(to.as_slice());
        self.records.put_word(value);
        self.records.put_u64(gas);
        self.records.put_bytes(input);
        self.end_record(start);
    }

    fn leave(&mut self, result: &InterpreterResult, created: Option<Address>) {
        let frame = self.frames.pop().expect("entered before");
        self.refund = frame.refund;
        if !self.wishes.frames {
            return;
        }
        let ended = result.result;
        // A halt takes all gas, which op-revm only books in the frame below.
        let gas = if ended.is_error() {
            frame.gas_limit
        } else {
            result.gas.total_gas_spent()
        };
        let status = match ended {
            InstructionResult::Revert => 1,
            _ if ended.is_ok() => 0,
            _ => 2,
        };
        let start = self.records.len();
        self.records.put_u8(LEAVE);
        self.records.put_u8(status);
        self.records.put_u64(gas);
        self.records
            .put_raw(created.filter(|_| ended.is_ok()).unwrap_or_default().as_slice());
        self.records.put_bytes(&result.output);
        self.records
            .put_bytes(reason::of_instruction(ended).unwrap_or_default().as_bytes());
        self.end_record(start);
    }

    /// The first half of a step's record; `end_step` adds the second.
    fn begin_step(&mut self, interpreter: &Interpreter<EthInterpreter>, op: u8, gas: u64) {
        let stack = interpreter.stack.data();
        self.records.put_u8(STEP);
        self.records.put_u8(op);
        self.records.put_u32(interpreter.bytecode.pc() as u32);
        self.records.put_u64(gas);
        self.records.put_u16(self.frames.len() as u16);
        self.records.put_u64(self.refund.max(0) as u64);
        self.records.put_u16(stack.len() as u16);
        for word in stack {
            self.records.put_word(*word);
        }
        if self.wishes.memory {
            self.records.put_bytes(&interpreter.memory.context_memory());
        } else {
            self.records.put_u32(0);
        }
    }

    fn end_step(&mut self, step: &Step, interpreter: &mut Interpreter<EthInterpreter>) {
        let error = interpreter
            .bytecode
            .instruction_result()
            .filter(|result| !result.is_ok());
        // op-revm takes an instruction's fixed price even where the gas is too little, and wraps.
        self.records
            .put_u64(step.gas.wrapping_sub(interpreter.gas.remaining()));
        let value = match step.slot {
            Some((slot, Some(written))) => Some((slot, written)),
            Some((slot, None)) => interpreter.stack.data().last().map(|read| (slot, *read)),
            None => None,
        };
        match value.filter(|_| self.wishes.storage && error.is_none()) {
            Some((slot, value)) => {
                self.records.put_u8(1);
                self.records.put_word(slot);
                self.records.put_word(value);
            }
            None => self.records.put_u8(0),
        }
        let text = error.and_then(reason::of_instruction).unwrap_or_default();
        self.records.put_bytes(text.as_bytes());
    }

    fn selfdestruct(&mut self, (contract, heir, balance): (Address, Address, U256)) {
        let start = self.records.len();
        self.records.put_u8(SELFDESTRUCT);
        self.records.put_raw(contract.as_slice());
        self.records.put_raw(heir.as_slice());
        self.records.put_word(balance);
        self.end_record(start);
    }

    /// geth's access list tracer: what instructions name, also where their frame reverts.
    fn note_access(&mut self, op: u8, own: Address, stack: &[U256]) {
        let at = |depth: usize| stack.len().checked_sub(depth + 1).map(|index| stack[index]);
        let address = |word: U256| Address::from_slice(&word.to_be_bytes::<32>()[12..]);
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
                self.accessed.entry(address(word)).or_default();
            }
            opcode::CALL | opcode::CALLCODE | opcode::DELEGATECALL | opcode::STATICCALL
                if stack.len() >= 5 =>
            {
                let Some(word) = at(1) else { return };
                self.accessed.entry(address(word)).or_default();
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
        (opcode::SELFDESTRUCT, [.., heir]) => {
            let heir = Address::from_slice(&heir.to_be_bytes::<32>()[12..]);
            Some((own, heir, balance_of(context, &own)))
        }
        _ => None,
    };
    Step {
        op,
        gas,
        slot,
        destroyed,
    }
}

impl Inspector<ChainContext> for Tracer {
    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, context: &mut ChainContext) {
        if self.failed {
            *context.error() = Err(ContextError::Custom(host::HostFailed("trace").to_string()));
            interpreter.halt(InstructionResult::FatalExternalError);
            return;
        }
        let (op, gas) = (interpreter.bytecode.opcode(), interpreter.gas.remaining());
        if self.wishes.access {
            self.note_access(op, interpreter.input.target_address(), interpreter.stack.data());
        }
        if self.wishes.steps {
            self.begin_step(interpreter, op, gas);
        }
        self.step = Some(step_of(context, interpreter, op, gas));
    }

    fn step_end(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut ChainContext) {
        let Some(step) = self.step.take() else { return };
        if self.wishes.steps {
            let start = self.records.len();
            self.end_step(&step, interpreter);
            self.end_record(start);
        }
        let below = self.frames.last().map_or(0, |frame| frame.refund);
        self.refund = below + interpreter.gas.refunded();
        let destroyed = interpreter.bytecode.instruction_result() == Some(InstructionResult::SelfDestruct);
        if let Some(fact) = step.destroyed.filter(|_| destroyed && self.wishes.frames) {
            self.selfdestruct(fact);
        }
        debug_assert!(step.destroyed.is_none() || step.op == opcode::SELFDESTRUCT);
    }

    fn log(&mut self, _: &mut ChainContext, log: Log) {
        if !self.wishes.frames {
            return;
        }
        let start = self.records.len();
        self.records.put_u8(LOG);
        self.records.put_log(&log);
        self.end_record(start);
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
        self.enter(
            kind,
            from,
            inputs.bytecode_address,
            inputs.call_value(),
            inputs.gas_limit,
            &input,
        );
        None
    }

    fn call_end(&mut self, _: &mut ChainContext, _: &CallInputs, outcome: &mut CallOutcome) {
        self.leave(&outcome.result, None);
    }

    fn create(&mut self, context: &mut ChainContext, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        let state = &context.journaled_state.inner.state;
        let nonce = state
            .get(&inputs.caller())
            .map_or(0, |account| account.info.nonce);
        let kind = match inputs.scheme() {
            CreateScheme::Create2 { .. } => KIND_CREATE2,
            _ => KIND_CREATE,
        };
        let (to, code) = (inputs.created_address(nonce), inputs.init_code().clone());
        self.enter(
            kind,
            inputs.caller(),
            to,
            inputs.value(),
            inputs.gas_limit(),
            &code,
        );
        None
    }

    fn create_end(&mut self, _: &mut ChainContext, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.leave(&outcome.result, outcome.address);
    }
}
