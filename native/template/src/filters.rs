//! Filters, tests and methods where the engine's own differ from Jinja2's.

use minijinja::value::{Kwargs, Rest, Tuple, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

use crate::text;

pub fn add(env: &mut Environment) {
    env.add_filter("int", int);
    env.add_filter("float", float);
    env.add_filter("default", default);
    env.add_filter("d", default);
    env.add_filter("dictsort", dictsort);
    env.add_filter("sort", sort);
    env.add_filter("unique", unique);
    env.add_filter("trim", trim);
    env.add_filter("string", string);
    env.add_test("iterable", is_iterable);
    env.add_test("sequence", is_sequence);
    env.set_unknown_method_callback(method);
}

/// `default(default_value="", boolean=false)`, by place or by name; none is a value as well.
fn default(value: &Value, args: Rest<Value>) -> Result<Value, Error> {
    let mut places = args.0;
    let named = places
        .last()
        .filter(|last| !last.is_undefined())
        .and_then(|last| Kwargs::try_from(last.clone()).ok());
    if named.is_some() {
        places.pop();
    }
    let options = named.unwrap_or_else(|| std::iter::empty::<(&str, Value)>().collect());
    let option = |place: usize, name: &str| match places.get(place) {
        Some(value) => Ok(Some(value.clone())),
        None if options.has(name) => options.get::<Value>(name).map(Some),
        None => Ok::<_, Error>(None),
    };
    let other = option(0, "default_value")?.unwrap_or(Value::from(""));
    let boolean = option(1, "boolean")?.is_some_and(|boolean| boolean.is_true());
    options.assert_all_used()?;
    Ok(if value.is_undefined() || (boolean && !value.is_true()) { other } else { value.clone() })
}

/// The named options and those given by place, where any is given so.
fn named<'a>(places: &[(&'a str, Option<Value>)], options: Kwargs) -> Result<Kwargs, Error> {
    let mut all: Vec<(String, Value)> = Vec::new();
    for name in options.args() {
        all.push((name.to_string(), options.peek::<Value>(name)?));
    }
    for (name, value) in places {
        if let Some(value) = value {
            all.push((name.to_string(), value.clone()));
        }
    }
    Ok(all.into_iter().collect())
}

/// `sort(reverse=false, case_sensitive=false, attribute=none)`, by place or by name.
fn sort(
    state: &State,
    value: Value,
    reverse: Option<Value>,
    case_sensitive: Option<Value>,
    options: Kwargs,
) -> Result<Value, Error> {
    let options = named(&[("reverse", reverse), ("case_sensitive", case_sensitive)], options)?;
    minijinja::filters::sort(state, value, options)
}

/// `unique(case_sensitive=false, attribute=none)`, by place or by name.
fn unique(
    state: &State,
    value: Value,
    case_sensitive: Option<Value>,
    attribute: Option<Value>,
    options: Kwargs,
) -> Result<Value, Error> {
    let options = named(&[("case_sensitive", case_sensitive), ("attribute", attribute)], options)?;
    minijinja::filters::unique(state, value, options)
}

fn trim(state: &State, value: &Value, chars: Option<String>) -> Result<Value, Error> {
    let text = text::python_text(state, value)?;
    Ok(Value::from(match chars {
        Some(chars) => text.trim_matches(|char| chars.contains(char)),
        None => text.trim_matches(is_blank),
    }))
}

/// `str.isspace()`: beside white space also the four separators of ASCII.
fn is_blank(char: char) -> bool {
    char.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&char)
}

fn defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        Err(Error::from(ErrorKind::UndefinedError))
    } else {
        Ok(())
    }
}

/// What can't be read is the default, which is 0 where none is given; texts may hold blanks and underscores.
fn int(value: &Value, default: Option<Value>, base: Option<u32>, options: Kwargs) -> Result<Value, Error> {
    defined(value)?;
    let default = default.or(options.get("default")?).unwrap_or(Value::from(0));
    let base = base.or(options.get("base")?).unwrap_or(10);
    options.assert_all_used()?;
    if let Some(float) = text::float_of(value) {
        // Python's integers have no end; beyond 128 bits there is none here.
        let whole = float.trunc();
        return Ok(if whole.abs() < 1.7e38 { Value::from(whole as i128) } else { default });
    }
    Ok(match value.kind() {
        ValueKind::Number => value.clone(),
        ValueKind::Bool => Value::from(u64::from(value.is_true())),
        ValueKind::String => {
            let digits = value.as_str().unwrap_or_default().trim();
            match whole(digits, base) {
                Some(number) => Value::from(number),
                None => match number(digits).map(f64::trunc) {
                    Some(whole) if whole.abs() < 1.7e38 => Value::from(whole as i128),
                    _ => default,
                },
            }
        }
        _ => default,
    })
}

