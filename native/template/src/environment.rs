//! The engine as chat templates expect it: what transformers gives to Jinja2, and nothing of the world outside.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::clock::Clock;
use crate::{filters, json, text};

/// Marks the message of a template's own `raise_exception` among the engine's details.
pub const RAISED: &str = "\u{1}raised\u{1}";

pub fn environment(fuel: u64, clock: Option<Clock>) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_fuel(Some(fuel));
    env.set_recursion_limit(200);
    env.set_undefined_behavior(UndefinedBehavior::Lenient);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_syntax(
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("plain delimiters"),
    );
    env.set_formatter(text::write_value);
    env.remove_global("debug");
    env.add_function("raise_exception", raise_exception);
    if let Some(clock) = clock {
        env.add_function("strftime_now", move |format: &str| clock.format(format));
    }
    env.add_filter("tojson", json::tojson);
    filters::add(&mut env);
    env
}

fn raise_exception(message: Value, _rest: Rest<Value>, _kwargs: Kwargs) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, format!("{RAISED}{message}")))
}
