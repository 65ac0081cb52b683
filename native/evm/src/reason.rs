//! Why execution ended badly: numbers for the host, and geth's words for them.

use op_revm::{OpHaltReason, OpTransactionError};
use revm::{
    bytecode::opcode::OpCode,
    context_interface::result::{HaltReason, InvalidTransaction, OutOfGasError},
    interpreter::{InstructionResult, SuccessOrHalt},
};

/// Number and text of a halt. The numbers are the README's.
pub fn halt(reason: &HaltReason) -> (u8, String) {
    let (number, text) = match reason {
        HaltReason::OutOfGas(OutOfGasError::ReentrancySentry) => {
            (1, "out of gas: not enough gas for reentrancy sentry")
        }
        HaltReason::OutOfGas(OutOfGasError::InvalidOperand) => (1, "gas uint64 overflow"),
        HaltReason::OutOfGas(_) => (1, "out of gas"),
        HaltReason::OpcodeNotFound | HaltReason::NotActivated => (2, "invalid opcode"),
        HaltReason::InvalidFEOpcode => (3, "invalid opcode: INVALID"),
        HaltReason::InvalidJump => (4, "invalid jump destination"),
        HaltReason::StackUnderflow => (5, "stack underflow"),
        HaltReason::StackOverflow => (6, "stack limit reached"),
        HaltReason::OutOfOffset => (7, "return data out of bounds"),
        HaltReason::CreateCollision => (8, "contract address collision"),
        HaltReason::PrecompileError => (9, "precompile error"),
        HaltReason::PrecompileErrorWithContext(text) => return (9, text.clone()),
        HaltReason::NonceOverflow => (10, "nonce uint64 overflow"),
        HaltReason::CreateContractSizeLimit => (11, "max code size exceeded"),
        HaltReason::CreateContractStartingWithEF => (12, "invalid code: must not begin with 0xef"),
        HaltReason::CreateInitCodeSizeLimit => (13, "max initcode size exceeded"),
        HaltReason::OverflowPayment => (14, "balance overflow"),
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => {
            (15, "write protection")
        }
        HaltReason::OutOfFunds => (16, "insufficient balance for transfer"),
        HaltReason::CallTooDeep => (17, "max call depth exceeded"),
    };
    (number, text.into())
}

/// As [`halt`]; a deposit that failed has number 18, and `inner` says why.
pub fn op_halt(reason: &OpHaltReason, inner: Option<String>) -> (u8, String) {
    match reason {
        OpHaltReason::Base(reason) => halt(reason),
        OpHaltReason::FailedDeposit => (18, format!("failed deposit: {}", inner.unwrap_or_default())),
    }
}

/// An instruction, and how many words lay on the stack before it.
#[derive(Clone, Copy)]
pub struct Place {
    pub op: u8,
    pub stack: usize,
}

const STACK_LIMIT: usize = 1024;

/// What geth says more exactly where it names the instruction.
fn of_place(result: InstructionResult, Place { op, stack }: Place) -> Option<String> {
    let known = OpCode::new(op);
    match (result, known) {
        (InstructionResult::OpcodeNotFound | InstructionResult::NotActivated, Some(code)) => {
            Some(format!("invalid opcode: {}", code.as_str()))
        }
        (InstructionResult::OpcodeNotFound, None) => {
            Some(format!("invalid opcode: opcode {op:#x} not defined"))
        }
        (InstructionResult::StackUnderflow, Some(code)) => {
            Some(format!("stack underflow ({stack} <=> {})", code.inputs()))
        }
        (InstructionResult::StackOverflow, Some(code)) => {
            let limit = STACK_LIMIT + code.inputs() as usize - code.outputs() as usize;
            Some(format!("stack limit reached {stack} ({limit})"))
        }
        _ => None,
    }
}

/// Text of a frame's or step's bad end; none where it ended well.
pub fn of_instruction(result: InstructionResult, place: Option<Place>) -> Option<String> {
    if let Some(text) = place.and_then(|place| of_place(result, place)) {
        return Some(text);
    }
    match SuccessOrHalt::<HaltReason>::from(result) {
        SuccessOrHalt::Success(_) => None,
        SuccessOrHalt::Revert => Some("execution reverted".into()),
        SuccessOrHalt::Halt(reason) => Some(halt(&reason).1),
        SuccessOrHalt::FatalExternalError => Some("the host failed".into()),
        SuccessOrHalt::Internal(_) => Some("internal".into()),
    }
}

pub const TYPE_NOT_SUPPORTED: (u8, &str) = (16, "transaction type not supported");
pub const SET_CODE_CREATES: (u8, &str) = (17, "EIP-7702 transaction cannot be used to create contract");

/// Number of an invalid transaction. The numbers are the README's; what can't happen here has 255.
pub fn invalid(error: &OpTransactionError) -> u8 {
    let OpTransactionError::Base(error) = error else {
        return 255;
    };
    match error {
        InvalidTransaction::PriorityFeeGreaterThanMaxFee => 1,
        InvalidTransaction::GasPriceLessThanBasefee => 2,
        InvalidTransaction::CallerGasLimitMoreThanBlock => 3,
        InvalidTransaction::CallGasCostMoreThanGasLimit { .. } => 4,
        InvalidTransaction::GasFloorMoreThanGasLimit { .. } => 5,
        InvalidTransaction::RejectCallerWithCode => 6,
        InvalidTransaction::LackOfFundForMaxFee { .. } => 7,
        InvalidTransaction::OverflowPaymentInTransaction => 8,
        InvalidTransaction::NonceOverflowInTransaction => 9,
        InvalidTransaction::NonceTooHigh { .. } => 10,
        InvalidTransaction::NonceTooLow { .. } => 11,
        InvalidTransaction::CreateInitCodeSizeLimit => 12,
        InvalidTransaction::TxGasLimitGreaterThanCap { .. } => 13,
        InvalidTransaction::EmptyAuthorizationList => 14,
        InvalidTransaction::Eip7702NotSupported => 15,
        _ => 255,
    }
}
