//! Writes the XML of AWS responses.
//!
//! The writer appends to one `String`. The caller determines the order of elements and which are
//! empty; this file escapes. The output has only characters of XML 1.0: a character that XML 1.0
//! does not allow (most control characters) becomes U+FFFD, so that a hostile name cannot break a
//! client's parser. The caller must balance the elements; debug builds check that.

use std::fmt::Write as _;

use bowline_json::scan;
use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

/// The declaration at the start of every S3 body. The query protocol has none.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// An XML document being written.
///
/// ```
/// use bowline_aws::xml::XmlWriter;
///
/// let mut xml = XmlWriter::new();
/// xml.open("Role");
/// xml.element("RoleName", "a<b");
/// xml.int("MaxAge", 3600);
/// xml.close("Role");
/// assert_eq!(xml.finish(), "<Role><RoleName>a&lt;b</RoleName><MaxAge>3600</MaxAge></Role>");
/// ```
#[derive(Debug, Default)]
pub struct XmlWriter {
    out: String,
    #[cfg(debug_assertions)]
    open: Vec<String>,
}

impl XmlWriter {
    /// An empty document without a declaration, for the query protocol.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty document with room for `bytes` bytes.
    fn with_capacity(bytes: usize) -> Self {
        let mut xml = Self::new();
        xml.out.reserve(bytes);
        xml
    }

    /// An empty document that begins with the XML declaration and a newline, for S3.
    pub fn with_declaration() -> Self {
        let mut xml = Self::new();
        xml.out.push_str(DECLARATION);
        xml
    }

    /// Begins an element.
    pub fn open(&mut self, name: &str) {
        self.begin(name, None);
    }

    /// Begins an element with the attribute `xmlns="namespace"`.
    pub fn open_in(&mut self, name: &str, namespace: &str) {
        self.begin(name, Some(namespace));
    }

    /// Ends the element that [`open`](Self::open) began.
    pub fn close(&mut self, name: &str) {
        #[cfg(debug_assertions)]
        debug_assert_eq!(self.open.pop().as_deref(), Some(name), "elements must nest");
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// Writes `<name>text</name>`, escaping the text.
    pub fn element(&mut self, name: &str, text: &str) {
        self.open(name);
        escape_into(&mut self.out, text);
        self.close(name);
    }

    /// Writes the element if there is a text.
    pub fn element_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.element(name, text);
        }
    }

    /// Writes `<name/>`, which S3 uses for an empty value such as the location of a bucket in
    /// `us-east-1`.
    pub fn empty(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str("/>");
    }

    /// Writes `true` or `false`.
    pub fn bool(&mut self, name: &str, value: bool) {
        self.element(name, if value { "true" } else { "false" });
    }

    /// Writes a decimal number.
    pub fn int(&mut self, name: &str, value: impl Into<i64>) {
        self.open(name);
        let _ = write!(self.out, "{}", value.into());
        self.close(name);
    }

    /// Writes a time to the second, `2026-11-24T01:02:03Z`, as IAM and STS do.
    pub fn timestamp(&mut self, name: &str, time: Timestamp) {
        self.element(name, &iso_seconds(time));
    }

    /// Writes a time as S3 does: a whole second with milliseconds, `2026-11-24T01:02:03.000Z`. The
    /// headers of an object have the same second.
    pub fn s3_timestamp(&mut self, name: &str, time: Timestamp) {
        let mut text = iso_seconds(time);
        text.insert_str(text.len().saturating_sub(1), ".000");
        self.element(name, &text);
    }

    /// Writes a list of structures or texts, one `<member>` each; an empty list is an empty
    /// element.
    pub fn members<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.open(name);
        for item in items {
            self.open("member");
            each(self, item);
            self.close("member");
        }
        self.close(name);
    }

    /// Writes a list of texts, one `<member>` each.
    pub fn member_texts<T: AsRef<str>>(&mut self, name: &str, items: impl IntoIterator<Item = T>) {
        self.members(name, items, |xml, item| xml.text(item.as_ref()));
    }

    /// Writes escaped text inside the element that is open.
    pub fn text(&mut self, text: &str) {
        escape_into(&mut self.out, text);
    }

    /// The finished document.
    pub fn finish(self) -> String {
        #[cfg(debug_assertions)]
        debug_assert!(
            self.open.is_empty(),
            "every element must be closed: {:?}",
            self.open
        );
        self.out
    }

    fn begin(&mut self, name: &str, namespace: Option<&str>) {
        #[cfg(debug_assertions)]
        self.open.push(name.to_owned());
        self.out.push('<');
        self.out.push_str(name);
        if let Some(namespace) = namespace {
            self.out.push_str(" xmlns=\"");
            escape_into(&mut self.out, namespace);
            self.out.push('"');
        }
        self.out.push('>');
    }
}

