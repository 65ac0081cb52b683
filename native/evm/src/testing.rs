//! A host over maps, and requests, for the crate's own tests on the machine that builds it.

use std::{cell::RefCell, collections::HashMap};

use revm::primitives::{keccak256, Address, Bytes, B256, KECCAK_EMPTY, U256};

use crate::{
    codec::{Reader, Write},
    engine::Engine,
    host,
};

#[derive(Clone, Default)]
pub struct Stored {
    pub nonce: u64,
    pub balance: u64,
    pub code: Bytes,
    pub slots: HashMap<U256, U256>,
}

#[derive(Default)]
pub struct Host {
    pub accounts: HashMap<Address, Stored>,
    pub asked: usize,
    pub codes_given: usize,
    /// By the code.
    pub analysed: HashMap<Bytes, Bytes>,
    pub failing: bool,
    pub has_no_sizes: bool,
}

thread_local! {
    pub static HOST: RefCell<Host> = RefCell::default();
}

/// The module's imports, for one thread's host.
pub mod imports {
    use super::*;

    unsafe fn address(at: *const u8) -> Address {
        Address::from_slice(core::slice::from_raw_parts(at, 20))
    }

    unsafe fn word(at: *const u8) -> U256 {
        U256::from_be_slice(core::slice::from_raw_parts(at, 32))
    }

    unsafe fn write(at: *mut u8, bytes: &[u8]) {
        core::slice::from_raw_parts_mut(at, bytes.len()).copy_from_slice(bytes);
    }

    pub unsafe fn h_account(at: *const u8, out: *mut u8) -> i32 {
        HOST.with_borrow_mut(|host| {
            host.asked += 1;
            if host.failing {
                return -1;
            }
            let Some(account) = host.accounts.get(&address(at)) else {
                return 0;
            };
            let mut bytes = Vec::new();
            bytes.put_u64(account.nonce);
            bytes.put_word(U256::from(account.balance));
            let empty = account.code.is_empty();
            bytes.put_raw(if empty { KECCAK_EMPTY } else { keccak256(&account.code) }.as_slice());
            write(out, &bytes);
            1
        })
    }

    pub unsafe fn h_storage(at: *const u8, slot: *const u8, out: *mut u8) -> i32 {
        HOST.with_borrow_mut(|host| {
            host.asked += 1;
            let found = host.accounts.get(&address(at)).and_then(|account| account.slots.get(&word(slot)));
            write(out, &found.copied().unwrap_or_default().to_be_bytes::<32>());
            0
        })
    }

    unsafe fn code(hash: *const u8) -> Option<Bytes> {
        let hash = B256::from_slice(core::slice::from_raw_parts(hash, 32));
        HOST.with_borrow(|host| {
            let mut codes = host.accounts.values().map(|account| account.code.clone());
            codes.find(|code| keccak256(code) == hash)
        })
    }

    pub unsafe fn h_code(hash: *const u8) -> i32 {
        let Some(code) = code(hash) else { return -1 };
        let analysed = HOST.with_borrow_mut(|host| {
            host.codes_given += 1;
            host.analysed.get(&code).cloned()
        });
        let given = analysed.as_ref().unwrap_or(&code);
        write(host::outbuf(given.len()), given);
        i32::from(analysed.is_some())
    }

    pub unsafe fn h_code_size(hash: *const u8) -> i32 {
        if HOST.with_borrow(|host| host.has_no_sizes) {
            return -1;
        }
        HOST.with_borrow_mut(|host| host.asked += 1);
        code(hash).map_or(-1, |code| code.len() as i32)
    }

    pub unsafe fn h_block_hash(number: u64, out: *mut u8) -> i32 {
        write(out, &U256::from(number).to_be_bytes::<32>());
        0
    }

    pub unsafe fn h_precompile(_: *mut u8, _: *const u8, _: u32) -> i32 {
        -1
    }

    pub unsafe fn h_crypto(_: u32, _: *const u8, _: u32, _: *mut u8) -> i32 {
        -2
    }

    pub unsafe fn h_trace(_: *const u8, _: u32) -> i32 {
        0
    }
}

pub fn address(low: u64) -> Address {
    Address::left_padding_from(&low.to_be_bytes())
}

pub fn put(at: Address, account: Stored) {
    HOST.with_borrow_mut(|host| host.accounts.insert(at, account));
}

