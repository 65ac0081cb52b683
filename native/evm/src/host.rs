//! What the host does for the module, as safe functions. A negative answer ends the running call with status 4.

use std::cell::RefCell;

use revm::{
    database_interface::DBErrorMarker,
    primitives::{Address, Bytes, B256, U256},
    state::AccountInfo,
};

use crate::codec::Reader;

#[cfg(target_arch = "wasm32")]
mod imports {
    #[link(wasm_import_module = "host")]
    extern "C" {
        pub fn h_account(address: *const u8, out: *mut u8) -> i32;
        pub fn h_storage(address: *const u8, slot: *const u8, out: *mut u8) -> i32;
        pub fn h_code(hash: *const u8) -> i32;
        pub fn h_code_size(hash: *const u8) -> i32;
        pub fn h_block_hash(number: u64, out: *mut u8) -> i32;
        pub fn h_precompile(record: *mut u8, input: *const u8, length: u32) -> i32;
        pub fn h_crypto(operation: u32, input: *const u8, length: u32, out: *mut u8) -> i32;
        pub fn h_trace(records: *const u8, length: u32) -> i32;
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
use crate::testing::imports;
#[cfg(not(any(test, target_arch = "wasm32")))]
compile_error!("built for wasm32, or natively for its own tests");

/// The host could not answer; says what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostFailed(pub &'static str);

impl core::fmt::Display for HostFailed {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "the host failed: {}", self.0)
    }
}

impl core::error::Error for HostFailed {}
impl DBErrorMarker for HostFailed {}

thread_local! {
    /// Where the host puts answers of any length.
    static OUTBUF: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for an answer of the host and says where; called by the host while one of its functions runs.
pub fn outbuf(length: usize) -> *mut u8 {
    OUTBUF.with_borrow_mut(|buffer| {
        buffer.clear();
        buffer.resize(length, 0);
        buffer.as_mut_ptr()
    })
}

fn take_outbuf() -> Vec<u8> {
    OUTBUF.with_borrow_mut(core::mem::take)
}

pub fn account(address: &Address) -> Result<Option<AccountInfo>, HostFailed> {
    let mut out = [0u8; 72];
    // SAFETY: the host reads 20 bytes and writes 72.
    match unsafe { imports::h_account(address.as_ptr(), out.as_mut_ptr()) } {
        0 => Ok(None),
        1 => {
            let mut reader = Reader::new(&out);
            let (nonce, balance, code_hash) = (reader.u64(), reader.word(), reader.hash());
            Ok(Some(AccountInfo { nonce, balance, code_hash, account_id: None, code: None }))
        }
        _ => Err(HostFailed("account")),
    }
}

pub fn storage(address: &Address, key: U256) -> Result<U256, HostFailed> {
    let (slot, mut out) = (key.to_be_bytes::<32>(), [0u8; 32]);
    // SAFETY: the host reads 20 and 32 bytes and writes 32.
    match unsafe { imports::h_storage(address.as_ptr(), slot.as_ptr(), out.as_mut_ptr()) } {
        0 => Ok(U256::from_be_bytes(out)),
        _ => Err(HostFailed("storage")),
    }
}

/// Code as the host has it.
pub enum HostCode {
    Plain(Bytes),
    /// Code, [`CODE_PADDING`] zeros, a bit for each byte of the code: a jump may go there.
    Analysed(Bytes),
}

/// A PUSH32 at the end of code finds its data in zeros, and behind them a STOP.
pub const CODE_PADDING: usize = 34;

pub fn code(hash: &B256) -> Result<HostCode, HostFailed> {
    take_outbuf();
    // SAFETY: the host reads 32 bytes.
    match unsafe { imports::h_code(hash.as_ptr()) } {
        0 => Ok(HostCode::Plain(take_outbuf().into())),
        1 => Ok(HostCode::Analysed(take_outbuf().into())),
        _ => Err(HostFailed("code")),
    }
}

pub fn code_size(hash: &B256) -> Result<usize, HostFailed> {
    // SAFETY: the host reads 32 bytes.
    let size = unsafe { imports::h_code_size(hash.as_ptr()) };
    usize::try_from(size).map_err(|_| HostFailed("code size"))
}

pub fn block_hash(number: u64) -> Result<B256, HostFailed> {
    let mut out = [0u8; 32];
    // SAFETY: the host writes 32 bytes.
    match unsafe { imports::h_block_hash(number, out.as_mut_ptr()) } {
        0 => Ok(B256::from(out)),
        _ => Err(HostFailed("block hash")),
    }
}

/// gas u64 (in: limit, out: used), code address, caller, self, value 32, static u8, scheme u8, depth u32.
pub type PrecompileRecord = [u8; 106];

pub enum PrecompileAnswer {
    Returned(Bytes),
    Reverted(Bytes),
    Halted,
}

/// `input` is a pointer, not a slice: the memory that it points to belongs to a context that the host works on meanwhile.
pub fn precompile(
    record: &mut PrecompileRecord,
    input: *const u8,
    length: usize,
) -> Result<PrecompileAnswer, HostFailed> {
    take_outbuf();
    // SAFETY: the host reads and writes the record, and reads the input.
    let answer = unsafe { imports::h_precompile(record.as_mut_ptr(), input, length as u32) };
    match answer {
        0 => Ok(PrecompileAnswer::Returned(take_outbuf().into())),
        1 => Ok(PrecompileAnswer::Reverted(take_outbuf().into())),
        2 => Ok(PrecompileAnswer::Halted),
        _ => Err(HostFailed("precompile")),
    }
}

pub enum CryptoAnswer {
    /// Bytes written to `out`, and what was put into the out buffer.
    Done(usize, Vec<u8>),
    /// The built-in code has to do it.
    Absent,
    Invalid,
}

/// Longest answer that goes through `out`.
pub const CRYPTO_OUT: usize = 192;

pub fn crypto(operation: u32, input: &[u8], out: &mut [u8; CRYPTO_OUT]) -> Result<CryptoAnswer, HostFailed> {
    take_outbuf();
    // SAFETY: the host reads the input and writes at most CRYPTO_OUT bytes.
    match unsafe { imports::h_crypto(operation, input.as_ptr(), input.len() as u32, out.as_mut_ptr()) } {
        written @ 0..=192 => Ok(CryptoAnswer::Done(written as usize, take_outbuf())),
        -2 => Ok(CryptoAnswer::Absent),
        -3 => Ok(CryptoAnswer::Invalid),
        _ => Err(HostFailed("crypto")),
    }
}

/// Two random words for the maps' seed; zeros from a host that has none to give, as a test's.
pub fn entropy() -> (u64, u64) {
    let mut out = [0u8; CRYPTO_OUT];
    match crypto(0, &[], &mut out).expect("the host gives entropy or says that it has none") {
        CryptoAnswer::Done(16, _) => {
            let mut reader = Reader::new(&out);
            (reader.u64(), reader.u64())
        }
        CryptoAnswer::Absent => (0, 0),
        _ => panic!("entropy of a wrong length"),
    }
}

pub fn trace(records: &[u8]) -> Result<(), HostFailed> {
    // SAFETY: the host reads the records.
    match unsafe { imports::h_trace(records.as_ptr(), records.len() as u32) } {
        0 => Ok(()),
        _ => Err(HostFailed("trace")),
    }
}
