//! op-revm's handler, with what op-geth does otherwise about deposits.

use std::cell::RefCell;

use op_revm::{
    handler::OpHandler, transaction::deposit::DEPOSIT_TRANSACTION_TYPE, OpHaltReason, OpSpecId,
    OpTransactionError,
};
use revm::{
    context::{Cfg, JournalTr, Transaction},
    context_interface::result::{EVMError, ExecutionResult, InvalidTransaction, ResultGas},
    handler::{EthFrame, FrameResult, Handler},
    inspector::InspectorHandler,
    interpreter::{interpreter::EthInterpreter, InitialAndFloorGas, InstructionResult},
    primitives::U256,
};

use crate::{
    evm::{ChainError, ChainEvm},
    reason,
};

#[derive(Default)]
pub struct ChainHandler {
    inner: OpHandler<ChainEvm, ChainError, EthFrame<EthInterpreter>>,
    /// Why a deposit failed, which op-revm's result does not say.
    deposit_failure: RefCell<Option<String>>,
}

impl ChainHandler {
    pub fn take_deposit_failure(&self) -> Option<String> {
        self.deposit_failure.take()
    }
}

fn is_deposit(evm: &ChainEvm) -> bool {
    evm.0.ctx.tx.tx_type() == DEPOSIT_TRANSACTION_TYPE
}

/// Checks that make op-geth include a deposit as failed, and that op-revm does not make.
/// Source: op-geth core/state_transition.go, `innerExecute`.
fn check_deposit(evm: &mut ChainEvm) -> Result<(), ChainError> {
    if !is_deposit(evm) {
        return Ok(());
    }
    let ctx = &mut evm.0.ctx;
    let spec = ctx.cfg.spec;
    // EIP-3860.
    let creates = ctx.tx.kind().is_create();
    if spec.is_enabled_in(OpSpecId::CANYON) && creates && ctx.tx.input().len() > ctx.cfg.max_initcode_size() {
        return Err(OpTransactionError::Base(InvalidTransaction::CreateInitCodeSizeLimit).into());
    }
    // From Regolith op-revm reaches the same end: the call halts for want of funds, and the deposit fails.
    if !spec.is_enabled_in(OpSpecId::REGOLITH) {
        let balance = ctx.journaled_state.load_account(ctx.tx.caller())?.data.info.balance;
        let minted = U256::from(ctx.tx.deposit.mint.unwrap_or_default());
        let (fee, balance) = (ctx.tx.value(), balance.saturating_add(minted));
        if balance < fee {
            let lack =
                InvalidTransaction::LackOfFundForMaxFee { fee: Box::new(fee), balance: Box::new(balance) };
            return Err(OpTransactionError::Base(lack).into());
        }
    }
    Ok(())
}

impl Handler for ChainHandler {
    type Evm = ChainEvm;
    type Error = ChainError;
    type HaltReason = OpHaltReason;

    fn validate_env(&self, evm: &mut ChainEvm) -> Result<(), ChainError> {
        self.inner.validate_env(evm)?;
        check_deposit(evm)
    }

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut ChainEvm,
        gas: &mut InitialAndFloorGas,
    ) -> Result<(), ChainError> {
        self.inner.validate_against_state_and_deduct_caller(evm, gas)
    }

    fn last_frame_result(&mut self, evm: &mut ChainEvm, result: &mut FrameResult) -> Result<(), ChainError> {
        self.inner.last_frame_result(evm, result)
    }

    fn reimburse_caller(&self, evm: &mut ChainEvm, result: &mut FrameResult) -> Result<(), ChainError> {
        if evm.0.ctx.cfg.disable_fee_charge {
            // Nothing was taken.
            return Ok(());
        }
        self.inner.reimburse_caller(evm, result)
    }

    fn refund(&self, evm: &mut ChainEvm, result: &mut FrameResult, eip7702: i64) {
        self.inner.refund(evm, result, eip7702);
    }

    fn reward_beneficiary(&self, evm: &mut ChainEvm, result: &mut FrameResult) -> Result<(), ChainError> {
        if evm.0.ctx.cfg.disable_fee_charge {
            return Ok(());
        }
        self.inner.reward_beneficiary(evm, result)
    }

    fn execution_result(
        &mut self,
        evm: &mut ChainEvm,
        result: FrameResult,
        gas: ResultGas,
    ) -> Result<ExecutionResult<OpHaltReason>, ChainError> {
        let ended = result.interpreter_result().result;
        if is_deposit(evm) && !ended.is_ok() && ended != InstructionResult::Revert {
            *self.deposit_failure.borrow_mut() = reason::of_instruction(ended, None);
        }
        self.inner.execution_result(evm, result, gas)
    }

    fn catch_error(
        &self,
        evm: &mut ChainEvm,
        error: ChainError,
    ) -> Result<ExecutionResult<OpHaltReason>, ChainError> {
        if is_deposit(evm) {
            self.deposit_failure.borrow_mut().get_or_insert_with(|| match &error {
                EVMError::Transaction(invalid) => invalid.to_string(),
                other => other.to_string(),
            });
        }
        self.inner.catch_error(evm, error)
    }
}

impl InspectorHandler for ChainHandler {
    type IT = EthInterpreter;
}
