//! The flat ABI: bytes in by `buffer`, `render` runs them, the answer lies at `answer_pointer`, `answer_length`.

use core::cell::RefCell;

use crate::render::render_request;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Room for a request of `length` bytes; the host writes it there before it calls `render`.
#[no_mangle]
pub extern "C" fn buffer(length: usize) -> *mut u8 {
    INPUT.with(|input| {
        let mut input = input.borrow_mut();
        input.clear();
        input.resize(length, 0);
        input.as_mut_ptr()
    })
}

/// Renders the request. 0: the answer is the text; 1: it is a refusal (its kind, a newline, its message).
#[no_mangle]
pub extern "C" fn render() -> u32 {
    let request = INPUT.with(|input| core::mem::take(&mut *input.borrow_mut()));
    let (status, answer) = match render_request(&request) {
        Ok(text) => (0, text),
        Err(refusal) => (1, format!("{}\n{}", refusal.kind, refusal.message)),
    };
    ANSWER.with(|kept| *kept.borrow_mut() = answer.into_bytes());
    status
}

#[no_mangle]
pub extern "C" fn answer_pointer() -> *const u8 {
    ANSWER.with(|answer| answer.borrow().as_ptr())
}

#[no_mangle]
pub extern "C" fn answer_length() -> usize {
    ANSWER.with(|answer| answer.borrow().len())
}
