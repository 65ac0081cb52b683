//! KECCAK256 over long data: native code in the host is several times as fast as WebAssembly, and this is the
//! instruction whose time is worst against its gas.

use std::cell::Cell;

use revm::{
    bytecode::opcode,
    context::{ContextError, ContextTr},
    context_interface::Host,
    interpreter::{
        as_usize_or_fail, gas, interpreter::EthInterpreter, interpreter_types::StackTr, resize_memory,
        Instruction, InstructionContext, InstructionResult,
    },
    primitives::{keccak256, B256, KECCAK_EMPTY},
};

use crate::{
    evm::{ChainContext, ChainInstructions},
    host::{self, CryptoAnswer, HostFailed, CRYPTO_OUT},
};

const KECCAK: u32 = 2;
const PRICE: u64 = 30;

/// Bytes from which asking the host is worth the call.
const LONG: usize = 512;

thread_local! {
    /// The host has no code for it, and need not be asked again.
    static ABSENT: Cell<bool> = const { Cell::new(false) };
}

fn digest(input: &[u8]) -> Result<B256, HostFailed> {
    if input.len() < LONG || ABSENT.get() {
        return Ok(keccak256(input));
    }
    let mut out = [0u8; CRYPTO_OUT];
    match host::crypto(KECCAK, input, &mut out)? {
        CryptoAnswer::Done(32, _) => Ok(B256::from_slice(&out[..32])),
        CryptoAnswer::Absent => {
            ABSENT.set(true);
            Ok(keccak256(input))
        }
        _ => Err(HostFailed("keccak-256")),
    }
}

/// As op-revm's, apart from where the digest comes from.
fn instruction(context: InstructionContext<'_, ChainContext, EthInterpreter>) {
    let InstructionContext { interpreter, host } = context;
    let Some(([offset], top)) = StackTr::popn_top(&mut interpreter.stack) else {
        return interpreter.halt_underflow();
    };
    let length = as_usize_or_fail!(interpreter, top);
    gas!(interpreter, host.gas_params().keccak256_cost(length));
    if length == 0 {
        *top = KECCAK_EMPTY.into();
        return;
    }
    let from = as_usize_or_fail!(interpreter, offset);
    resize_memory!(interpreter, host.gas_params(), from, length);
    let result = digest(&interpreter.memory.slice_len(from, length));
    match result {
        Ok(hash) => *top = hash.into(),
        Err(failure) => {
            *host.error() = Err(ContextError::Custom(failure.to_string()));
            interpreter.halt(InstructionResult::FatalExternalError);
        }
    }
}

/// Puts the instruction in place.
pub fn install(instructions: &mut ChainInstructions) {
    instructions.insert_instruction(opcode::KECCAK256, Instruction::new(instruction, PRICE));
}
