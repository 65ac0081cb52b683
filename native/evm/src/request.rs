//! The requests of the host, decoded: a block's environment, and one transaction or call.

use op_revm::{transaction::deposit::DepositTransactionParts, OpSpecId, OpTransaction};
use revm::{
    context::{
        transaction::{
            AccessList, AccessListItem, Authorization, RecoveredAuthority, RecoveredAuthorization,
        },
        BlockEnv, TxEnv,
    },
    context_interface::{block::BlobExcessGasAndPrice, either::Either},
    primitives::{Bytes, TxKind, B256, U256},
};

use crate::{codec::Reader, crypto, evm::spec_of, reason, trace::TraceWishes};

const CALL: u32 = 1;
const CREATE: u32 = 2;
const DEPOSIT: u32 = 4;
const SYSTEM: u32 = 8;
const MINT: u32 = 16;
const FRAMES: u32 = 32;
const STEPS: u32 = 64;
const TOUCHED: u32 = 128;
const ACCESS: u32 = 256;
const CHARGE: u32 = 512;
const STEP_MEMORY: u32 = 1024;
const STEP_STORAGE: u32 = 2048;
const KNOWN: u32 = 4095;

const SET_CODE: u8 = 4;

/// The environment of a block, and its fork.
pub fn block(bytes: &[u8]) -> (OpSpecId, BlockEnv) {
    let mut reader = Reader::new(bytes);
    let spec = spec_of(reader.u8());
    let mut block = BlockEnv {
        number: U256::from(reader.u64()),
        timestamp: U256::from(reader.u64()),
        gas_limit: reader.u64(),
        basefee: reader.u64(),
        beneficiary: reader.address(),
        prevrandao: Some(reader.hash()),
        difficulty: U256::ZERO,
        ..Default::default()
    };
    block.blob_excess_gas_and_price = Some(BlobExcessGasAndPrice::new_with_spec(reader.u64(), spec.into()));
    reader.finish();
    (spec, block)
}

/// One transaction or call, and what is wanted of it.
pub struct Request {
    flags: u32,
    pub tx: OpTransaction<TxEnv>,
}

impl Request {
    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    pub fn is_call(&self) -> bool {
        self.has(CALL)
    }

    pub fn is_deposit(&self) -> bool {
        self.has(DEPOSIT)
    }

    pub fn is_system(&self) -> bool {
        self.has(SYSTEM)
    }

    /// A call that pays for its gas.
    pub fn is_charged(&self) -> bool {
        self.has(CHARGE)
    }

    pub fn wants_touched(&self) -> bool {
        self.has(TOUCHED)
    }

    pub fn trace(&self) -> TraceWishes {
        TraceWishes {
            frames: self.has(FRAMES),
            steps: self.has(STEPS),
            memory: self.has(STEP_MEMORY),
            storage: self.has(STEP_STORAGE),
            access: self.has(ACCESS),
        }
    }

    /// Why this can't be a transaction of any block, where op-revm would not see it.
    pub fn refused(&self) -> Option<(u8, &'static str)> {
        let tx = &self.tx.base;
        if self.is_deposit() {
            return None;
        }
        if !matches!(tx.tx_type, 0 | 1 | 2 | SET_CODE) {
            return Some(reason::TYPE_NOT_SUPPORTED);
        }
        Some(reason::SET_CODE_CREATES).filter(|_| tx.tx_type == SET_CODE && self.has(CREATE))
    }
}

fn access_list(reader: &mut Reader) -> AccessList {
    AccessList(
        reader.list(|reader| AccessListItem {
            address: reader.address(),
            storage_keys: reader.list(Reader::hash),
        }),
    )
}

/// The signer is only recovered where the authorization can count.
fn authorization(reader: &mut Reader, chain_id: u64) -> RecoveredAuthorization {
    let (chain, address, nonce) = (reader.word(), reader.address(), reader.u64());
    let inner = Authorization { chain_id: chain, address, nonce };
    let (y_parity, r, s) = (reader.u8(), reader.word(), reader.word());
    let counts = (chain.is_zero() || chain == U256::from(chain_id)) && nonce != u64::MAX;
    let signer = match counts {
        true => crypto::recover(inner.signature_hash(), y_parity, r, s),
        false => None,
    };
    let authority = signer.map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
    RecoveredAuthorization::new_unchecked(inner, authority)
}

/// The fields of a request in their order, apart from the lists at its end.
pub fn exec(bytes: &[u8], chain_id: u64) -> Request {
    let mut reader = Reader::new(bytes);
    let flags = reader.u32();
    assert!(flags & !KNOWN == 0, "an unknown flag");
    let has = |flag: u32| flags & flag != 0;
    assert!(!(has(CALL) && has(DEPOSIT)), "a deposit is no call");
    let tx_type = reader.u8();
    let caller = reader.address();
    let to = reader.address();
    let kind = if has(CREATE) { TxKind::Create } else { TxKind::Call(to) };
    let (value, gas_limit, nonce) = (reader.word(), reader.u64(), reader.u64());
    let (gas_price, tip) = (reader.u128(), reader.u128());
    let (mint, source) = (reader.u128(), reader.hash());
    let (data, enveloped) = (reader.bytes(), reader.bytes());
    let mut base = TxEnv { tx_type, caller, kind, value, gas_limit, nonce, data, ..Default::default() };
    base.chain_id = Some(chain_id);
    base.access_list = access_list(&mut reader);
    base.authorization_list =
        reader.list(|reader| authorization(reader, chain_id)).into_iter().map(Either::Right).collect();
    reader.finish();
    if !has(DEPOSIT) {
        base.gas_price = gas_price;
        base.gas_priority_fee = Some(tip).filter(|_| matches!(tx_type, 2 | SET_CODE));
        return Request { flags, tx: signed(base, enveloped) };
    }
    // op-revm knows a deposit by its source hash: one of zeros must not make a transaction of it.
    base.tx_type = 0;
    base.gas_price = 0;
    let source = if source.is_zero() { B256::with_last_byte(1) } else { source };
    let deposit = DepositTransactionParts::new(source, Some(mint).filter(|_| has(MINT)), has(SYSTEM));
    Request { flags, tx: OpTransaction { base, enveloped_tx: None, deposit } }
}

fn signed(base: TxEnv, enveloped: Bytes) -> OpTransaction<TxEnv> {
    OpTransaction { base, enveloped_tx: Some(enveloped), deposit: DepositTransactionParts::default() }
}
