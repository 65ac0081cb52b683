//! Values as Python prints them.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, ErrorKind, Output, State, Value};

/// Levels of lists and maps inside each other that are printed.
const MAX_DEPTH: usize = 100;

/// What `{{ value }}` writes.
pub fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) => out.write_str(text).map_err(Error::from),
        None => out.write_str(&python_text(state, value)?).map_err(Error::from),
    }
}

/// `str(value)`.
pub fn python_text(state: &State, value: &Value) -> Result<String, Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_string());
    }
    let mut out = String::new();
    representation(state, value, 0, &mut out)?;
    Ok(out)
}

/// `repr(value)`, and nothing for what is undefined.
fn representation(state: &State, value: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
    state.consume_fuel(1)?;
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::InvalidOperation, "recursion limit of printing exceeded"));
    }
    if let Some(float) = float_of(value) {
        out.push_str(&float_text(float));
    } else if let Some(text) = value.as_str() {
        state.consume_fuel(text.len() as u64 / 16)?;
        quoted(text, out);
    } else if let Some(tuple) = value.downcast_object_ref::<Tuple>() {
        list(state, tuple.iter().cloned(), depth, ('(', ')'), out)?;
        if tuple.len() == 1 {
            out.insert(out.len() - 1, ',');
        }
    } else if value.kind() == ValueKind::Seq {
        list(state, value.try_iter()?, depth, ('[', ']'), out)?;
    } else if value.kind() == ValueKind::Map {
        out.push('{');
        for (index, key) in value.try_iter()?.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            representation(state, &key, depth + 1, out)?;
            out.push_str(": ");
            representation(state, &value.get_item(&key)?, depth + 1, out)?;
        }
        out.push('}');
    } else {
        out.push_str(&value.to_string());
    }
    Ok(())
}

fn list(
    state: &State,
    items: impl Iterator<Item = Value>,
    depth: usize,
    (open, close): (char, char),
    out: &mut String,
) -> Result<(), Error> {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        representation(state, &item, depth + 1, out)?;
    }
    out.push(close);
    Ok(())
}

fn quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            char if char == quote => {
                out.push('\\');
                out.push(char);
            }
            char if is_printable(char) => out.push(char),
            char => {
                let code = char as u32;
                out.push_str(&match code {
                    0..=0xff => format!("\\x{code:02x}"),
                    0x100..=0xffff => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
        }
    }
    out.push(quote);
}

/// `str.isprintable()` of one character: what the standard library's debug form leaves as it is inside a text.
fn is_printable(char: char) -> bool {
    if char.is_ascii() {
        return !char.is_ascii_control();
    }
    // A mark that joins the one before it is escaped only at the start of a text.
    !format!("{:?}", String::from_iter(['a', char])).contains("\\u{")
}

/// The value where it is a float, so neither an integer nor a boolean.
pub fn float_of(value: &Value) -> Option<f64> {
    if value.kind() != ValueKind::Number || value.is_integer() {
        return None;
    }
    f64::try_from(value.clone()).ok()
}

/// `repr(float)`: the shortest digits that read back the same; with an exponent below 1e-4 and from 1e16 on.
pub fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "nan".into();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let text = format!("{float:?}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, size) = match exponent.strip_prefix('-') {
                Some(size) => ('-', size),
                None => ('+', exponent),
            };
            format!("{}e{sign}{size:0>2}", digits.strip_suffix(".0").unwrap_or(digits))
        }
        None => text,
    }
}
