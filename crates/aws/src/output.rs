//! Writes typed outputs of the query protocol: as XML, or as JSON for clients that accept that.
//!
//! The two forms have the same members with the same names, from one declaration of each type. In
//! JSON, a list is an array, a time is its seconds since 1970, and an absent member is `null`.

use bowline_json::push_string;
use jiff::Timestamp;

use crate::{
    credentials::{SecretAccessKey, SessionToken},
    xml::{XmlWriter, query_response, query_response_empty},
};

/// The form of a response of the query protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// XML, which the SDKs read.
    #[default]
    Xml,
    /// JSON, for `Accept: application/json`.
    Json,
}

impl Format {
    /// The value of `content-type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml",
            Self::Json => "application/json",
        }
    }
}

/// What a response needs beside its output.
#[derive(Debug, Clone, Copy, Default)]
pub struct Envelope<'a> {
    /// The request id.
    pub request_id: &'a str,
    /// The form.
    pub format: Format,
}

/// The result of an operation.
pub trait Output: WriteXml + WriteJson {
    /// The name of the operation, which determines the names of the envelope.
    const OPERATION: &'static str;
}

/// A value that can occur in a response.
pub trait WriteXml {
    /// Writes the content of the value's element.
    fn write_members(&self, xml: &mut XmlWriter);

    /// Writes the value as an element `name`; nothing if the value is absent.
    fn write(&self, xml: &mut XmlWriter, name: &str) {
        xml.open(name);
        self.write_members(xml);
        xml.close(name);
    }
}

/// A value that can occur in a JSON response.
pub trait WriteJson {
    /// Appends the value.
    fn write_json(&self, out: &mut String);
}

/// A complete response.
pub(crate) fn response<O: Output>(output: &O, namespace: &str, envelope: Envelope<'_>) -> String {
    let id = envelope.request_id;
    match envelope.format {
        Format::Xml => query_response(O::OPERATION, namespace, id, |xml| {
            output.write_members(xml);
        }),
        Format::Json => json_response(O::OPERATION, id, |out| {
            json_member(out, &[O::OPERATION, "Result"].concat(), output);
        }),
    }
}

/// A complete response of an operation without an output.
pub(crate) fn empty_response(operation: &str, namespace: &str, envelope: Envelope<'_>) -> String {
    let id = envelope.request_id;
    match envelope.format {
        Format::Xml => query_response_empty(operation, namespace, id),
        Format::Json => json_response(operation, id, |_| ()),
    }
}

/// Appends a member of the object that is open. The name needs no escape.
pub(crate) fn json_member(out: &mut String, name: &str, value: &(impl WriteJson + ?Sized)) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
    value.write_json(out);
}

/// Room for a response with credentials, so that the buffer with the secret is not copied to grow.
const RESPONSE_BYTES: usize = 2 * 1024;

fn json_response(operation: &str, request_id: &str, result: impl FnOnce(&mut String)) -> String {
    let mut out = String::with_capacity(RESPONSE_BYTES);
    out.push_str("{\"");
    out.push_str(operation);
    out.push_str("Response\":{");
    result(&mut out);
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push_str("\"ResponseMetadata\":{\"RequestId\":");
    push_string(&mut out, request_id);
    out.push_str("}}}");
    out
}

impl WriteJson for str {
    fn write_json(&self, out: &mut String) {
        push_string(out, self);
    }
}

impl WriteJson for String {
    fn write_json(&self, out: &mut String) {
        push_string(out, self);
    }
}

impl WriteJson for SecretAccessKey {
    fn write_json(&self, out: &mut String) {
        push_string(out, self.expose());
    }
}

impl WriteJson for SessionToken {
    fn write_json(&self, out: &mut String) {
        push_string(out, self.expose());
    }
}

impl WriteJson for i32 {
    fn write_json(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl WriteJson for bool {
    fn write_json(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl WriteJson for Timestamp {
    /// Whole seconds without an exponent, which every reader of numbers takes.
    fn write_json(&self, out: &mut String) {
        out.push_str(&self.as_second().to_string());
    }
}

impl<T: WriteJson> WriteJson for Vec<T> {
    fn write_json(&self, out: &mut String) {
        out.push('[');
        for (at, item) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            item.write_json(out);
        }
        out.push(']');
    }
}

impl<T: WriteJson> WriteJson for Option<T> {
    fn write_json(&self, out: &mut String) {
        match self {
            Some(value) => value.write_json(out),
            None => out.push_str("null"),
        }
    }
}

impl WriteXml for String {
    fn write_members(&self, xml: &mut XmlWriter) {
        xml.text(self);
    }
}

impl WriteXml for SecretAccessKey {
    fn write_members(&self, xml: &mut XmlWriter) {
        xml.text(self.expose());
    }
}

impl WriteXml for SessionToken {
    fn write_members(&self, xml: &mut XmlWriter) {
        xml.text(self.expose());
    }
}

impl WriteXml for i32 {
    fn write_members(&self, xml: &mut XmlWriter) {
        xml.text(&self.to_string());
    }
}

impl WriteXml for bool {
    fn write_members(&self, xml: &mut XmlWriter) {
        xml.text(if *self { "true" } else { "false" });
    }
}

impl WriteXml for Timestamp {
    fn write_members(&self, xml: &mut XmlWriter) {
        xml.text(&crate::xml::iso_seconds(*self));
    }
}

impl<T: WriteXml> WriteXml for Vec<T> {
    fn write_members(&self, xml: &mut XmlWriter) {
        for item in self {
            item.write(xml, "member");
        }
    }
}

impl<T: WriteXml> WriteXml for Option<T> {
    fn write_members(&self, xml: &mut XmlWriter) {
        if let Some(value) = self {
            value.write_members(xml);
        }
    }

    fn write(&self, xml: &mut XmlWriter, name: &str) {
        if let Some(value) = self {
            value.write(xml, name);
        }
    }
}
