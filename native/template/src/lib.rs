//! Chat templates by minijinja as one WebAssembly module: the contract is `../README.md`.
//!
//! A request comes in as JSON, the template is rendered with a budget of fuel, and the text or the refusal goes out.
//! The module's memory has a fixed maximum: a render that wants more traps. One instance renders one template.

mod clock;
mod environment;
mod exports;
mod filters;
mod json;
mod render;
mod source;
mod text;
