//! The codec and the block's cache.

use revm::primitives::{Address, Bytes};

use crate::{
    codec::{Reader, Write},
    testing::{address, alice, changes, open, put, put_code, reopen, word, Stored, Tx, HOST},
};

const CANYON: u8 = 102;
const JOVIAN: u8 = 108;
const CREATE: u32 = 2;

#[test]
fn reader_reads_what_was_written() {
    let mut bytes = Vec::new();
    bytes.put_u8(1);
    bytes.put_u16(2);
    bytes.put_u32(3);
    bytes.put_u64(4);
    bytes.put_word(word(5));
    bytes.put_bytes(b"six");
    bytes.put_u32(2);
    bytes.put_u64(7);
    bytes.put_u64(8);
    let mut reader = Reader::new(&bytes);
    assert_eq!((reader.u8(), reader.take(2), reader.u32(), reader.u64()), (1, &[2u8, 0][..], 3, 4));
    assert_eq!(
        (reader.word(), &reader.bytes()[..], reader.list(Reader::u64)),
        (word(5), &b"six"[..], vec![7, 8])
    );
    reader.finish();
}

#[test]
#[should_panic(expected = "a list longer than its request")]
fn reader_refuses_a_list_that_cannot_follow() {
    Reader::new(&[255, 255, 255, 255, 0]).list(Reader::u8);
}

#[test]
#[should_panic(expected = "bytes after the end")]
fn request_with_a_tail_panics() {
    let mut engine = open(JOVIAN);
    let mut request = Tx::new(alice(), address(0xb00)).encode();
    request.push(0);
    engine.exec(&request, &mut Vec::new());
}

#[test]
fn host_is_asked_once_a_block_and_failures_change_nothing() {
    let mut engine = open(JOVIAN);
    let tx = Tx { value: 3, ..Tx::new(alice(), address(0xb00)) };
    HOST.with_borrow_mut(|host| host.failing = true);
    assert_eq!(tx.run(&mut engine).status, 4);
    engine.settle(true);
    assert!(changes(&mut engine).is_empty());
    HOST.with_borrow_mut(|host| host.failing = false);
    assert_eq!(tx.run(&mut engine).status, 0);
    engine.settle(true);
    let asked = HOST.with_borrow(|host| host.asked);
    assert_eq!(Tx { nonce: 1, ..tx.clone() }.run(&mut engine).status, 0);
    engine.settle(false);
    assert_eq!(HOST.with_borrow(|host| host.asked), asked);
    assert_eq!(changes(&mut engine)[&address(0xb00)].balance, word(3));
    reopen(&mut engine, JOVIAN);
    assert!(changes(&mut engine).is_empty());
    assert_eq!(tx.run(&mut engine).status, 0);
    assert!(HOST.with_borrow(|host| host.asked) > asked);
}

#[test]
fn a_slot_that_comes_back_to_its_value_is_no_change() {
    let mut engine = open(JOVIAN);
    let from = alice();
    // Stores calldata word 0 at slot 1.
    put_code(address(0xb00), &[0x5f, 0x35, 0x60, 1, 0x55]);
    for (nonce, value) in [(0, 5), (1, 0)] {
        let data = word(value).to_be_bytes_vec();
        assert_eq!(Tx { nonce, data, ..Tx::new(from, address(0xb00)) }.run(&mut engine).status, 0);
        engine.settle(true);
        let change = changes(&mut engine).remove(&address(0xb00)).map(|change| change.slots);
        assert_eq!(change, Some(vec![(word(1), word(5))]).filter(|_| value == 5));
    }
}

#[test]
fn before_cancun_a_destroyed_contract_is_deleted_with_its_storage() {
    let mut engine = open(CANYON);
    let from = alice();
    let victim = address(0xdead);
    // Destroys itself in favour of 0xb00.
    let code = [0x61, 0xb, 0, 0xff];
    let stored = Stored { nonce: 1, code: code.to_vec().into(), ..Default::default() };
    put(victim, Stored { slots: [(word(1), word(9))].into(), ..stored });
    assert_eq!(Tx { value: 1, ..Tx::new(from, victim) }.run(&mut engine).status, 0);
    engine.settle(true);
    assert_eq!(changes(&mut engine)[&victim].flags, 1);
    // Value alone makes an account of it again, and the old storage is void.
    assert_eq!(Tx { value: 4, nonce: 1, ..Tx::new(from, victim) }.run(&mut engine).status, 0);
    engine.settle(true);
    let after = &changes(&mut engine)[&victim];
    assert_eq!((after.flags, after.nonce, after.balance, &after.slots), (2, 0, word(4), &vec![]));
}

