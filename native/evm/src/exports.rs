//! The functions that the host calls. A call while another runs traps, except for `outbuf` and `pre_*`.

use std::cell::RefCell;

use revm::primitives::Bytes;

use crate::{
    codec::Reader,
    engine::Engine,
    host,
    precompiles::{self, ACCOUNT_SIZE, STORAGE_SIZE, TRANSFER_SIZE},
};

const ABI_VERSION: u32 = 3;

struct Module {
    input: Vec<u8>,
    output: Vec<u8>,
    engine: Engine,
}

impl Module {
    /// The seed comes before the first map.
    fn new() -> Self {
        let (shared, first) = host::entropy();
        foldhash::fast::set_seed(shared, first);
        Self { input: Vec::new(), output: Vec::new(), engine: Engine::default() }
    }
}

thread_local! {
    static MODULE: RefCell<Module> = RefCell::new(Module::new());
}

/// Runs `work` on a fresh answer; its length is the result.
fn answer(work: impl FnOnce(&mut Engine, &[u8], &mut Vec<u8>)) -> u32 {
    MODULE.with_borrow_mut(|module| {
        module.output.clear();
        work(&mut module.engine, &module.input, &mut module.output);
        module.output.len() as u32
    })
}

#[no_mangle]
pub extern "C" fn abi_version() -> u32 {
    ABI_VERSION
}

/// Where a request of `length` bytes goes.
#[no_mangle]
pub extern "C" fn inbuf(length: u32) -> *mut u8 {
    MODULE.with_borrow_mut(|module| {
        module.input.clear();
        module.input.resize(length as usize, 0);
        module.input.as_mut_ptr()
    })
}

/// Where the host puts an answer of `length` bytes, while one of its functions runs.
#[no_mangle]
pub extern "C" fn outbuf(length: u32) -> *mut u8 {
    host::outbuf(length as usize)
}

/// The last answer.
#[no_mangle]
pub extern "C" fn outp() -> *const u8 {
    MODULE.with_borrow(|module| module.output.as_ptr())
}

/// inbuf: chain id u64, then addresses of host precompiles.
#[no_mangle]
pub extern "C" fn configure() {
    answer(|engine, input, _| {
        let mut reader = Reader::new(input);
        let chain_id = reader.u64();
        let mut rest = Reader::new(reader.rest());
        let count = (input.len() - 8) / 20;
        let addresses = (0..count).map(|_| rest.address()).collect();
        rest.finish();
        engine.configure(chain_id, addresses);
    });
}

#[no_mangle]
pub extern "C" fn open_block() {
    answer(|engine, input, _| engine.open_block(input));
}

#[no_mangle]
pub extern "C" fn exec() -> u32 {
    answer(|engine, input, output| engine.exec(input, output))
}

#[no_mangle]
pub extern "C" fn settle(keep: u32) {
    MODULE.with_borrow_mut(|module| module.engine.settle(keep != 0));
}

/// inbuf: to, then data.
#[no_mangle]
pub extern "C" fn system_call() -> u32 {
    answer(|engine, input, output| {
        let mut reader = Reader::new(input);
        let to = reader.address();
        engine.system_call(to, Bytes::copy_from_slice(reader.rest()), output);
    })
}

/// inbuf: address, nonce u64, then code. 0, or -1 where the host failed.
#[no_mangle]
pub extern "C" fn put_code() -> i32 {
    let mut result = 0;
    answer(|engine, input, _| {
        let mut reader = Reader::new(input);
        let (address, nonce) = (reader.address(), reader.u64());
        let done = engine.put_code(address, nonce, Bytes::copy_from_slice(reader.rest()));
        result = if done.is_ok() { 0 } else { -1 };
    });
    result
}

#[no_mangle]
pub extern "C" fn changes() -> u32 {
    answer(|engine, _, output| engine.put_changes(output))
}

/// Reads an account of the open block, before what is pending. 1 exists, 0 absent, -1 the host failed.
///
/// # Safety
/// `place` has 92 bytes.
#[no_mangle]
pub unsafe extern "C" fn block_account(place: *mut u8) -> i32 {
    let place = core::slice::from_raw_parts_mut(place, ACCOUNT_SIZE);
    MODULE.with_borrow_mut(|module| module.engine.read_account(place))
}

/// Reads a slot of the open block, before what is pending. 0, or -1 where the host failed.
///
/// # Safety
/// `place` has 84 bytes.
#[no_mangle]
pub unsafe extern "C" fn block_storage(place: *mut u8) -> i32 {
    let place = core::slice::from_raw_parts_mut(place, STORAGE_SIZE);
    MODULE.with_borrow_mut(|module| module.engine.read_storage(place))
}

#[no_mangle]
pub extern "C" fn code_cache_bytes() -> u32 {
    MODULE.with_borrow(|module| module.engine.code_cache_bytes() as u32)
}

/// # Safety
/// `place` has 92 bytes.
#[no_mangle]
pub unsafe extern "C" fn pre_account(place: *mut u8, load: u32) -> i32 {
    precompiles::account(core::slice::from_raw_parts_mut(place, ACCOUNT_SIZE), load != 0)
}

/// # Safety
/// `place` has 84 bytes.
#[no_mangle]
pub unsafe extern "C" fn pre_storage(place: *mut u8, write: u32) -> i32 {
    precompiles::storage(core::slice::from_raw_parts_mut(place, STORAGE_SIZE), write != 0)
}

/// # Safety
/// `place` has 72 bytes.
#[no_mangle]
pub unsafe extern "C" fn pre_transfer(place: *mut u8) -> i32 {
    precompiles::transfer(core::slice::from_raw_parts_mut(place, TRANSFER_SIZE))
}

/// # Safety
/// `place` has `length` bytes.
#[no_mangle]
pub unsafe extern "C" fn pre_log(place: *mut u8, length: u32) -> i32 {
    precompiles::log(core::slice::from_raw_parts_mut(place, length as usize))
}
