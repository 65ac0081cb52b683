//! Where this module corrects op-revm: deposits and fees.

use revm::primitives::{Address, U256};

use crate::testing::{address, alice, changes, open, put, put_code, word, Stored, Tx};

const BEDROCK: u8 = 100;
const REGOLITH: u8 = 101;
const CANYON: u8 = 102;
const ECOTONE: u8 = 103;
const FJORD: u8 = 104;
const JOVIAN: u8 = 108;
const KARST: u8 = 109;

const CREATE: u32 = 2;
const DEPOSIT: u32 = 4;
const SYSTEM: u32 = 8;
const MINT: u32 = 16;

const L1_BLOCK: Address = op_revm::constants::L1_BLOCK_CONTRACT;

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
    let too_dear = Tx { value: 6, ..deposit(0) };
    let cases = [
        ("no balance", too_dear.clone()),
        ("no balance to create", Tx { flags: too_dear.flags | CREATE, ..too_dear }),
        ("too little gas", Tx { gas: 20_000, ..deposit(0) }),
        ("halts", Tx { to: address(0xbad), ..deposit(0) }),
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
        let (plain, system) = (Tx { to, ..deposit(0) }, Tx { to, ..deposit(SYSTEM) });
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
        Tx { data: vec![0; size], gas: 3_000_000, ..base }
    };
    assert_eq!(tx(49_153).run(&mut open(REGOLITH)).status, 0);
    assert_eq!(tx(49_152).run(&mut open(CANYON)).status, 0);
    let failed = tx(49_153).run(&mut open(CANYON));
    assert_eq!((failed.status, failed.code, failed.used), (2, 18, 3_000_000));
}

fn l1_block(slots: &[(u64, U256)]) {
    let slots = slots.iter().map(|(key, value)| (word(*key), *value)).collect();
    put(L1_BLOCK, Stored { nonce: 1, code: vec![0].into(), slots, ..Default::default() });
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
    put(L1_BLOCK, Stored { nonce: 1, code, slots, ..Default::default() });
    let tx = Tx::new(alice(), address(0xb00));
    assert_eq!(tx.run(&mut engine).l1_cost, word(32_000));
    let set = Tx { to: L1_BLOCK, data: word(2_000).to_be_bytes_vec(), ..deposit(0) };
    assert_eq!(set.run(&mut engine).status, 0);
    engine.settle(false);
    assert_eq!(tx.run(&mut engine).l1_cost, word(32_000));
    assert_eq!(set.run(&mut engine).status, 0);
    engine.settle(true);
    assert_eq!(tx.run(&mut engine).l1_cost, word(64_000));
}

#[test]
fn the_cap_on_gas_counts_from_karst_and_not_for_deposits() {
    let gas = (1 << 24) + 1;
    let tx = Tx { gas, ..Tx::new(alice(), address(0xb00)) };
    assert_eq!(tx.run(&mut open(JOVIAN)).status, 0);
    let refused = tx.run(&mut open(KARST));
    assert_eq!((refused.status, refused.code), (3, 13));
    assert_eq!(Tx { gas, ..deposit(0) }.run(&mut open(KARST)).status, 0);
}