#[test]
fn a_contract_made_and_destroyed_at_once_leaves_nothing() {
    let mut engine = open(JOVIAN);
    // Init code: self-destructs in favour of 0xb00.
    let tx =
        Tx { flags: CREATE, value: 6, data: vec![0x61, 0xb, 0, 0xff], ..Tx::new(alice(), Address::ZERO) };
    let created = tx.run(&mut engine).created.expect("a creation");
    engine.settle(true);
    let after = changes(&mut engine);
    assert!(!after.contains_key(&created));
    assert_eq!(after[&address(0xb00)].balance, word(6));
}

#[test]
fn a_contract_at_an_address_with_a_balance_is_wiped_first() {
    let mut engine = open(JOVIAN);
    let from = alice();
    let at = from.create(0);
    put(at, Stored { balance: 2, ..Default::default() });
    // Init code: stores 7 at slot 1, returns no code.
    let tx = Tx { flags: CREATE, data: vec![0x60, 7, 0x60, 1, 0x55], ..Tx::new(from, Address::ZERO) };
    assert_eq!(tx.run(&mut engine).created, Some(at));
    engine.settle(true);
    let after = &changes(&mut engine)[&at];
    assert_eq!((after.flags, after.nonce, after.balance), (2, 1, word(2)));
    assert_eq!(after.slots, vec![(word(1), word(7))]);
}

#[test]
fn touching_an_empty_account_deletes_it() {
    let mut engine = open(JOVIAN);
    let from = alice();
    put(address(0xe00), Stored::default());
    assert_eq!(Tx::new(from, address(0xe00)).run(&mut engine).status, 0);
    engine.settle(true);
    assert_eq!(changes(&mut engine)[&address(0xe00)].flags, 1);
}

#[test]
fn put_code_is_seen_by_the_next_transaction() {
    let mut engine = open(JOVIAN);
    engine.put_code(address(0xb00), 1, vec![0xfe].into()).expect("the host answers");
    let change = changes(&mut engine).remove(&address(0xb00)).expect("changed");
    assert_eq!((change.flags, change.nonce, change.code), (4, 1, Some(vec![0xfe].into())));
    assert_eq!(Tx::new(alice(), address(0xb00)).run(&mut engine).code, 3);
}

/// Code that answers the size of the code at the address in calldata.
const SIZE_OF: [u8; 9] = [0x5f, 0x35, 0x3b, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3];

#[test]
fn a_size_is_told_without_the_code() {
    let mut engine = open(JOVIAN);
    let teller = address(0xb00);
    put_code(teller, &SIZE_OF);
    put_code(address(0xb01), &[0xfe; 24_576]);
    let size_of = |engine: &mut crate::engine::Engine, nonce: u64, of: Address| {
        let data = of.into_word().to_vec();
        let answer = Tx { nonce, data, ..Tx::new(alice(), teller) }.run(engine);
        assert_eq!(answer.status, 0);
        engine.settle(true);
        answer.output
    };
    let word_of = |size: u64| word(size).to_be_bytes_vec();
    assert_eq!(size_of(&mut engine, 0, address(0xb01)), word_of(24_576));
    // The teller's own code is all that the host gave.
    assert_eq!(HOST.with_borrow(|host| host.codes_given), 1);
    let asked = HOST.with_borrow(|host| host.asked);
    assert_eq!(size_of(&mut engine, 1, address(0xb01)), word_of(24_576));
    assert_eq!(HOST.with_borrow(|host| host.asked), asked);
    assert_eq!(size_of(&mut engine, 2, teller), word_of(9));
    assert_eq!(size_of(&mut engine, 3, alice()), word_of(0));
    assert_eq!(size_of(&mut engine, 4, address(0xabc)), word_of(0));
    engine.put_code(address(0xb02), 1, vec![0xfe; 3].into()).expect("the host answers");
    assert_eq!(size_of(&mut engine, 5, address(0xb02)), word_of(3));
}

