//! OP Stack's precompiles, and those that the host implements at addresses of its own.

use std::cell::Cell;

use op_revm::{precompiles::OpPrecompiles, OpSpecId};
use revm::{
    context::{ContextTr, JournalTr},
    handler::PrecompileProvider,
    interpreter::{CallInputs, CallScheme, Gas, InstructionResult, InterpreterResult},
    primitives::{Address, Bytes, Log, KECCAK_EMPTY, U256},
};

use crate::{
    codec::{Reader, Write},
    crypto,
    evm::ChainContext,
    host::{self, PrecompileAnswer, PrecompileRecord},
};

thread_local! {
    /// The context of the call in which a host precompile runs; null while none does.
    static RUNNING: Cell<*mut ChainContext> = const { Cell::new(core::ptr::null_mut()) };
}

pub struct ChainPrecompiles {
    built_in: OpPrecompiles,
    host: Vec<Address>,
}

impl ChainPrecompiles {
    /// `host`: addresses of precompiles that the host runs; they go before built-in ones.
    pub fn new(spec: OpSpecId, host: Vec<Address>) -> Self {
        Self { built_in: OpPrecompiles::new_with_spec(spec), host }
    }
}

fn record(context: &ChainContext, inputs: &CallInputs) -> PrecompileRecord {
    let mut out = Vec::with_capacity(core::mem::size_of::<PrecompileRecord>());
    out.put_u64(inputs.gas_limit);
    out.put_raw(inputs.bytecode_address.as_slice());
    out.put_raw(inputs.caller.as_slice());
    out.put_raw(inputs.target_address.as_slice());
    out.put_word(inputs.call_value());
    out.put_u8(inputs.is_static.into());
    out.put_u8(match inputs.scheme {
        CallScheme::Call => 0,
        CallScheme::CallCode => 1,
        CallScheme::DelegateCall => 2,
        CallScheme::StaticCall => 3,
    });
    out.put_u32(context.journaled_state.depth() as u32);
    out.try_into().expect("as long as a record")
}

fn run_in_host(context: &mut ChainContext, inputs: &CallInputs) -> Result<InterpreterResult, String> {
    let mut record = record(context, inputs);
    // Not copied: whoever calls may give far more input than it pays for. While the host works on the journal the
    // memory of the frame that called stays where it is.
    let (input, length) = {
        let bytes = inputs.input.as_bytes(context);
        (bytes.as_ptr(), bytes.len())
    };
    let outer = RUNNING.replace(context);
    let answer = host::precompile(&mut record, input, length);
    RUNNING.set(outer);
    let (result, output) = match answer.map_err(|failure| failure.to_string())? {
        PrecompileAnswer::Returned(output) => (InstructionResult::Return, output),
        PrecompileAnswer::Reverted(output) => (InstructionResult::Revert, output),
        PrecompileAnswer::Halted => (InstructionResult::PrecompileError, Bytes::new()),
    };
    let mut gas = Gas::new(inputs.gas_limit);
    let used = Reader::new(&record).u64();
    if result == InstructionResult::PrecompileError {
        gas.spend_all();
        return Ok(InterpreterResult { result, gas, output });
    }
    if !gas.record_regular_cost(used) {
        gas.spend_all();
        let result = InstructionResult::PrecompileOOG;
        return Ok(InterpreterResult { result, gas, output: Bytes::new() });
    }
    Ok(InterpreterResult { result, gas, output })
}

impl PrecompileProvider<ChainContext> for ChainPrecompiles {
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: OpSpecId) -> bool {
        PrecompileProvider::<ChainContext>::set_spec(&mut self.built_in, spec)
    }

    fn run(
        &mut self,
        context: &mut ChainContext,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        if self.host.contains(&inputs.bytecode_address) {
            return run_in_host(context, inputs).map(Some);
        }
        let result = self.built_in.run(context, inputs)?;
        crypto::take_failure().map_err(|failure| failure.to_string())?;
        Ok(result)
    }

    fn warm_addresses(&self) -> Box<impl Iterator<Item = Address>> {
        let built_in = self.built_in.precompiles().addresses().copied();
        let all: Vec<Address> = built_in.chain(self.host.iter().copied()).collect();
        Box::new(all.into_iter())
    }

    fn contains(&self, address: &Address) -> bool {
        self.host.contains(address) || self.built_in.precompiles().contains(address)
    }
}

