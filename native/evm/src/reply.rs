//! The answer to a transaction, a call or a system call.

use std::collections::{BTreeMap, BTreeSet};

use op_revm::OpHaltReason;
use revm::{
    context_interface::result::{EVMError, ExecutionResult, Output, ResultGas},
    primitives::{Address, Bytes, Log, U256},
};

use crate::{codec::Write, evm::ChainError, reason};

const OK: u8 = 0;
const REVERT: u8 = 1;
const HALT: u8 = 2;
const INVALID: u8 = 3;
const HOST_FAILED: u8 = 4;

/// Addresses and slots that a run's instructions named.
pub type Accessed = BTreeMap<Address, BTreeSet<U256>>;

/// What a transaction paid besides gas, in wei.
#[derive(Default, Clone, Copy)]
pub struct Costs {
    pub l1: U256,
    pub operator: U256,
}

/// A transaction that no block may hold.
pub fn put_invalid(out: &mut Vec<u8>, (number, text): (u8, &str)) {
    out.put_u8(INVALID);
    out.put_u8(number);
    out.put_bytes(text.as_bytes());
}

pub fn put_host_failed(out: &mut Vec<u8>, text: &str) {
    out.put_u8(HOST_FAILED);
    out.put_bytes(text.as_bytes());
}

pub fn put_error(out: &mut Vec<u8>, error: ChainError) {
    match error {
        EVMError::Transaction(error) => put_invalid(out, (reason::invalid(&error), &error.to_string())),
        EVMError::Header(error) => unreachable!("the block lacks nothing: {error}"),
        EVMError::Database(failure) => put_host_failed(out, &failure.to_string()),
        EVMError::Custom(text) => put_host_failed(out, &text),
        EVMError::CustomAny(error) => put_host_failed(out, &error.to_string()),
    }
}

fn put_gas(out: &mut Vec<u8>, gas: &ResultGas) {
    out.put_u64(gas.tx_gas_used());
    out.put_u64(gas.final_refunded());
    out.put_u64(gas.total_gas_spent());
    out.put_u64(gas.floor_gas());
}

fn put_created(out: &mut Vec<u8>, created: Option<Address>) {
    out.put_u8(created.is_some().into());
    out.put_raw(created.unwrap_or_default().as_slice());
}

struct Parts {
    status: u8,
    output: Bytes,
    halt: (u8, String),
    gas: ResultGas,
    created: Option<Address>,
    logs: Vec<Log>,
}

fn parts(result: ExecutionResult<OpHaltReason>, deposit_failure: Option<String>) -> Parts {
    let none = (0, String::new());
    match result {
        ExecutionResult::Success { gas, logs, output: Output::Call(output), .. } => {
            Parts { status: OK, output, halt: none, gas, created: None, logs }
        }
        ExecutionResult::Success { gas, logs, output: Output::Create(output, created), .. } => {
            Parts { status: OK, output, halt: none, gas, created, logs }
        }
        // What failed logged nothing.
        ExecutionResult::Revert { gas, output, .. } => {
            Parts { status: REVERT, output, halt: none, gas, created: None, logs: Vec::new() }
        }
        ExecutionResult::Halt { gas, reason, .. } => {
            let halt = reason::op_halt(&reason, deposit_failure);
            Parts { status: HALT, output: Bytes::new(), halt, gas, created: None, logs: Vec::new() }
        }
    }
}

/// Status 0 to 2 with what every answer of them has; the parts that flags ask for come after it.
pub fn put_result(
    out: &mut Vec<u8>,
    result: ExecutionResult<OpHaltReason>,
    deposit_failure: Option<String>,
    costs: Costs,
) {
    let parts = parts(result, deposit_failure);
    out.put_u8(parts.status);
    out.put_bytes(&parts.output);
    out.put_u8(parts.halt.0);
    out.put_bytes(parts.halt.1.as_bytes());
    put_gas(out, &parts.gas);
    put_created(out, parts.created);
    out.put_u32(parts.logs.len() as u32);
    for log in &parts.logs {
        out.put_log(log);
    }
    out.put_word(costs.l1);
    out.put_word(costs.operator);
}

pub fn put_accessed(out: &mut Vec<u8>, accessed: &Accessed) {
    out.put_u32(accessed.len() as u32);
    for (address, slots) in accessed {
        out.put_raw(address.as_slice());
        out.put_u32(slots.len() as u32);
        for slot in slots {
            out.put_word(*slot);
        }
    }
}
