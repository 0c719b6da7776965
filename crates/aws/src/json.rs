//! Writes JSON text, for the few bodies that are written by hand. Reading is `bowline_iam::json`'s.

/// Appends `text` as a JSON string, quotes included.
///
/// ```
/// let mut out = String::new();
/// bowline_aws::json::push_string(&mut out, "a\"b\n");
/// assert_eq!(out, r#""a\"b\n""#);
/// ```
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // U+2028 and U+2029 are legal in JSON and end lines in older JavaScript.
            '\0'..='\u{1f}' | '\u{7f}' | '\u{2028}' | '\u{2029}' => {
                use std::fmt::Write as _;
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// An object of text members, in the order given.
pub fn object(members: &[(&str, &str)]) -> String {
    let mut out = String::from("{");
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_string(&mut out, name);
        out.push(':');
        push_string(&mut out, value);
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_quotes() {
        insta::assert_snapshot!(object(&[("a", "\"\\ \u{0}\u{1f}\u{2028}é"), ("b", "")]),
            @r#"{"a":"\"\\ \u0000\u001f\u2028é","b":""}"#);
    }
}
