//! The block's cache, the codec, and where this module corrects op-revm.

use revm::primitives::{Address, U256};

use crate::{
    codec::{Reader, Write},
    testing::{address, changes, open, put, put_code, reopen, Stored, Tx, HOST},
};

const BEDROCK: u8 = 100;
const REGOLITH: u8 = 101;
const CANYON: u8 = 102;
const ECOTONE: u8 = 103;
const FJORD: u8 = 104;
const JOVIAN: u8 = 108;

const CREATE: u32 = 2;
const DEPOSIT: u32 = 4;
const SYSTEM: u32 = 8;
const MINT: u32 = 16;

const L1_BLOCK: Address = op_revm::constants::L1_BLOCK_CONTRACT;

fn alice() -> Address {
    let alice = address(0xa00);
    put(
        alice,
        Stored {
            balance: 1 << 60,
            ..Default::default()
        },
    );
    alice
}

fn word(value: u64) -> U256 {
    U256::from(value)
}

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
    assert_eq!(
        (reader.u8(), reader.take(2), reader.u32(), reader.u64()),
        (1, &[2u8, 0][..], 3, 4)
    );
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
    let tx = Tx {
        value: 3,
        ..Tx::new(alice(), address(0xb00))
    };
    HOST.with_borrow_mut(|host| host.failing = true);
    assert_eq!(tx.run(&mut engine).status, 4);
    engine.settle(true);
    assert!(changes(&mut engine).is_empty());
    HOST.with_borrow_mut(|host| host.failing = false);
    assert_eq!(tx.run(&mut engine).status, 0);
    engine.settle(true);
    let asked = HOST.with_borrow(|host| host.asked);
    assert_eq!(
        Tx {
            nonce: 1,
            ..tx.clone()
        }
        .run(&mut engine)
        .status,
        0
    );
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
        assert_eq!(
            Tx {
                nonce,
                data,
                ..Tx::new(from, address(0xb00))
            }
            .run(&mut engine)
            .status,
            0
        );
        engine.settle(true);
        let change = changes(&mut engine)
            .remove(&address(0xb00))
            .map(|change| change.slots);
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
    let stored = Stored {
        nonce: 1,
        code: code.to_vec().into(),
        ..Default::default()
    };
    put(
        victim,
        Stored {
            slots: [(word(1), word(9))].into(),
            ..stored
        },
    );
    assert_eq!(
        Tx {
            value: 1,
            ..Tx::new(from, victim)
        }
        .run(&mut engine)
        .status,
        0
    );
    engine.settle(true);
    assert_eq!(changes(&mut engine)[&victim].flags, 1);
    // Value alone makes an account of it again, and the old storage is void.
    assert_eq!(
        Tx {
            value: 4,
            nonce: 1,
            ..Tx::new(from, victim)
        }
        .run(&mut engine)
        .status,
        0
    );
    engine.settle(true);
    let after = &changes(&mut engine)[&victim];
    assert_eq!(
        (after.flags, after.nonce, after.balance, &after.slots),
        (2, 0, word(4), &vec![])
    );
}

