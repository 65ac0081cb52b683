//! The types of op-revm as this module puts them together.

use op_revm::{OpContext, OpEvm, OpSpecId, OpTransactionError};
use revm::{
    context::{CfgEnv, Context, Evm, FrameStack},
    context_interface::result::EVMError,
    handler::{instructions::EthInstructions, EthFrame},
    interpreter::interpreter::EthInterpreter,
};

use crate::{
    block_cache::BlockCache, codes, host::HostFailed, keccak, precompiles::ChainPrecompiles, trace::Tracer,
};

pub type ChainContext = OpContext<BlockCache>;
pub type ChainInstructions = EthInstructions<EthInterpreter, ChainContext>;
pub type ChainEvm = OpEvm<ChainContext, Tracer, ChainInstructions, ChainPrecompiles>;
pub type ChainError = EVMError<HostFailed, OpTransactionError>;

/// Frames that have room before the stack of frames grows.
const FRAMES: usize = 8;

/// op-revm's number of a fork that this chain knows, Bedrock to Karst.
pub fn spec_of(number: u8) -> OpSpecId {
    match number {
        100 => OpSpecId::BEDROCK,
        101 => OpSpecId::REGOLITH,
        102 => OpSpecId::CANYON,
        103 => OpSpecId::ECOTONE,
        104 => OpSpecId::FJORD,
        105 => OpSpecId::GRANITE,
        106 => OpSpecId::HOLOCENE,
        107 => OpSpecId::ISTHMUS,
        108 => OpSpecId::JOVIAN,
        109 => OpSpecId::KARST,
        _ => panic!("no such fork: {number}"),
    }
}

/// A fresh EVM for a fork.
pub fn build(spec: OpSpecId, chain_id: u64, precompiles: ChainPrecompiles, cache: BlockCache) -> ChainEvm {
    use op_revm::DefaultOp;
    let mut ctx: ChainContext = Context::op().with_db(cache);
    ctx.cfg = CfgEnv::new_with_spec(spec);
    ctx.cfg.chain_id = chain_id;
    let mut instruction = EthInstructions::new_mainnet_with_spec(spec.into());
    keccak::install(&mut instruction);
    codes::install(&mut instruction);
    OpEvm(Evm {
        ctx,
        inspector: Tracer::default(),
        instruction,
        precompiles,
        frame_stack: FrameStack::<EthFrame<EthInterpreter>>::new_prealloc(FRAMES),
    })
}
