//! One chain's EVM with its open block: runs transactions, calls and system calls, and keeps their changes when told.

use op_revm::{L1BlockInfo, OpHaltReason, OpSpecId, OpTransaction};
use revm::{
    context::{BlockEnv, ContextSetters, ContextTr, JournalTr, TxEnv},
    context_interface::result::ExecutionResult,
    handler::{Handler, SystemCallTx},
    inspector::InspectorHandler,
    primitives::{Address, Bytes, U256},
    state::EvmState,
    Database,
};

use crate::{
    block_cache::BlockCache,
    changes,
    codes::CodeCache,
    crypto,
    evm::{self, ChainError, ChainEvm},
    fees::{self, L1Fees},
    handler::ChainHandler,
    host::HostFailed,
    memory,
    precompiles::ChainPrecompiles,
    reply::{self, Costs},
    request::{self, Request},
    trace::Tracer,
};

/// The module's state between calls of its exports.
#[derive(Default)]
pub struct Engine {
    chain_id: u64,
    host_precompiles: Vec<Address>,
    evm: Option<ChainEvm>,
    codes: CodeCache,
    block: BlockEnv,
    fees: Option<L1Fees>,
    pending: Option<EvmState>,
}

/// A run's result, before it becomes bytes.
type Ran = Result<ExecutionResult<OpHaltReason>, ChainError>;

/// Memory that an instance takes at once: what its caches need.
const RESERVED: usize = 48 << 20;

impl Engine {
    /// Chain id and the addresses of host precompiles; the open block goes, analysed code stays.
    pub fn configure(&mut self, chain_id: u64, host_precompiles: Vec<Address>) {
        crypto::install();
        memory::reserve(RESERVED);
        (self.chain_id, self.host_precompiles) = (chain_id, host_precompiles);
        self.drop_evm();
    }

    fn drop_evm(&mut self) {
        if let Some(mut evm) = self.evm.take() {
            self.codes = core::mem::take(&mut evm.0.ctx.journaled_state.database.codes);
        }
        (self.fees, self.pending) = (None, None);
    }

    pub fn open_block(&mut self, bytes: &[u8]) {
        assert!(self.chain_id != 0, "configured first");
        let (spec, block) = request::block(bytes);
        if self.evm.as_ref().is_none_or(|evm| evm.0.ctx.cfg.spec != spec) {
            self.drop_evm();
            let precompiles = ChainPrecompiles::new(spec, self.host_precompiles.clone());
            let cache = BlockCache::with_codes(core::mem::take(&mut self.codes));
            self.evm = Some(evm::build(spec, self.chain_id, precompiles, cache));
        }
        let evm = self.evm.as_mut().expect("just built");
        evm.0.ctx.journaled_state.database.clear();
        // System calls and failed deposits use the journal before op-revm tells it the fork.
        evm.0.ctx.journaled_state.set_spec_id(spec.into());
        (self.block, self.fees, self.pending) = (block, None, None);
    }

    fn evm(&mut self) -> &mut ChainEvm {
        self.evm.as_mut().expect("a block is open")
    }

    fn cache(&mut self) -> &mut BlockCache {
        &mut self.evm().0.ctx.journaled_state.database
    }

    fn spec(&mut self) -> OpSpecId {
        self.evm().0.ctx.cfg.spec
    }

    /// The fees that a transaction meets; reads the block's parameters before the first that pays.
    fn fees_of(&mut self, request: &Request) -> Result<(L1BlockInfo, U256), HostFailed> {
        let number = self.block.number;
        if request.is_call() || request.is_deposit() {
            return Ok((fees::none(number), U256::ZERO));
        }
        let spec = self.spec();
        if self.fees.is_none() {
            self.fees = Some(L1Fees::read(self.cache(), number, spec)?);
        }
        let enveloped = request.tx.enveloped_tx.as_ref().expect("only deposits have none");
        Ok(self.fees.as_ref().expect("just read").of(enveloped, spec))
    }

