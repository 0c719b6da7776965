//! Writes JSON: the one writer of the product.
//!
//! Strings are escaped as `serde_json` does, which is how the embedded stores write theirs: quotes,
//! backslashes and control characters below U+0020, nothing else (RFC 8259, section 7). An audit
//! record is written for each request and nearly all its strings need no escape, so a string is
//! first searched for characters to escape, many bytes at a time.

use std::fmt::Write as _;

use crate::scan;

/// A JSON text being written: members of the innermost open object.
///
/// Member names are written as they are, so they must need no escape. The caller writes each name
/// once per object.
///
/// ```
/// use bowline_json::JsonWriter;
///
/// let text = JsonWriter::object(128, |json| {
///     json.text("type", "Role");
///     json.members("issuer", |json| json.bool("mfa", false));
///     json.list("ids", [1, 2], |json, id| json.text("id", &id.to_string()));
///     json.null("region");
/// });
/// assert_eq!(
///     text,
///     r#"{"type":"Role","issuer":{"mfa":false},"ids":[{"id":"1"},{"id":"2"}],"region":null}"#
/// );
/// ```
#[derive(Debug)]
pub struct JsonWriter(String);

impl JsonWriter {
    /// Writes an object. The buffer starts with room for `capacity` bytes.
    pub fn object(capacity: usize, write: impl FnOnce(&mut Self)) -> String {
        let mut json = Self(String::with_capacity(capacity));
        json.braces(write);
        json.0
    }

    /// Bytes that are written so far.
    pub fn written(&self) -> usize {
        self.0.len()
    }

    /// Writes a member that is an object.
    pub fn members(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braces(write);
    }

    /// Writes a member that is an array of objects.
    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.name(name);
        self.0.push('[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            self.braces(|json| write(json, item));
        }
        self.0.push(']');
    }

    /// Writes a member that is an array of strings.
    pub fn texts<'t>(&mut self, name: &str, texts: impl IntoIterator<Item = &'t str>) {
        self.name(name);
        self.0.push('[');
        for (at, text) in texts.into_iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            push_string(&mut self.0, text);
        }
        self.0.push(']');
    }

    /// Writes a member that is a number.
    pub fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        // Writing into a `String` cannot fail.
        let _ = write!(self.0, "{number}");
    }

    /// Writes a member that is a string.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_string(&mut self.0, text);
    }

    /// Writes a member that is a string; nothing if it is absent.
    pub fn text_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Writes a member that is a string; `null` if it is absent.
    pub fn text_or_null(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(name, text),
            None => self.null(name),
        }
    }

    /// Writes a member that is `null`.
    pub fn null(&mut self, name: &str) {
        self.raw(name, "null");
    }

    /// Writes a member that is `true` or `false`.
    pub fn bool(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    /// Writes a member whose value is JSON already.
    pub fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.push_str(json);
    }

    fn braces(&mut self, write: impl FnOnce(&mut Self)) {
        self.0.push('{');
        write(self);
        self.0.push('}');
    }

    fn name(&mut self, name: &str) {
        debug_assert!(
            !scan::contains_any(name.as_bytes(), needs_escape),
            "a member name is written without escapes"
        );
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }
}

/// Appends `text` as a JSON string, quotes included.
///
/// ```
/// let mut out = String::new();
/// bowline_json::push_string(&mut out, "a\"b\n");
/// assert_eq!(out, r#""a\"b\n""#);
/// ```
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    if scan::contains_any(text.as_bytes(), needs_escape) {
        push_escaped(out, text);
    } else {
        out.push_str(text);
    }
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    // A byte that needs an escape is ASCII, so the text can be cut before and after it.
    while let Some((plain, tail)) =
        rest.split_at_checked(scan::count_before(rest.as_bytes(), needs_escape))
        && let Some(byte) = tail.bytes().next()
    {
        out.push_str(plain);
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\x08' => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\x0c' => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            other => {
                // Writing into a `String` cannot fail.
                let _ = write!(out, "\\u{other:04x}");
            }
        }
        rest = tail.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// Whether a byte ends the plain part of a string: RFC 8259, section 7.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a branch, many bytes are compared at a time"
)]
pub(crate) fn needs_escape(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        push_string(&mut out, text);
        out
    }

    #[test]
    fn members_are_written_in_order() {
        let text = JsonWriter::object(8, |json| {
            json.text("a", "x");
            json.members("b", |json| {
                json.null("c");
                json.text_if("d", None);
                json.bool("e", true);
            });
            json.members("empty", |_| {});
            json.list("f", [None, Some("y")], |json, text| {
                json.text_or_null("g", text);
            });
            json.raw("h", "[1,2]");
        });
        insta::assert_snapshot!(text, @r#"{"a":"x","b":{"c":null,"e":true},"empty":{},"f":[{"g":null},{"g":"y"}],"h":[1,2]}"#);
    }

    #[test]
    fn delete_and_line_separators_are_not_escaped() {
        // RFC 8259 allows them, and the embedded stores write them as they are.
        assert_eq!(
            written("\u{7f}\u{2028}\u{2029}é"),
            "\"\u{7f}\u{2028}\u{2029}é\""
        );
        insta::assert_snapshot!(written("\"\\ \u{0}\u{8}\u{c}\u{1f}\r\n\t"), @r#""\"\\ \u0000\b\f\u001f\r\n\t""#);
    }

    proptest! {
        #[test]
        fn a_string_is_written_as_serde_json_writes_it(text: String, ascii in "[ -~\\x00-\\x1f]{0,64}") {
            for text in [text, ascii, "{".to_owned()] {
                prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
                let object = JsonWriter::object(0, |json| {
                    json.text("a", &text);
                    json.text("b", &text);
                });
                let read: serde_json::Value = serde_json::from_str(&object).unwrap();
                prop_assert_eq!(read, serde_json::json!({ "a": text.clone(), "b": text }));
            }
        }
    }
}
