//! The open block: everything that its transactions read from the host, and what the kept ones changed.

use revm::{
    primitives::{
        map::{Entry, HashMap},
        Address, Bytes, B256, U256,
    },
    state::{Account, AccountInfo, Bytecode, EvmState},
    Database,
};

use crate::{
    codes::{self, CodeCache},
    host::{self, HostFailed},
};

/// A slot as the host gave it (0 where the storage was wiped since) and as it is now.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    pub first: U256,
    pub now: U256,
}

/// An account as the host gave it and as it is now.
#[derive(Debug, Default)]
pub struct CachedAccount {
    pub first: Option<AccountInfo>,
    pub now: Option<AccountInfo>,
    /// The host's storage no longer counts: the account went away, or a new contract took its place.
    pub wiped: bool,
    pub slots: HashMap<U256, Slot>,
}

impl CachedAccount {
    fn wipe(&mut self) {
        self.wiped = self.first.is_some();
        self.slots.clear();
    }

    fn apply(&mut self, account: Account) {
        if account.is_selfdestructed() || account.is_empty() {
            self.wipe();
            self.now = None;
            return;
        }
        if account.is_created() {
            self.wipe();
        }
        for (key, slot) in account.storage {
            if !slot.is_changed() {
                continue;
            }
            let fresh = Slot { first: U256::ZERO, now: U256::ZERO };
            self.slots.entry(key).or_insert(fresh).now = slot.present_value;
        }
        self.now = Some(account.info);
    }
}

/// The state that op-revm reads: the block's cache in front of the host.
#[derive(Default)]
pub struct BlockCache {
    accounts: HashMap<Address, CachedAccount>,
    pub codes: CodeCache,
}

impl BlockCache {
    pub fn with_codes(codes: CodeCache) -> Self {
        Self { accounts: HashMap::default(), codes }
    }

    /// Forgets the block, not the code.
    pub fn clear(&mut self) {
        self.accounts.clear();
        self.codes.begin();
    }

    fn load(&mut self, address: Address) -> Result<&mut CachedAccount, HostFailed> {
        match self.accounts.entry(address) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let first = host::account(&address)?;
                Ok(entry.insert(CachedAccount { now: first.clone(), first, ..Default::default() }))
            }
        }
    }

    /// The account before the pending transaction, where it was read.
    pub fn account(&self, address: &Address) -> Option<&AccountInfo> {
        self.accounts.get(address).and_then(|account| account.now.as_ref())
    }

    pub fn accounts(&self) -> impl Iterator<Item = (&Address, &CachedAccount)> {
        self.accounts.iter()
    }

    /// Makes a transaction's changes the block's. Touched accounts that are empty go away (EIP-161).
    pub fn apply(&mut self, state: EvmState) {
        for (address, account) in state {
            if account.is_touched() {
                let cached = self.accounts.get_mut(&address).expect("read before it was changed");
                cached.apply(account);
            }
        }
    }

    /// Sets nonce and code; balance and storage stay.
    pub fn put_code(&mut self, address: Address, nonce: u64, code: Bytes) -> Result<(), HostFailed> {
        let code = codes::analyse(code);
        let account = self.load(address)?;
        let balance = account.now.as_ref().map_or(U256::ZERO, |info| info.balance);
        account.now = Some(AccountInfo::new(balance, nonce, code.hash_slow(), code));
        Ok(())
    }
}

impl Database for BlockCache {
    type Error = HostFailed;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, HostFailed> {
        Ok(self.load(address)?.now.clone())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, HostFailed> {
        self.codes.get(hash)
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, HostFailed> {
        let account = self.load(address)?;
        if let Some(slot) = account.slots.get(&key) {
            return Ok(slot.now);
        }
        // An account that the host does not have, or whose storage went, has nothing there.
        if account.wiped || account.first.is_none() {
            return Ok(U256::ZERO);
        }
        let value = host::storage(&address, key)?;
        account.slots.insert(key, Slot { first: value, now: value });
        Ok(value)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, HostFailed> {
        host::block_hash(number)
    }
}