    /// Sets which checks count, and the block as this request sees it.
    fn prepare(&mut self, request: &Request, info: L1BlockInfo) {
        let (call, free) = (request.is_call(), request.is_call() && !request.is_charged());
        let unpriced = call && request.tx.base.gas_price == 0;
        let mut block = self.block.clone();
        if unpriced {
            // As op-geth does for calls.
            block.basefee = 0;
        }
        let evm = self.evm();
        let cfg = &mut evm.0.ctx.cfg;
        (cfg.disable_nonce_check, cfg.disable_eip3607, cfg.disable_block_gas_limit) = (call, call, call);
        (cfg.disable_fee_charge, cfg.disable_base_fee) = (free, free || unpriced);
        // EIP-7825 counts from Karst, and not for calls.
        cfg.tx_gas_limit_cap = Some(u64::MAX).filter(|_| call);
        evm.0.ctx.chain = info;
        evm.0.ctx.set_block(block);
        *evm.0.ctx.error() = Ok(());
    }

    fn run(&mut self, tx: OpTransaction<TxEnv>, tracer: Option<Tracer>) -> (Ran, Option<String>) {
        let evm = self.evm();
        evm.0.ctx.set_tx(tx);
        let mut handler = ChainHandler::default();
        let ran = match tracer {
            None => handler.run(evm),
            Some(tracer) => {
                evm.0.inspector = tracer;
                handler.inspect_run(evm)
            }
        };
        (ran, handler.take_deposit_failure())
    }

    /// Takes the journal's changes; they are pending where the run came to a result.
    fn collect(&mut self, ran: &Ran) {
        let state = self.evm().0.ctx.journaled_state.finalize();
        self.pending = Some(state).filter(|_| ran.is_ok());
    }

    /// Runs one transaction or call; its changes are pending until [`Engine::settle`].
    pub fn exec(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.pending = None;
        let request = request::exec(bytes, self.chain_id);
        if let Err(failure) = crypto::take_failure() {
            return reply::put_host_failed(out, &failure.to_string());
        }
        if let Some(refused) = request.refused() {
            return reply::put_invalid(out, refused);
        }
        let (info, l1) = match self.fees_of(&request) {
            Ok(found) => found,
            Err(failure) => return reply::put_host_failed(out, &failure.to_string()),
        };
        self.prepare(&request, info.clone());
        let wishes = request.trace();
        let (ran, failure) = self.run(request.tx.clone(), wishes.any().then(|| Tracer::new(wishes)));
        self.collect(&ran);
        if wishes.any() && !self.evm().0.inspector.finish() {
            self.pending = None;
            return reply::put_host_failed(out, &HostFailed("trace").to_string());
        }
        let ran = ran.map(|result| self.as_deposit(&request, result));
        match ran {
            Err(error) => reply::put_error(out, error),
            Ok(result) => {
                let costs = self.costs(&request, &info, l1, &result);
                reply::put_result(out, result, failure, costs);
                self.put_extras(out, &request);
            }
        }
    }

    /// Before Regolith a deposit's gas used is its limit, or 0 for a system one, however it ended.
    fn as_deposit(
        &mut self,
        request: &Request,
        mut result: ExecutionResult<OpHaltReason>,
    ) -> ExecutionResult<OpHaltReason> {
        if request.is_deposit() && self.spec() == OpSpecId::BEDROCK {
            let limit = request.tx.base.gas_limit;
            let used = if request.is_system() { 0 } else { limit };
            let (ExecutionResult::Success { gas, .. }
            | ExecutionResult::Revert { gas, .. }
            | ExecutionResult::Halt { gas, .. }) = &mut result;
            *gas = gas.with_total_gas_spent(used).with_refunded(0);
        }
        result
    }

    fn costs(
        &mut self,
        request: &Request,
        info: &L1BlockInfo,
        l1: U256,
        result: &ExecutionResult<OpHaltReason>,
    ) -> Costs {
        let spec = self.spec();
        let pays = !request.is_call() && !request.is_deposit();
        if !pays || !spec.is_enabled_in(OpSpecId::ISTHMUS) {
            return Costs { l1, operator: U256::ZERO };
        }
        let enveloped = request.tx.enveloped_tx.as_ref().expect("only deposits have none");
        let used = U256::from(result.tx_gas_used());
        Costs { l1, operator: info.operator_fee_charge(enveloped, used, spec) }
    }