/// Runs `work` on the context of the running host precompile; -1 where none runs or the host failed.
fn within<E>(work: impl FnOnce(&mut ChainContext) -> Result<i32, E>) -> i32 {
    // SAFETY: set only while `run_in_host` holds the context and does not use it.
    match unsafe { RUNNING.get().as_mut() } {
        Some(context) => work(context).unwrap_or(-1),
        None => -1,
    }
}

pub const ACCOUNT_SIZE: usize = 92;
pub const STORAGE_SIZE: usize = 84;
pub const TRANSFER_SIZE: usize = 72;

const EXISTS: i32 = 1;
const WAS_COLD: i32 = 2;
const HAS_CODE: i32 = 4;

/// Looks at an account: `place` is the address, then where nonce u64, balance and code hash go. `load` warms it.
pub fn account(place: &mut [u8], load: bool) -> i32 {
    let address = Address::from_slice(&place[..20]);
    within(|context| {
        let journal = context.journal_mut();
        let known = journal.inner.state.get(&address);
        let cold = known.is_none_or(|account| account.is_cold_transaction_id(journal.inner.transaction_id))
            && journal.inner.warm_addresses.is_cold(&address);
        let info = if load {
            journal.load_account(address)?.data.info.clone()
        } else {
            match known {
                Some(account) => account.info.clone(),
                None => revm::Database::basic(journal.db_mut(), address)?.unwrap_or_default(),
            }
        };
        let mut out = Vec::with_capacity(ACCOUNT_SIZE - 20);
        out.put_u64(info.nonce);
        out.put_word(info.balance);
        out.put_raw(info.code_hash.as_slice());
        place[20..].copy_from_slice(&out);
        let flag = |set: bool, flag: i32| if set { flag } else { 0 };
        Ok::<_, host::HostFailed>(
            flag(!info.is_empty(), EXISTS)
                | flag(cold, WAS_COLD)
                | flag(info.code_hash != KECCAK_EMPTY && !info.code_hash.is_zero(), HAS_CODE),
        )
    })
}

/// Reads or writes a slot: `place` is the address, the slot, the value.
pub fn storage(place: &mut [u8], write: bool) -> i32 {
    let mut reader = Reader::new(place);
    let (address, key, value) = (reader.address(), reader.word(), reader.word());
    within(|context| {
        let journal = context.journal_mut();
        journal.load_account(address)?;
        if write {
            // Changes of untouched accounts would not be kept.
            journal.touch_account(address);
            journal.sstore(address, key, value)?;
        } else {
            let value = journal.sload(address, key)?.data;
            place[52..].copy_from_slice(&value.to_be_bytes::<32>());
        }
        Ok::<_, host::HostFailed>(0)
    })
}

/// Moves value: `place` is from, to, value. 1: not enough balance, and nothing moved.
pub fn transfer(place: &[u8]) -> i32 {
    let mut reader = Reader::new(place);
    let (from, to, value) = (reader.address(), reader.address(), reader.word());
    within(|context| {
        let journal = context.journal_mut();
        if journal.load_account(from)?.data.info.balance < value {
            return Ok(1);
        }
        // A transfer of nothing, or to oneself, touches as well.
        journal.touch_account(from);
        Ok::<_, host::HostFailed>(i32::from(journal.transfer(from, to, value)?.is_some()))
    })
}

/// Emits a log: address, u8 number of topics, topics, data.
pub fn log(place: &[u8]) -> i32 {
    let mut reader = Reader::new(place);
    let address = reader.address();
    let topics = (0..reader.u8()).map(|_| reader.hash()).collect();
    let log = Log::new(address, topics, Bytes::copy_from_slice(reader.rest()));
    within(|context| {
        let log = log.ok_or(())?;
        context.journal_mut().log(log);
        Ok::<_, ()>(0)
    })
}

/// The balance of a loaded account, for traces.
pub fn balance_of(context: &ChainContext, address: &Address) -> U256 {
    context.journaled_state.inner.state.get(address).map_or(U256::ZERO, |account| account.info.balance)
}
