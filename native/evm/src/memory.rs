//! How the module's memory grows. Bit by bit is costly for the host: each time it gets a new buffer of the whole size, and
//! its garbage collector is told so.

/// Takes memory at once if there are not so many bytes in a piece; they are free for all that comes.
pub fn reserve(bytes: usize) {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(bytes)));
}
