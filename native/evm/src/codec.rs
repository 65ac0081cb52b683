//! The bytes of requests and answers: integers little-endian, 32-byte words big-endian, `bytes` = u32 length + bytes.

use revm::primitives::{Address, Bytes, Log, B256, U256};

/// Reads a request from its front; running out of bytes panics, and so traps.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(length);
        self.0 = rest;
        head
    }

    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().expect("as long as asked")
    }

    pub fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    pub fn u128(&mut self) -> u128 {
        u128::from_le_bytes(self.array())
    }

    pub fn address(&mut self) -> Address {
        Address::from(self.array())
    }

    pub fn hash(&mut self) -> B256 {
        B256::from(self.array())
    }

    pub fn word(&mut self) -> U256 {
        U256::from_be_bytes(self.array::<32>())
    }

    pub fn bytes(&mut self) -> Bytes {
        let length = self.u32() as usize;
        Bytes::copy_from_slice(self.take(length))
    }

    /// A list: u32 count, then the items. The count is bounded by what is left, so that no list reserves memory for
    /// items that can't follow.
    pub fn list<T>(&mut self, item: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = self.u32() as usize;
        assert!(count <= self.0.len(), "a list longer than its request");
        (0..count).map(|_| item(self)).collect()
    }

    /// Every byte of a request means something.
    pub fn finish(self) {
        assert!(self.0.is_empty(), "bytes after the end of a request");
    }
}

/// Appends an answer's fields.
pub trait Write {
    fn put_u8(&mut self, value: u8);
    fn put_u16(&mut self, value: u16);
    fn put_u32(&mut self, value: u32);
    fn put_u64(&mut self, value: u64);
    fn put_word(&mut self, value: U256);
    fn put_raw(&mut self, bytes: &[u8]);

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_u32(bytes.len() as u32);
        self.put_raw(bytes);
    }

    /// Address, u8 number of topics, topics, data as `bytes`.
    fn put_log(&mut self, log: &Log) {
        self.put_raw(log.address.as_slice());
        self.put_u8(log.topics().len() as u8);
        for topic in log.topics() {
            self.put_raw(topic.as_slice());
        }
        self.put_bytes(&log.data.data);
    }
}

impl Write for Vec<u8> {
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }

    fn put_u16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_word(&mut self, value: U256) {
        self.extend_from_slice(&value.to_be_bytes::<32>());
    }

    fn put_raw(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
