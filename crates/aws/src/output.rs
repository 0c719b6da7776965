//! Writes typed outputs as XML of the query protocol.

use jiff::Timestamp;

use crate::{
    credentials::{SecretAccessKey, SessionToken},
    xml::{XmlWriter, query_response},
};

/// The result of an operation.
pub trait Output: WriteXml {
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

/// A complete response.
pub(crate) fn response<O: Output>(output: &O, namespace: &str, request_id: &str) -> String {
    query_response(O::OPERATION, namespace, request_id, |xml| {
        output.write_members(xml);
    })
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
