//! From a request to the rendered text or the reason why there is none.

use minijinja::{Error, ErrorKind, Value};
use serde::Deserialize;

use crate::clock::Clock;
use crate::environment::{environment, RAISED};
use crate::source::normalised;

/// What the host asks for. The clock is absent where a text must not depend on the time.
#[derive(Deserialize)]
pub struct Request {
    template: String,
    variables: Value,
    fuel: u64,
    clock: Option<Clock>,
}

/// Why there is no text: `syntax`, `raised` (by the template itself), `undefined`, `unknown`, `limit` or `type`.
pub struct Refusal {
    pub kind: &'static str,
    pub message: String,
}

pub fn render_request(bytes: &[u8]) -> Result<String, Refusal> {
    let request: Request = serde_json::from_slice(bytes).map_err(|error| Refusal {
        kind: "type",
        message: format!("the request is no JSON of its form: {error}"),
    })?;
    let env = environment(request.fuel, request.clock);
    let source = normalised(&request.template);
    let template = env.template_from_named_str("chat_template", &source).map_err(refusal)?;
    template.render(request.variables).map_err(refusal)
}

fn refusal(error: Error) -> Refusal {
    // A macro's or a loop's error wraps the one that began it.
    let mut first: &Error = &error;
    while let Some(inner) = std::error::Error::source(first).and_then(|source| source.downcast_ref::<Error>())
    {
        first = inner;
    }
    let detail = first.detail().unwrap_or_default();
    if let Some(message) = detail.strip_prefix(RAISED) {
        return Refusal { kind: "raised", message: message.to_string() };
    }
    let kind = match first.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape | ErrorKind::InvalidDelimiter => "syntax",
        // A call of what isn't there is a use of an undefined value; filters and tests are known before the render.
        ErrorKind::UndefinedError | ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => "undefined",
        ErrorKind::UnknownFilter | ErrorKind::UnknownTest => "unknown",
        ErrorKind::OutOfFuel => "limit",
        _ if detail.contains("recursion limit") || detail.contains("too many elements") => "limit",
        _ => "type",
    };
    let line = first
        .line()
        .or(error.line())
        .map(|line| format!(" (line {line} of the template)"))
        .unwrap_or_default();
    let what =
        if detail.is_empty() { first.kind().to_string() } else { format!("{}: {detail}", first.kind()) };
    Refusal { kind, message: format!("{what}{line}") }
}