#[test]
fn a_size_that_the_host_cannot_tell_is_its_failure() {
    let mut engine = open(JOVIAN);
    put_code(address(0xb00), &SIZE_OF);
    put_code(address(0xb01), &[0xfe; 40]);
    HOST.with_borrow_mut(|host| host.has_no_sizes = true);
    let data = address(0xb01).into_word().to_vec();
    assert_eq!(Tx { data, ..Tx::new(alice(), address(0xb00)) }.run(&mut engine).status, 4);
}

/// Code that answers the first 32 bytes of the code at the address in calldata.
const COPY_OF: [u8; 14] = [0x60, 32, 0x5f, 0x5f, 0x5f, 0x35, 0x3c, 0x60, 32, 0x5f, 0xf3, 0, 0, 0];

#[test]
fn code_that_was_copied_is_not_asked_for_again() {
    let mut engine = open(JOVIAN);
    put_code(address(0xb00), &COPY_OF);
    // Jumps to its fifth byte and stops.
    let callee = [0x60, 4, 0x56, 0x5b, 0x5b, 0];
    put_code(address(0xb01), &callee);
    let data = address(0xb01).into_word().to_vec();
    for nonce in 0..2 {
        let tx = Tx { nonce, data: data.clone(), ..Tx::new(alice(), address(0xb00)) };
        let answer = tx.run(&mut engine);
        engine.settle(true);
        assert_eq!((answer.status, &answer.output[..6], &answer.output[6..]), (0, &callee[..], &[0; 26][..]));
    }
    assert_eq!(HOST.with_borrow(|host| host.codes_given), 2);
    assert_eq!(Tx { nonce: 2, ..Tx::new(alice(), address(0xb01)) }.run(&mut engine).status, 0);
    engine.settle(true);
    assert_eq!(
        Tx { nonce: 3, data, ..Tx::new(alice(), address(0xb00)) }.run(&mut engine).output[..6],
        callee
    );
    assert_eq!(HOST.with_borrow(|host| host.codes_given), 2);
}

/// The code as a host gives it that has looked for jump destinations.
fn analysed(code: &[u8], jumps: &[usize]) -> Vec<u8> {
    let mut bits = vec![0; code.len().div_ceil(8)];
    for at in jumps {
        bits[at / 8] |= 1 << (at % 8);
    }
    [code, &[0; 34], &bits].concat()
}

fn put_analysed(at: Address, code: &[u8], as_given: Vec<u8>) {
    put_code(at, code);
    HOST.with_borrow_mut(|host| host.analysed.insert(Bytes::copy_from_slice(code), as_given.into()));
}

#[test]
fn analysed_code_runs_by_the_hosts_jump_destinations() {
    let mut engine = open(JOVIAN);
    // Jumps to 4, over the data of a push; the last instruction lacks its data.
    let code = [0x60, 4, 0x56, 0x60, 0x5b, 0x7f];
    put_analysed(address(0xb01), &code, analysed(&code, &[]));
    put_analysed(
        address(0xb02),
        &[&code[..], &[0; 3]].concat(),
        analysed(&[&code[..], &[0; 3]].concat(), &[4]),
    );
    assert_eq!(Tx::new(alice(), address(0xb01)).run(&mut engine).code, 4);
    assert_eq!(Tx::new(alice(), address(0xb02)).run(&mut engine).status, 0);
    engine.settle(true);
    put_code(address(0xb00), &COPY_OF);
    let data = address(0xb02).into_word().to_vec();
    let answer = Tx { data, nonce: 1, ..Tx::new(alice(), address(0xb00)) }.run(&mut engine);
    assert_eq!((&answer.output[..6], &answer.output[6..]), (&code[..], &[0; 26][..]));
}

#[test]
fn analysed_code_that_is_not_whole_is_the_hosts_failure() {
    let whole = analysed(&[0x5b; 9], &[0]);
    let short = whole[..whole.len() - 1].to_vec();
    let mut filled = whole.clone();
    filled[9 + 33] = 1;
    for (given, status) in [(whole, 0), (short, 4), (filled, 4), (vec![0; 34], 4), (vec![], 4)] {
        let mut engine = open(JOVIAN);
        put_analysed(address(0xb01), &[0x5b; 9], given);
        assert_eq!(Tx::new(alice(), address(0xb01)).run(&mut engine).status, status);
    }
}