    fn put_extras(&mut self, out: &mut Vec<u8>, request: &Request) {
        let evm = self.evm.as_ref().expect("a block is open");
        if request.trace().access {
            reply::put_accessed(out, &evm.0.inspector.accessed);
        }
        if request.wants_touched() {
            let state = self.pending.as_ref().expect("came to a result");
            changes::put_touched(out, &evm.0.ctx.journaled_state.database, state);
        }
    }

    /// EIP-4788 and EIP-2935: no fee, no nonce, no sender's account; nothing where the contract is not there.
    pub fn system_call(&mut self, to: Address, data: Bytes, out: &mut Vec<u8>) {
        self.pending = None;
        match self.cache().basic(to) {
            Err(failure) => return reply::put_host_failed(out, &failure.to_string()),
            Ok(account) if account.as_ref().is_none_or(|info| info.is_empty_code_hash()) => {
                let none = ExecutionResult::Success {
                    reason: revm::context_interface::result::SuccessReason::Stop,
                    gas: Default::default(),
                    logs: Vec::new(),
                    output: revm::context_interface::result::Output::Call(Bytes::new()),
                };
                return reply::put_result(out, none, None, Costs::default());
            }
            Ok(_) => {}
        }
        let (number, block) = (self.block.number, self.block.clone());
        let evm = self.evm();
        evm.0.ctx.chain = fees::none(number);
        evm.0.ctx.set_block(block);
        *evm.0.ctx.error() = Ok(());
        evm.0.ctx.set_tx(OpTransaction::new_system_tx(to, data));
        let ran = ChainHandler::default().run_system_call(evm);
        self.collect(&ran);
        match ran {
            Err(error) => reply::put_error(out, error),
            Ok(result) => reply::put_result(out, result, None, Costs::default()),
        }
    }

    /// Keeps the pending changes in the open block, or forgets them.
    pub fn settle(&mut self, keep: bool) {
        let Some(state) = self.pending.take().filter(|_| keep) else {
            return;
        };
        let l1_block = state.get(&op_revm::constants::L1_BLOCK_CONTRACT);
        if l1_block.is_some_and(|account| account.changed_storage_slots().next().is_some()) {
            self.fees = None;
        }
        self.cache().apply(state);
    }

    pub fn put_code(&mut self, address: Address, nonce: u64, code: Bytes) -> Result<(), HostFailed> {
        self.pending = None;
        self.cache().put_code(address, nonce, code)
    }

    /// The account whose address is at the front of `place`: nonce u64, balance and code hash go behind it.
    pub fn read_account(&mut self, place: &mut [u8]) -> i32 {
        let address = Address::from_slice(&place[..20]);
        let Ok(account) = self.cache().basic(address) else { return -1 };
        let exists = account.is_some();
        let info = account.unwrap_or_default();
        place[20..28].copy_from_slice(&info.nonce.to_le_bytes());
        place[28..60].copy_from_slice(&info.balance.to_be_bytes::<32>());
        place[60..92].copy_from_slice(info.code_hash.as_slice());
        i32::from(exists)
    }

    /// The slot whose address and key are at the front of `place`: its value goes behind them.
    pub fn read_storage(&mut self, place: &mut [u8]) -> i32 {
        let (address, key) = (Address::from_slice(&place[..20]), U256::from_be_slice(&place[20..52]));
        let Ok(value) = self.cache().storage(address, key) else { return -1 };
        place[52..84].copy_from_slice(&value.to_be_bytes::<32>());
        0
    }

    pub fn put_changes(&mut self, out: &mut Vec<u8>) {
        self.pending = None;
        changes::put_changes(out, self.cache());
    }

    /// Bytes of code that are kept analysed.
    pub fn code_cache_bytes(&self) -> usize {
        self.evm.as_ref().map_or(&self.codes, |evm| &evm.0.ctx.journaled_state.database.codes).bytes()
    }
}
