//! Stands in for foldhash 0.2 in everything that op-revm's maps are made of, with foldhash 0.1 beneath.
//!
//! foldhash takes its seed from addresses and the clock. In WebAssembly there is no clock and the addresses are the
//! same in every instance: whoever knows the seed can choose storage keys with one and the same hash, and each of them
//! would be compared with all before it. So the host gives the seed, before the first map is made.

/// The part of foldhash that hashbrown and alloy-primitives use.
pub mod fast {
    use core::{
        cell::Cell,
        hash::{BuildHasher, Hasher},
        marker::PhantomData,
    };
    use std::sync::OnceLock;

    use original::{
        fast::{FoldHasher as Inner, SeedableRandomState},
        SharedSeed,
    };

    static SHARED: OnceLock<SharedSeed> = OnceLock::new();

    thread_local! {
        /// Differs from map to map, so that copying one into another in its order is not quadratic.
        static NEXT: Cell<u64> = const { Cell::new(0) };
    }

    /// Sets the seed of all maps made from now on; only the first call counts.
    pub fn set_seed(shared: u64, first: u64) {
        if SHARED.set(SharedSeed::from_u64(shared)).is_ok() {
            NEXT.set(first);
        }
    }

    /// Builds the hashers of one map.
    #[derive(Clone, Debug)]
    pub struct RandomState(SeedableRandomState);

    impl Default for RandomState {
        fn default() -> Self {
            let shared = SHARED.get_or_init(|| SharedSeed::from_u64(0));
            // Steps of the golden ratio: no value comes twice.
            let own = NEXT.replace(NEXT.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            Self(SeedableRandomState::with_seed(own, shared))
        }
    }

    impl BuildHasher for RandomState {
        type Hasher = FoldHasher<'static>;

        #[inline(always)]
        fn build_hasher(&self) -> FoldHasher<'static> {
            FoldHasher(self.0.build_hasher(), PhantomData)
        }
    }

    #[derive(Clone)]
    pub struct FoldHasher<'a>(Inner, PhantomData<&'a ()>);

    macro_rules! forward {
        ($($name:ident: $type:ty),*) => {
            $(
                #[inline(always)]
                fn $name(&mut self, value: $type) {
                    self.0.$name(value);
                }
            )*
        };
    }

    impl Hasher for FoldHasher<'_> {
        forward!(write: &[u8], write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_u128: u128);
        forward!(write_usize: usize);

        #[inline(always)]
        fn finish(&self) -> u64 {
            self.0.finish()
        }
    }
}
