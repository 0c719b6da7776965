//! The parts of a record whose size the request determines: texts, resources, parameters.

use std::borrow::Cow;

use bowline_iam::account::AccountId;
use bowline_json::JsonWriter;

use super::account;
use crate::request::{
    cut_text,
    record::{AuditField, AuditFields, RequestRecord},
};

/// Most names in the list of what was cut.
const MAX_CUTS: usize = 8;

/// The members that were cut.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    names: Vec<String>,
}

impl Cuts {
    /// Adds a member.
    pub(super) fn add(&mut self, name: &str) {
        if self.names.len() < MAX_CUTS && !self.names.iter().any(|known| known == name) {
            self.names
                .push(cut_text::text(name, None, 64).0.into_owned());
        }
    }

    /// Writes a text that takes at most so many bytes.
    pub(super) fn text(&mut self, line: &mut JsonWriter, name: &str, text: &str, most: usize) {
        let (text, is_cut) = cut_text::text(text, None, most);
        line.text(name, &text);
        if is_cut {
            self.add(name);
        }
    }

    /// The same, or `null`.
    pub(super) fn text_or_null(
        &mut self,
        line: &mut JsonWriter,
        name: &str,
        text: Option<&str>,
        most: usize,
    ) {
        match text {
            Some(text) => self.text(line, name, text, most),
            None => line.null(name),
        }
    }

    /// Whether nothing was cut.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Writes their list.
    pub(super) fn write(&self, line: &mut JsonWriter) {
        if !self.names.is_empty() {
            line.texts("truncated", self.names.iter().map(String::as_str));
        }
    }
}

/// The resources that fit.
pub(super) struct Resources<'a> {
    fitting: Vec<(Cow<'a, str>, Option<AccountId>)>,
    is_cut: bool,
    omitted: usize,
    /// Bytes that they take.
    pub(super) size: usize,
}

impl<'a> Resources<'a> {
    /// Bytes of a resource without its ARN.
    const OVERHEAD: usize = 48;

    /// The resources of a request that fit.
    pub(super) fn fitting(record: &'a RequestRecord<'_>, most: usize) -> Self {
        let all = record.resource.iter().chain(&record.other_resources);
        let mut resources = Self {
            fitting: Vec::new(),
            is_cut: false,
            omitted: 0,
            size: 64,
        };
        for (number, resource) in all.enumerate() {
            let room = most.checked_sub(resources.size + Self::OVERHEAD);
            let (arn, is_cut) = cut_text::text(&resource.arn, None, room.unwrap_or_default());
            // The first one is there at least in part, the others are whole or left out.
            if number > 0 && (is_cut || room.is_none()) {
                resources.omitted += 1;
                continue;
            }
            resources.size += cut_text::json_len(&arn) + Self::OVERHEAD;
            resources.is_cut |= is_cut;
            resources.fitting.push((arn, resource.account));
        }
        resources
    }

    /// Writes them.
    pub(super) fn write(self, line: &mut JsonWriter, cuts: &mut Cuts) {
        if self.fitting.is_empty() {
            return;
        }
        line.list("resources", &self.fitting, |line, (arn, owner)| {
            line.text("ARN", arn);
            line.text_if("accountId", account(owner.as_ref()));
        });
        if self.is_cut || self.omitted > 0 {
            cuts.add("resources");
        }
        if self.omitted > 0 {
            line.number("omittedResources", self.omitted as u64);
        }
    }
}

/// Bytes that fields take.
pub(super) fn fields_size(fields: &AuditFields<'_>) -> usize {
    let sizes = fields
        .iter()
        .map(|field| field.name.len() + cut_text::json_len(&field.value) + FIELD_OVERHEAD);
    sizes.sum()
}

/// Bytes of a field without its name and value, also if it opens and closes an object.
const FIELD_OVERHEAD: usize = 12;

/// Fields, as far as they fit. Consecutive fields that share the part before a dot become one
/// object.
pub(super) fn fields(
    line: &mut JsonWriter,
    cuts: &mut Cuts,
    name: &str,
    fields: &AuditFields<'_>,
    most: usize,
) {
    if fields.is_empty() {
        return line.null(name);
    }
    let mut omitted = fields.omitted();
    line.members(name, |line| {
        let start = line.written();
        // Bytes that the value of this field may take, if the field fits.
        let room = |line: &JsonWriter, field: &AuditField<'_>| {
            let used = line.written() - start + field.name.len() + FIELD_OVERHEAD;
            most.checked_sub(used)
                .filter(|room| *room >= MIN_FIELD_BYTES)
        };
        let mut value = |line: &mut JsonWriter, name: &str, field: &AuditField<'_>, room| {
            let (text, is_cut) = cut_text::text(&field.value, field.original.as_ref(), room);
            line.text(name, &text);
            if is_cut {
                cuts.add(&field.name);
            }
        };
        let mut fields = fields.iter().peekable();
        while let Some(field) = fields.next() {
            let Some(most) = room(line, field) else {
                omitted += 1;
                continue;
            };
            let Some((outer, inner)) = field.name.split_once('.') else {
                value(line, &field.name, field, most);
                continue;
            };
            line.members(outer, |line| {
                value(line, inner, field, most);
                while let Some((inner, field)) =
                    fields.next_if_map(|field| match field.name.split_once('.') {
                        Some((other, inner)) if other == outer => Ok((inner, field)),
                        _ => Err(field),
                    })
                {
                    match room(line, field) {
                        Some(most) => value(line, inner, field, most),
                        None => omitted += 1,
                    }
                }
            });
        }
    });
    if omitted > 0 {
        cuts.add(name);
    }
}

/// The least room that a value gets. A text of this size is whole or says its length.
const MIN_FIELD_BYTES: usize = 32;
