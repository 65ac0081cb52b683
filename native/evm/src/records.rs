//! The stream of trace records: whole records in pieces for the host.

use revm::{
    interpreter::InstructionResult,
    primitives::{Address, Log, U256},
};

use crate::{
    codec::Write,
    host,
    reason::{self, Place},
};

const ENTER: u8 = 1;
const LEAVE: u8 = 2;
const STEP: u8 = 3;
const SELFDESTRUCT: u8 = 4;
const LOG: u8 = 5;

/// Bytes of records that go to the host at once; a longer single record goes alone.
const PIECE: usize = 64 << 10;

/// A frame's first words.
pub struct Entry {
    pub kind: u8,
    pub from: Address,
    pub to: Address,
    pub value: U256,
    pub gas: u64,
}

/// How a frame ended.
pub struct Exit<'a> {
    pub ended: InstructionResult,
    /// Used by the frame.
    pub gas: u64,
    pub created: Option<Address>,
    pub output: &'a [u8],
    /// The gas that was left did not pay for the new contract's code.
    pub code_too_dear: bool,
    /// The instruction that ended it.
    pub last: Option<Place>,
}

/// What a step shows before it runs.
pub struct StepHead<'a> {
    pub op: u8,
    pub pc: u32,
    pub gas: u64,
    pub depth: u16,
    pub refund: u64,
    pub stack: &'a [U256],
    pub memory: &'a [u8],
}

#[derive(Default)]
pub struct Records {
    bytes: Vec<u8>,
    /// Where the record that is being written begins.
    start: usize,
    failed: bool,
}

impl Records {
    /// The host refused a piece.
    pub fn failed(&self) -> bool {
        self.failed
    }

    fn begin(&mut self, kind: u8) -> &mut Vec<u8> {
        self.start = self.bytes.len();
        self.bytes.put_u8(kind);
        &mut self.bytes
    }

    /// Ends a record: sends what is before it when the piece would grow too long.
    fn end(&mut self) {
        if self.bytes.len() <= PIECE {
            return;
        }
        if self.start > 0 {
            self.send(self.start);
        }
        if self.bytes.len() > PIECE {
            self.send(self.bytes.len());
        }
    }

    fn send(&mut self, length: usize) {
        self.failed |= host::trace(&self.bytes[..length]).is_err();
        self.bytes.drain(..length);
    }

    /// Sends what is left; false where the host refused a piece.
    pub fn finish(&mut self) -> bool {
        if !self.bytes.is_empty() {
            self.send(self.bytes.len());
        }
        !self.failed
    }

    pub fn enter(&mut self, entry: &Entry, input: &[u8]) {
        let out = self.begin(ENTER);
        out.put_u8(entry.kind);
        out.put_raw(entry.from.as_slice());
        out.put_raw(entry.to.as_slice());
        out.put_word(entry.value);
        out.put_u64(entry.gas);
        out.put_bytes(input);
        self.end();
    }

    pub fn leave(&mut self, exit: &Exit) {
        let (status, output) = match exit.ended {
            InstructionResult::Revert => (1, exit.output),
            ended if ended.is_ok() => (0, exit.output),
            _ => (2, &[][..]),
        };
        let error = match exit.code_too_dear {
            true => Some("contract creation code storage out of gas".into()),
            false => reason::of_instruction(exit.ended, exit.last),
        };
        let out = self.begin(LEAVE);
        out.put_u8(status);
        out.put_u64(exit.gas);
        out.put_raw(exit.created.unwrap_or_default().as_slice());
        out.put_bytes(output);
        out.put_bytes(error.unwrap_or_default().as_bytes());
        self.end();
    }

    /// The first half of a step's record; [`Records::end_step`] writes the second.
    pub fn begin_step(&mut self, head: &StepHead) {
        let out = self.begin(STEP);
        out.put_u8(head.op);
        out.put_u32(head.pc);
        out.put_u64(head.gas);
        out.put_u16(head.depth);
        out.put_u64(head.refund);
        out.put_u16(head.stack.len() as u16);
        for word in head.stack {
            out.put_word(*word);
        }
        out.put_bytes(head.memory);
    }

    pub fn end_step(&mut self, cost: u64, slot: Option<(U256, U256)>, error: Option<(InstructionResult, Place)>) {
        let out = &mut self.bytes;
        out.put_u64(cost);
        out.put_u8(slot.is_some().into());
        if let Some((key, value)) = slot {
            out.put_word(key);
            out.put_word(value);
        }
        let text = error.and_then(|(ended, place)| reason::of_instruction(ended, Some(place)));
        out.put_bytes(text.unwrap_or_default().as_bytes());
        self.end();
    }

    pub fn selfdestruct(&mut self, contract: Address, heir: Address, balance: U256) {
        let out = self.begin(SELFDESTRUCT);
        out.put_raw(contract.as_slice());
        out.put_raw(heir.as_slice());
        out.put_word(balance);
        self.end();
    }

    pub fn log(&mut self, log: &Log) {
        self.begin(LOG).put_log(log);
        self.end();
    }
}
