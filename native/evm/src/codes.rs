//! Code by hash: kept analysed between blocks, and its size without the code itself.

use revm::{
    bytecode::{opcode, JumpTable},
    context::{ContextError, ContextTr, JournalTr},
    context_interface::{host::LoadError, Host},
    interpreter::{
        as_usize_or_fail, as_usize_saturated, gas, instructions::utility::IntoAddress,
        interpreter::EthInterpreter, interpreter_types::StackTr, resize_memory, Instruction,
        InstructionContext, InstructionResult, Interpreter,
    },
    primitives::{map::HashMap, Address, Bytes, B256, KECCAK_EMPTY, U256},
    state::Bytecode,
};

use crate::{
    evm::{ChainContext, ChainInstructions},
    host::{self, HostCode, HostFailed, CODE_PADDING},
    memory,
};

/// Bytes of code that stay analysed between blocks.
const CODE_LIMIT: usize = 32 << 20;

/// Sizes that are known at once; a block of 30 million gas pays for 11,500 of them.
const SIZES: usize = 1 << 16;

/// Gas of EXTCODESIZE and EXTCODECOPY beside a cold account's and the copy's (EIP-2929).
const WARM_READ: u64 = 100;

/// Analysed code by hash. When full it starts anew: what is in use comes back at the next read.
#[derive(Default)]
pub struct CodeCache {
    codes: HashMap<B256, Bytecode>,
    bytes: usize,
    /// Code of the open block that was only copied, and sizes that were only asked for.
    copied: HashMap<B256, Loaded>,
    sizes: HashMap<B256, usize>,
    growth: memory::Growth,
}

/// Code that nobody has run yet.
#[derive(Clone)]
enum Loaded {
    Plain(Bytes),
    Ready(Bytecode),
}

impl Loaded {
    fn read(code: HostCode) -> Result<Self, HostFailed> {
        match code {
            HostCode::Plain(code) => Ok(Self::Plain(code)),
            HostCode::Analysed(analysed) => read_analysed(analysed).map(Self::Ready),
        }
    }

    fn ready(self) -> Bytecode {
        match self {
            Self::Plain(code) => analyse(code),
            Self::Ready(code) => code,
        }
    }

    fn bytes(&self) -> Bytes {
        match self {
            Self::Plain(code) => code.clone(),
            Self::Ready(code) => code.original_bytes(),
        }
    }
}

impl CodeCache {
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A block begins: what the last one loaded is free again.
    pub fn begin(&mut self) {
        self.copied.clear();
        self.growth = memory::Growth::default();
    }

    pub fn get(&mut self, hash: B256) -> Result<Bytecode, HostFailed> {
        if let Some(code) = self.codes.get(&hash) {
            return Ok(code.clone());
        }
        let code = self.copied.remove(&hash).map_or_else(|| self.load(&hash), Ok)?.ready();
        self.bytes += code.len();
        if self.bytes > CODE_LIMIT {
            self.codes.clear();
            self.bytes = code.len();
        }
        self.codes.insert(hash, code.clone());
        Ok(code)
    }

    /// A block keeps all code that it loads: it is paid for once.
    fn load(&mut self, hash: &B256) -> Result<Loaded, HostFailed> {
        let code = host::code(hash)?;
        let (HostCode::Plain(bytes) | HostCode::Analysed(bytes)) = &code;
        self.growth.follow(bytes.len());
        Loaded::read(code)
    }

    /// The code as it is.
    fn plain(&mut self, hash: B256) -> Result<Bytes, HostFailed> {
        if let Some(code) = self.codes.get(&hash) {
            return Ok(code.original_bytes());
        }
        if let Some(code) = self.copied.get(&hash) {
            return Ok(code.bytes());
        }
        let code = self.load(&hash)?;
        let bytes = code.bytes();
        self.copied.insert(hash, code);
        Ok(bytes)
    }

    /// Bytes of the code with this hash.
    fn size(&mut self, hash: B256) -> Result<usize, HostFailed> {
        if let Some(code) = self.codes.get(&hash) {
            return Ok(code.len());
        }
        if let Some(size) = self.sizes.get(&hash) {
            return Ok(*size);
        }
        let size = host::code_size(&hash)?;
        if self.sizes.len() == SIZES {
            self.sizes.clear();
        }
        self.sizes.insert(hash, size);
        Ok(size)
    }
}

/// Code that only looks like a delegation is code like any other.
pub fn analyse(code: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
}