fn whole(text: &str, base: u32) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        10 => "",
        16 => "0x",
        _ => return None,
    };
    let lower = digits.to_ascii_lowercase();
    let digits = if prefix.is_empty() { &lower } else { lower.strip_prefix(prefix).unwrap_or(&lower) };
    let number = i128::from_str_radix(&without_underscores(digits)?, base).ok()?;
    Some(if negative { -number } else { number })
}

/// Python allows single underscores between digits. No sign may follow another.
fn without_underscores(digits: &str) -> Option<String> {
    let wrong = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    (!wrong && !digits.starts_with(['+', '-'])).then(|| digits.replace('_', ""))
}

fn number(text: &str) -> Option<f64> {
    if text.starts_with('_') || text.ends_with('_') || text.contains("__") {
        return None;
    }
    text.replace('_', "").parse().ok()
}

fn float(value: &Value, default: Option<Value>, options: Kwargs) -> Result<Value, Error> {
    defined(value)?;
    let default = default.or(options.get("default")?).unwrap_or(Value::from(0.0));
    options.assert_all_used()?;
    Ok(match value.kind() {
        ValueKind::Bool => Value::from(if value.is_true() { 1.0 } else { 0.0 }),
        ValueKind::Number => Value::from(
            f64::try_from(value.clone()).or_else(|_| i128::try_from(value.clone()).map(|v| v as f64))?,
        ),
        ValueKind::String => number(value.as_str().unwrap_or_default().trim()).map_or(default, Value::from),
        _ => default,
    })
}

/// `dictsort(case_sensitive=false, by="key", reverse=false)`, by place or by name.
fn dictsort(
    value: &Value,
    case_sensitive: Option<bool>,
    by: Option<String>,
    reverse: Option<bool>,
    options: Kwargs,
) -> Result<Value, Error> {
    let case_sensitive = case_sensitive.or(options.get("case_sensitive")?).unwrap_or(false);
    let by = by.or(options.get("by")?).unwrap_or_else(|| "key".into());
    let reverse = reverse.or(options.get("reverse")?).unwrap_or(false);
    options.assert_all_used()?;
    let pairs: Vec<(&str, Value)> = vec![
        ("by", Value::from(by)),
        ("case_sensitive", Value::from(case_sensitive)),
        ("reverse", Value::from(reverse)),
    ];
    minijinja::filters::dictsort(value, pairs.into_iter().collect())
}

fn string(state: &State, value: &Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::String {
        return Ok(value.clone());
    }
    text::python_text(state, value).map(Value::from)
}

fn is_iterable(value: &Value) -> bool {
    !matches!(value.kind(), ValueKind::None) && value.try_iter().is_ok()
}

/// Whatever has a length and can be asked for its items, so texts and maps too.
fn is_sequence(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::String | ValueKind::Undefined)
        || value.downcast_object_ref::<Tuple>().is_some()
}

fn method(state: &mut State, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        match (name, args) {
            ("title", []) => {
                state.consume_fuel(text.len() as u64 / 64)?;
                return Ok(Value::from(title(text)));
            }
            ("strip", []) => return Ok(Value::from(text.trim_matches(is_blank))),
            ("lstrip", []) => return Ok(Value::from(text.trim_start_matches(is_blank))),
            ("rstrip", []) => return Ok(Value::from(text.trim_end_matches(is_blank))),
            ("split" | "rsplit", [separator, ..]) if separator.as_str() == Some("") => {
                return Err(Error::new(ErrorKind::InvalidOperation, "empty separator"));
            }
            _ => {}
        }
    }
    unknown_method_callback(state, value, name, args)
}

/// `str.title()`: a word begins after whatever is no letter, an apostrophe too.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    for char in text.chars() {
        if in_word {
            out.extend(char.to_lowercase());
        } else {
            out.extend(char.to_uppercase());
        }
        in_word = char.is_alphabetic();
    }
    out
}
