//! A template's source brought to the form in which the engine reads it as Jinja2 does.

/// Jinja2 reads every kind of line end as `\n`. It keeps the line end after a plain `{% raw %}`, which the engine would
/// drop: there one more is written. In a quoted text it keeps the backslash of `\/`.
pub fn normalised(source: &str) -> String {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(source.len() + 16);
    let mut rest = source.as_str();
    while let Some(start) = next_tag(rest) {
        let (before, tag) = rest.split_at(start);
        out.push_str(before);
        let length = tag_length(tag);
        let (tag, after) = tag.split_at(length);
        if tag.starts_with("{#") {
            out.push_str(tag);
            rest = after;
        } else if is_raw(tag) {
            out.push_str(tag);
            if after.starts_with('\n') && !tag.ends_with("-%}") {
                out.push('\n');
            }
            let end = raw_end(after);
            out.push_str(&after[..end]);
            rest = &after[end..];
        } else {
            escape_slashes(tag, &mut out);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn next_tag(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(1))
        .find(|&at| bytes[at] == b'{' && matches!(bytes[at + 1], b'{' | b'%' | b'#'))
}

/// Up to the end of the tag, over quoted texts; to the end of the source where it has none.
fn tag_length(tag: &str) -> usize {
    let bytes = tag.as_bytes();
    let end: &[u8; 2] = match bytes[1] {
        b'{' => b"}}",
        b'%' => b"%}",
        _ => return tag.find("#}").map_or(tag.len(), |at| at + 2),
    };
    let mut quote = None;
    // Brackets inside an expression may end in the tag's own end: `{{ {"a": {}}}}`.
    let mut open = 0usize;
    let mut at = 2;
    while at < bytes.len() {
        let byte = bytes[at];
        match quote {
            Some(_) if byte == b'\\' => at += 1,
            Some(mark) if byte == mark => quote = None,
            Some(_) => {}
            None if open == 0 && bytes[at..].starts_with(end) => return at + 2,
            None => match byte {
                b'"' | b'\'' => quote = Some(byte),
                b'{' | b'[' | b'(' => open += 1,
                b'}' | b']' | b')' => open = open.saturating_sub(1),
                _ => {}
            },
        }
        at += 1;
    }
    tag.len()
}

fn is_raw(tag: &str) -> bool {
    let Some(inner) = tag.strip_prefix("{%").and_then(|tag| tag.strip_suffix("%}")) else { return false };
    inner.trim_start_matches(['-', '+']).trim_end_matches('-').trim() == "raw"
}

/// Where the `endraw` tag begins.
fn raw_end(text: &str) -> usize {
    let mut from = 0;
    while let Some(found) = text[from..].find("{%") {
        let at = from + found;
        let inner = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
        if inner.starts_with("endraw") {
            return at;
        }
        from = at + 2;
    }
    text.len()
}

fn escape_slashes(tag: &str, out: &mut String) {
    let mut quote = None;
    let mut chars = tag.chars().peekable();
    while let Some(char) = chars.next() {
        out.push(char);
        match (quote, char) {
            (None, '"' | '\'') => quote = Some(char),
            (Some(mark), char) if char == mark => quote = None,
            (Some(_), '\\') => match chars.next() {
                Some('/') => out.push_str("\\/"),
                Some(escaped) => out.push(escaped),
                None => {}
            },
            _ => {}
        }
    }
}
