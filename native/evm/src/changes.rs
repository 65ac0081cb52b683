//! The block's changes for the state commit, and what one transaction touched.

use revm::{
    primitives::{Address, KECCAK_EMPTY, U256},
    state::{Account, AccountInfo, EvmState},
};

use crate::{
    block_cache::{BlockCache, CachedAccount},
    codec::Write,
};

const DELETED: u8 = 1;
const WIPED: u8 = 2;
const CODE: u8 = 4;
const EXISTED: u8 = 1;
const EXISTS: u8 = 2;

/// Nonce u64, balance, code hash; an absent account has 0, 0 and the hash of no code.
fn put_info(out: &mut Vec<u8>, info: Option<&AccountInfo>) {
    out.put_u64(info.map_or(0, |info| info.nonce));
    out.put_word(info.map_or(U256::ZERO, |info| info.balance));
    out.put_raw(info.map_or(KECCAK_EMPTY, |info| info.code_hash).as_slice());
}

fn same_info(first: &AccountInfo, now: &AccountInfo) -> bool {
    first.nonce == now.nonce && first.balance == now.balance && first.code_hash == now.code_hash
}

/// Appends an account's change; false where the host has it as it is.
fn put_change(out: &mut Vec<u8>, address: &Address, account: &CachedAccount) -> bool {
    let Some(now) = &account.now else {
        if account.first.is_some() {
            out.put_raw(address.as_slice());
            out.put_u8(DELETED);
        }
        return account.first.is_some();
    };
    let changed = account.slots.iter().filter(|(_, slot)| slot.first != slot.now);
    let mut slots: Vec<(U256, U256)> = changed.map(|(key, slot)| (*key, slot.now)).collect();
    let as_before = account.first.as_ref().is_some_and(|first| same_info(first, now));
    if as_before && slots.is_empty() && !account.wiped {
        return false;
    }
    let before = account.first.as_ref().map_or(KECCAK_EMPTY, |first| first.code_hash);
    let code = now.code.as_ref().filter(|_| now.code_hash != before && now.code_hash != KECCAK_EMPTY);
    assert!(code.is_some() || now.code_hash == before || now.code_hash == KECCAK_EMPTY, "new code is known");
    out.put_raw(address.as_slice());
    out.put_u8(if account.wiped { WIPED } else { 0 } | if code.is_some() { CODE } else { 0 });
    put_info(out, Some(now));
    if let Some(code) = code {
        out.put_bytes(code.original_byte_slice());
    }
    slots.sort_unstable();
    out.put_u32(slots.len() as u32);
    for (key, value) in slots {
        out.put_word(key);
        out.put_word(value);
    }
    true
}

/// All changes of the block since it was opened, by address.
pub fn put_changes(out: &mut Vec<u8>, cache: &BlockCache) {
    let mut accounts: Vec<_> = cache.accounts().collect();
    accounts.sort_unstable_by_key(|(address, _)| **address);
    let start = out.len();
    out.put_u32(0);
    let mut count = 0u32;
    for (address, account) in accounts {
        count += u32::from(put_change(out, address, account));
    }
    out[start..start + 4].copy_from_slice(&count.to_le_bytes());
}

/// The account after the transaction; none where it went or never was.
fn after(account: &Account) -> Option<&AccountInfo> {
    let gone = account.is_selfdestructed() || account.is_empty();
    Some(&account.info).filter(|_| !gone)
}

/// Every account that the pending transaction loaded, before and after, with the slots that it loaded.
pub fn put_touched(out: &mut Vec<u8>, cache: &BlockCache, state: &EvmState) {
    let mut accounts: Vec<_> = state.iter().collect();
    accounts.sort_unstable_by_key(|(address, _)| **address);
    out.put_u32(accounts.len() as u32);
    for (address, account) in accounts {
        let before = cache.account(address);
        let after = if account.is_touched() { after(account) } else { before };
        out.put_raw(address.as_slice());
        out.put_u8(if before.is_some() { EXISTED } else { 0 } | if after.is_some() { EXISTS } else { 0 });
        put_info(out, before);
        put_info(out, after);
        let mut slots: Vec<_> = account.storage.iter().collect();
        slots.sort_unstable_by_key(|(key, _)| **key);
        out.put_u32(slots.len() as u32);
        for (key, slot) in slots {
            out.put_word(*key);
            out.put_word(slot.original_value);
            out.put_word(if after.is_some() { slot.present_value } else { U256::ZERO });
        }
    }
}
