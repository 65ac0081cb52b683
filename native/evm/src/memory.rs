//! How the module's memory grows. Bit by bit is costly for the host: each time it gets a new buffer of the whole size, and
//! its garbage collector is told so and runs.

/// What fits into the memory that an instance has from its beginning.
const PIECE: usize = 16 << 20;

/// Where that is not enough: what a whole block of cold contracts takes. Memory that is not written to costs nothing.
const LARGE_PIECE: usize = 320 << 20;

/// Takes memory at once if there are not so many bytes in a piece; they are free for all that comes.
pub fn reserve(bytes: usize) {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(bytes)));
}

/// Memory for something that grows without end in sight: few and large pieces, before they are needed.
#[derive(Default)]
pub struct Growth {
    total: usize,
    /// Bytes that are taken care of.
    reserved: usize,
}

impl Growth {
    /// So many bytes were taken.
    pub fn follow(&mut self, bytes: usize) {
        self.total += bytes;
        if self.total <= PIECE || self.total <= self.reserved / 8 * 7 {
            return;
        }
        let piece = self.total.max(LARGE_PIECE);
        self.reserved = self.total + piece;
        reserve(piece);
    }
}