/// The response to a query-protocol operation with a result:
/// `<XResponse xmlns=..><XResult>..</XResult><ResponseMetadata><RequestId>..`.
pub fn query_response(
    operation: &str,
    namespace: &str,
    request_id: &str,
    result: impl FnOnce(&mut XmlWriter),
) -> String {
    envelope(operation, namespace, request_id, |xml| {
        let name = [operation, "Result"].concat();
        xml.open(&name);
        result(xml);
        xml.close(&name);
    })
}

/// The response to a query-protocol operation without a result, such as `DeleteRole`: only the
/// request id.
pub fn query_response_empty(operation: &str, namespace: &str, request_id: &str) -> String {
    envelope(operation, namespace, request_id, |_| ())
}

/// A time to the second, as the query protocol has it: `2026-11-24T01:02:03Z`.
pub fn iso_seconds(time: Timestamp) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    PRINTER.timestamp_to_string(&time)
}

/// Room for a response with credentials, so that the buffer with the secret is not copied to grow.
const RESPONSE_BYTES: usize = 2 * 1024;

fn envelope(
    operation: &str,
    namespace: &str,
    request_id: &str,
    body: impl FnOnce(&mut XmlWriter),
) -> String {
    let mut xml = XmlWriter::with_capacity(RESPONSE_BYTES);
    let name = [operation, "Response"].concat();
    xml.open_in(&name, namespace);
    body(&mut xml);
    xml.open("ResponseMetadata");
    xml.element("RequestId", request_id);
    xml.close("ResponseMetadata");
    xml.close(&name);
    xml.finish()
}

/// Appends `text`, escaped for element content and double-quoted attributes.
fn escape_into(out: &mut String, text: &str) {
    // Most texts need no escape.
    if !scan::contains_any(text.as_bytes(), begins_escape) {
        out.push_str(text);
        return;
    }
    let mut rest = text;
    while let Some((plain, character, tail)) = split_at_escape(rest) {
        out.push_str(plain);
        out.push_str(match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            // A bare carriage return would reach the reader as a line feed (XML 1.0, 2.11
            // "End-of-Line Handling").
            '\r' => "&#xD;",
            // Not a character of XML 1.0 (2.2 "Characters"), even as a reference.
            _ => "\u{FFFD}",
        });
        rest = tail;
    }
    out.push_str(rest);
}

/// The text before the first character that needs an escape, that character, and the rest.
fn split_at_escape(text: &str) -> Option<(&str, char, &str)> {
    let mut from = 0;
    loop {
        let candidates = text.as_bytes().get(from..)?;
        let candidate = candidates.iter().position(|byte| begins_escape(*byte))?;
        let (plain, tail) = text.split_at_checked(from + candidate)?;
        let mut characters = tail.chars();
        let character = characters.next()?;
        if needs_escape(character) {
            return Some((plain, character, characters.as_str()));
        }
        from += candidate + character.len_utf8();
    }
}

/// Whether a byte begins a character that can need an escape; `U+FFFE` and `U+FFFF` begin with
/// `EF`.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a branch, many bytes are compared at a time"
)]
fn begins_escape(byte: u8) -> bool {
    let control = (byte < b' ') & (byte != b'\t') & (byte != b'\n');
    control | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == b'"') | (byte == 0xEF)
}

fn needs_escape(c: char) -> bool {
    matches!(c, '&' | '<' | '>' | '"' | '\r' | '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests;
