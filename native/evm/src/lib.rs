//! op-revm as one WebAssembly module behind a flat ABI: the contract is `../README.md`.
//!
//! A request comes in as bytes ([`codec`], [`request`]), the [`engine`] runs it on op-revm over the open block's cache
//! ([`block_cache`]), and the answer goes out as bytes ([`reply`], [`changes`]). The host is asked through [`host`] for
//! state, for precompiles of its own ([`precompiles`]) and for faster cryptography ([`crypto`]), and is told steps and
//! frames ([`trace`]). Where op-revm differs from op-geth, [`handler`] and [`fees`] put it right.
//!
//! One instance is one thread. A panic, also of a malformed request, and exhausted memory trap.

mod block_cache;
mod changes;
mod codec;
mod codes;
mod crypto;
mod engine;
mod evm;
mod exports;
mod fees;
mod handler;
mod host;
mod memory;
mod keccak;
mod precompiles;
mod reason;
mod records;
mod reply;
mod request;
mod trace;

#[cfg(test)]
mod cache_tests;
#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod testing;