/// Takes what the host has analysed as it is: code that is large is dear to look through for jump destinations.
fn read_analysed(analysed: Bytes) -> Result<Bytecode, HostFailed> {
    let used = analysed.len().checked_sub(CODE_PADDING).ok_or(HostFailed("analysed code"))?;
    // A byte of code takes nine bits; the last byte of bits may be used in part.
    let length = used * 8 / 9;
    let bits = length + CODE_PADDING;
    let is_whole = length > 0 && used == length + length.div_ceil(8);
    if !is_whole || analysed[length..bits].iter().any(|byte| *byte != 0) {
        return Err(HostFailed("analysed code"));
    }
    let jumps = JumpTable::from_slice(&analysed[bits..], length);
    Ok(Bytecode::new_analyzed(analysed.slice(..bits), length, jumps))
}

/// What an instruction needs of an account whose code may not be loaded.
struct Named {
    code: Option<Bytecode>,
    hash: B256,
}

/// As op-revm loads an account for an instruction, without its code. None where the frame ended.
fn name_account(
    interpreter: &mut Interpreter<EthInterpreter>,
    host: &mut ChainContext,
    address: Address,
) -> Option<Named> {
    let cold = host.gas_params().cold_account_additional_cost();
    let skip_cold = interpreter.gas.remaining() < cold;
    match host.load_account_info_skip_cold_load(address, false, skip_cold) {
        Ok(info) => {
            if info.is_cold {
                gas!(interpreter, cold, None);
            }
            Some(Named { code: info.code.clone(), hash: info.code_hash })
        }
        Err(LoadError::ColdLoadSkipped) => {
            interpreter.halt_oog();
            None
        }
        Err(LoadError::DBError) => {
            interpreter.halt_fatal();
            None
        }
    }
}

fn fail(interpreter: &mut Interpreter<EthInterpreter>, host: &mut ChainContext, failure: HostFailed) {
    *host.error() = Err(ContextError::Db(failure));
    interpreter.halt(InstructionResult::FatalExternalError);
}

/// As op-revm's, but code is not loaded for its size: a block can name hundreds of megabytes.
fn ext_code_size(context: InstructionContext<'_, ChainContext, EthInterpreter>) {
    let InstructionContext { interpreter, host } = context;
    let Some([address]) = StackTr::popn(&mut interpreter.stack) else {
        return interpreter.halt_underflow();
    };
    let Some(named) = name_account(interpreter, host, address.into_address()) else { return };
    let size = match named {
        Named { code: Some(code), .. } => Ok(code.len()),
        Named { hash: KECCAK_EMPTY, .. } => Ok(0),
        Named { hash, .. } => host.journal_mut().db_mut().codes.size(hash),
    };
    match size {
        Ok(size) => assert!(interpreter.stack.push(U256::from(size)), "its address has left room"),
        Err(failure) => fail(interpreter, host, failure),
    }
}

/// As op-revm's, but code that is only copied is not analysed.
fn ext_code_copy(context: InstructionContext<'_, ChainContext, EthInterpreter>) {
    let InstructionContext { interpreter, host } = context;
    let Some([address, to, from, length]) = StackTr::popn(&mut interpreter.stack) else {
        return interpreter.halt_underflow();
    };
    let length = as_usize_or_fail!(interpreter, length);
    gas!(interpreter, host.gas_params().extcodecopy(length));
    let mut at = 0;
    if length != 0 {
        at = as_usize_or_fail!(interpreter, to);
        resize_memory!(interpreter, host.gas_params(), at, length);
    }
    let Some(named) = name_account(interpreter, host, address.into_address()) else { return };
    let code = match named {
        Named { code: Some(code), .. } => Ok(code.original_bytes()),
        Named { hash: KECCAK_EMPTY, .. } => Ok(Bytes::new()),
        Named { hash, .. } => host.journal_mut().db_mut().codes.plain(hash),
    };
    match code {
        Ok(code) => {
            let from = as_usize_saturated!(from).min(code.len());
            interpreter.memory.set_data(at, from, length, &code);
        }
        Err(failure) => fail(interpreter, host, failure),
    }
}

/// Puts the instructions in place.
pub fn install(instructions: &mut ChainInstructions) {
    instructions.insert_instruction(opcode::EXTCODESIZE, Instruction::new(ext_code_size, WARM_READ));
    instructions.insert_instruction(opcode::EXTCODECOPY, Instruction::new(ext_code_copy, WARM_READ));
}
