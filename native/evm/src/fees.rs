//! What a block's transactions pay for L1: read once a block, before the first one that pays.

use op_revm::{L1BlockInfo, OpSpecId};
use revm::primitives::U256;

use crate::{block_cache::BlockCache, host::HostFailed};

/// The block's fee parameters.
pub struct L1Fees {
    info: L1BlockInfo,
    /// In Ecotone's first block the new parameters are not set yet: the old formula with the old ones counts.
    /// op-revm takes the old formula, but with the new, empty scalar. Source: op-geth core/types/rollup_cost.go.
    before_ecotone: Option<L1BlockInfo>,
}

impl L1Fees {
    pub fn read(cache: &mut BlockCache, number: U256, spec: OpSpecId) -> Result<Self, HostFailed> {
        let info = L1BlockInfo::try_fetch(cache, number, spec)?;
        let unset = info.empty_ecotone_scalars && info.l1_blob_base_fee == Some(U256::ZERO);
        let before_ecotone = match unset {
            true => Some(L1BlockInfo::try_fetch(cache, number, OpSpecId::REGOLITH)?),
            false => None,
        };
        Ok(Self { info, before_ecotone })
    }

    /// The parameters for one transaction, its L1 cost within.
    pub fn of(&self, enveloped: &[u8], spec: OpSpecId) -> (L1BlockInfo, U256) {
        let mut info = self.info.clone();
        let cost = match &self.before_ecotone {
            Some(old) => old.clone().calculate_tx_l1_cost(enveloped, OpSpecId::REGOLITH),
            None => info.calculate_tx_l1_cost(enveloped, spec),
        };
        info.tx_l1_cost = Some(cost);
        (info, cost)
    }
}

/// For calls, deposits and system calls: nothing to pay, nothing to read.
pub fn none(number: U256) -> L1BlockInfo {
    L1BlockInfo {
        l2_block: Some(number),
        operator_fee_scalar: Some(U256::ZERO),
        operator_fee_constant: Some(U256::ZERO),
        tx_l1_cost: Some(U256::ZERO),
        ..Default::default()
    }
}
