//! Writes a line of JSON, member by member.
//!
//! A record is written for each call before its answer goes out, and nearly all that is in it needs no escape, which this writer sees
//! of many bytes at a time.

use bowline_aws::scan;
use serde::Serialize;

/// A line that is being written.
#[derive(Debug)]
pub(super) struct Line(Vec<u8>);

impl Line {
    /// A line of one object. Whoever writes the members gives each its name once, and names that need no escape.
    pub(super) fn of(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut line = Self(Vec::with_capacity(2 * 1024));
        line.braces(write);
        line.0.push(b'\n');
        line.0
    }

    /// A member that is an object.
    pub(super) fn object(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braces(write);
    }

    /// A member that is a list of objects.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.name(name);
        self.0.push(b'[');
        for (at, item) in items.enumerate() {
            if at > 0 {
                self.0.push(b',');
            }
            self.braces(|line| write(line, item));
        }
        self.0.push(b']');
    }

    /// A member that is a text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.quoted(text);
    }

    /// The same, left out if there is none.
    pub(super) fn text_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// The same, `null` if there is none.
    pub(super) fn text_or_null(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(name, text),
            None => self.null(name),
        }
    }

    /// A member that is nothing.
    pub(super) fn null(&mut self, name: &str) {
        self.name(name);
        self.0.extend_from_slice(b"null");
    }

    /// A member that is a truth value.
    pub(super) fn bool(&mut self, name: &str, value: bool) {
        self.name(name);
        self.0
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A member that writes itself.
    pub(super) fn value(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        let start = self.0.len();
        // Into memory, from types that are all text: nothing can fail. If it did, the line would stay one of JSON.
        if serde_json::to_writer(&mut self.0, value).is_err() {
            self.0.truncate(start);
            self.0.extend_from_slice(b"null");
        }
    }

    fn braces(&mut self, write: impl FnOnce(&mut Self)) {
        self.0.push(b'{');
        write(self);
        self.0.push(b'}');
    }

    fn name(&mut self, name: &str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn quoted(&mut self, text: &str) {
        if scan::any(text.as_bytes(), needs_escape) {
            // As it escapes them: nothing can fail, and a text that did would be told of as empty.
            let escaped = serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned());
            self.0.extend_from_slice(escaped.as_bytes());
        } else {
            self.0.push(b'"');
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(b'"');
        }
    }
}

/// RFC 8259, 7.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a branch, many bytes are compared at a time"
)]
fn needs_escape(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_line_is_what_was_written() {
        let line = Line::of(|line| {
            line.text("a", "x");
            line.object("b", |line| {
                line.null("c");
                line.text_if("d", None);
                line.bool("e", true);
            });
            line.object("empty", |_| {});
            line.list("f", [None, Some("y")].into_iter(), |line, text| {
                line.text_or_null("g", text);
            });
            line.value("h", &[1, 2]);
        });
        let line = String::from_utf8(line).unwrap();
        insta::assert_snapshot!(line, @r#"{"a":"x","b":{"c":null,"e":true},"empty":{},"f":[{"g":null},{"g":"y"}],"h":[1,2]}"#);
    }

    proptest! {
        #[test]
        fn a_text_is_read_as_it_was_written(text: String, ascii in "[ -~\\x00-\\x1f]{0,64}") {
            for text in [text, ascii, "{".to_owned()] {
                let line = Line::of(|line| {
                    line.text("a", &text);
                    line.text("b", &text);
                });
                let (last, rest) = line.split_last().unwrap();
                prop_assert!(*last == b'\n' && !rest.contains(last));
                let read: Value = serde_json::from_slice(&line).unwrap();
                prop_assert_eq!(read, json!({ "a": text.clone(), "b": text }));
            }
        }
    }
}