pub fn put_code(at: Address, code: &[u8]) {
    let code = Bytes::copy_from_slice(code);
    put(at, Stored { nonce: 1, code, ..Default::default() });
}

/// An engine with a block of a fork open; the coinbase is 0xc0.
pub fn open(spec: u8) -> Engine {
    let mut engine = Engine::default();
    engine.configure(901, Vec::new());
    reopen(&mut engine, spec);
    engine
}

pub fn reopen(engine: &mut Engine, spec: u8) {
    let mut block = vec![spec];
    for number in [7u64, 1_000, 30_000_000, 50] {
        block.put_u64(number);
    }
    block.put_raw(address(0xc0).as_slice());
    block.put_word(U256::ZERO);
    block.put_u64(0);
    engine.open_block(&block);
}

/// One request of `exec`, by its fields.
#[derive(Clone)]
pub struct Tx {
    pub flags: u32,
    pub from: Address,
    pub to: Address,
    pub value: u64,
    pub gas: u64,
    pub nonce: u64,
    pub mint: u64,
    pub data: Vec<u8>,
    pub enveloped: Vec<u8>,
}

impl Tx {
    pub fn new(from: Address, to: Address) -> Self {
        let (gas, data, enveloped) = (200_000, Vec::new(), vec![2, 0xff]);
        Self { flags: 0, from, to, value: 0, gas, nonce: 0, mint: 0, data, enveloped }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.flags);
        out.put_u8(2);
        out.put_raw(self.from.as_slice());
        out.put_raw(self.to.as_slice());
        out.put_word(U256::from(self.value));
        out.put_u64(self.gas);
        out.put_u64(self.nonce);
        out.put_raw(&100u128.to_le_bytes());
        out.put_raw(&0u128.to_le_bytes());
        out.put_raw(&u128::from(self.mint).to_le_bytes());
        out.put_word(U256::from(9));
        out.put_bytes(&self.data);
        out.put_bytes(&self.enveloped);
        out.put_u32(0);
        out.put_u32(0);
        out
    }

    pub fn run(&self, engine: &mut Engine) -> Answer {
        let mut out = Vec::new();
        engine.exec(&self.encode(), &mut out);
        Answer::read(&out)
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u8,
    /// Of an invalid transaction or a halt.
    pub code: u8,
    pub output: Vec<u8>,
    pub used: u64,
    pub created: Option<Address>,
    pub l1_cost: U256,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let mut reader = Reader::new(bytes);
        let mut answer = Self { status: reader.u8(), ..Self::default() };
        if answer.status >= 3 {
            answer.code = if answer.status == 3 { reader.u8() } else { 0 };
            return answer;
        }
        answer.output = reader.bytes().to_vec();
        answer.code = reader.u8();
        reader.bytes();
        answer.used = reader.u64();
        reader.take(24);
        answer.created = Some(reader.u8()).filter(|present| *present == 1).map(|_| Address::ZERO);
        let created = reader.address();
        answer.created = answer.created.map(|_| created);
        for _ in 0..reader.u32() {
            reader.address();
            let topics = reader.u8() as usize;
            reader.take(32 * topics);
            reader.bytes();
        }
        answer.l1_cost = reader.word();
        answer
    }
}

/// One account's change.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub flags: u8,
    pub nonce: u64,
    pub balance: U256,
    pub code: Option<Bytes>,
    pub slots: Vec<(U256, U256)>,
}

pub fn changes(engine: &mut Engine) -> HashMap<Address, Change> {
    let mut out = Vec::new();
    engine.put_changes(&mut out);
    let mut reader = Reader::new(&out);
    let list = reader.list(|reader| {
        let (address, flags) = (reader.address(), reader.u8());
        let mut change = Change { flags, nonce: 0, balance: U256::ZERO, code: None, slots: Vec::new() };
        if flags & 1 == 0 {
            (change.nonce, change.balance) = (reader.u64(), reader.word());
            reader.hash();
            change.code = Some(flags & 4).filter(|flag| *flag != 0).map(|_| reader.bytes());
            change.slots = reader.list(|reader| (reader.word(), reader.word()));
        }
        (address, change)
    });
    reader.finish();
    list.into_iter().collect()
}

/// A sender with funds.
pub fn alice() -> Address {
    let alice = address(0xa00);
    put(alice, Stored { balance: 1 << 60, ..Default::default() });
    alice
}

pub fn word(value: u64) -> U256 {
    U256::from(value)
}