#[test]
fn a_contract_made_and_destroyed_at_once_leaves_nothing() {
    let mut engine = open(JOVIAN);
    // Init code: self-destructs in favour of 0xb00.
    let tx = Tx {
        flags: CREATE,
        value: 6,
        data: vec![0x61, 0xb, 0, 0xff],
        ..Tx::new(alice(), Address::ZERO)
    };
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
    put(
        at,
        Stored {
            balance: 2,
            ..Default::default()
        },
    );
    // Init code: stores 7 at slot 1, returns no code.
    let tx = Tx {
        flags: CREATE,
        data: vec![0x60, 7, 0x60, 1, 0x55],
        ..Tx::new(from, Address::ZERO)
    };
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

fn deposit(flags: u32) -> Tx {
    Tx {
        flags: DEPOSIT | MINT | flags,
        mint: 5,
        enveloped: Vec::new(),
        ..Tx::new(address(0xd00), address(0xb00))
    }
}

#[test]
fn failed_deposits_keep_mint_and_nonce_in_every_fork() {
    put_code(address(0xbad), &[0xfe]);
    let too_dear = Tx {
        value: 6,
        ..deposit(0)
    };
    let cases = [
        ("no balance", too_dear.clone()),
        (
            "no balance to create",
            Tx {
                flags: too_dear.flags | CREATE,
                ..too_dear
            },
        ),
        (
            "too little gas",
            Tx {
                gas: 20_000,
                ..deposit(0)
            },
        ),
        (
            "halts",
            Tx {
                to: address(0xbad),
                ..deposit(0)
            },
        ),
    ];
    for spec in [BEDROCK, REGOLITH, JOVIAN] {
        for (name, tx) in &cases {
            let mut engine = open(spec);
            let answer = tx.run(&mut engine);
            assert_eq!((answer.status, answer.used), (2, tx.gas), "{name} in {spec}");
            engine.settle(true);
            let after = changes(&mut engine);
            assert_eq!(after.len(), 1, "{name} in {spec}");
            let sender = &after[&address(0xd00)];
            assert_eq!((sender.nonce, sender.balance), (1, word(5)), "{name} in {spec}");
        }
    }
}

#[test]
fn gas_of_deposits_before_and_from_regolith() {
    put_code(address(0xbb), &[0x60, 0, 0x60, 0, 0xfd]);
    for (to, status) in [(address(0xb00), 0), (address(0xbb), 1)] {
        let (plain, system) = (
            Tx { to, ..deposit(0) },
            Tx {
                to,
                ..deposit(SYSTEM)
            },
        );
        let bedrock = plain.run(&mut open(BEDROCK));
        assert_eq!((bedrock.status, bedrock.used), (status, 200_000));
        assert_eq!(system.run(&mut open(BEDROCK)).used, 0);
        let used = 21_000 + if status == 1 { 6 } else { 0 };
        assert_eq!(plain.run(&mut open(REGOLITH)).used, used);
    }
    let system = deposit(SYSTEM).run(&mut open(REGOLITH));
    assert_eq!((system.status, system.code, system.used), (2, 18, 200_000));
}

#[test]
fn creation_deposits_keep_the_limit_of_init_code() {
    let tx = |size: usize| {
        let base = deposit(CREATE);
        Tx {
            data: vec![0; size],
            gas: 3_000_000,
            ..base
        }
    };
    assert_eq!(tx(49_153).run(&mut open(REGOLITH)).status, 0);
    assert_eq!(tx(49_152).run(&mut open(CANYON)).status, 0);
    let failed = tx(49_153).run(&mut open(CANYON));
    assert_eq!((failed.status, failed.code, failed.used), (2, 18, 3_000_000));
}

fn l1_block(slots: &[(u64, U256)]) {
    let slots = slots.iter().map(|(key, value)| (word(*key), *value)).collect();
    put(
        L1_BLOCK,
        Stored {
            nonce: 1,
            code: vec![0].into(),
            slots,
            ..Default::default()
        },
    );
}

#[test]
fn ecotones_first_block_pays_by_the_old_parameters() {
    // L1 base fee, overhead, scalar of Bedrock; nothing of Ecotone.
    l1_block(&[(1, word(1_000)), (5, word(188)), (6, word(684_000))]);
    let tx = Tx::new(alice(), address(0xb00));
    // (4 tokens of a zero byte's price a non-zero byte x 2 bytes = 32 gas + 188) x 1,000 x 0.684.
    let old = word((32 + 188) * 1_000 * 684_000 / 1_000_000);
    for spec in [CANYON, ECOTONE, FJORD, JOVIAN] {
        assert_eq!(tx.run(&mut open(spec)).l1_cost, old, "{spec}");
    }
    // A blob base fee says that the new parameters are set, to zero.
    l1_block(&[(1, word(1_000)), (5, word(188)), (6, word(684_000)), (7, word(1))]);
    for spec in [ECOTONE, FJORD, JOVIAN] {
        assert_eq!(tx.run(&mut open(spec)).l1_cost, word(0), "{spec}");
    }
}

#[test]
fn fee_parameters_are_read_once_a_block_until_a_deposit_changes_them() {
    let mut engine = open(CANYON);
    // Stores calldata word 0 at slot 1, the L1 base fee.
    let code = vec![0x5f, 0x35, 0x60, 1, 0x55].into();
    let slots = [(word(1), word(1_000)), (word(6), word(1_000_000))].into();
    put(
        L1_BLOCK,
        Stored {
            nonce: 1,
            code,
            slots,
            ..Default::default()
        },
    );
    let tx = Tx::new(alice(), address(0xb00));
    assert_eq!(tx.run(&mut engine).l1_cost, word(32_000));
    let set = Tx {
        to: L1_BLOCK,
        data: word(2_000).to_be_bytes_vec(),
        ..deposit(0)
    };
    assert_eq!(set.run(&mut engine).status, 0);
    engine.settle(false);
    assert_eq!(tx.run(&mut engine).l1_cost, word(32_000));
    assert_eq!(set.run(&mut engine).status, 0);
    engine.settle(true);
    assert_eq!(tx.run(&mut engine).l1_cost, word(64_000));
}

#[test]
fn put_code_is_seen_by_the_next_transaction() {
    let mut engine = open(JOVIAN);
    engine
        .put_code(address(0xb00), 1, vec![0xfe].into())
        .expect("the host answers");
    let change = changes(&mut engine).remove(&address(0xb00)).expect("changed");
    assert_eq!(
        (change.flags, change.nonce, change.code),
        (4, 1, Some(vec![0xfe].into()))
    );
    assert_eq!(Tx::new(alice(), address(0xb00)).run(&mut engine).code, 3);
}
