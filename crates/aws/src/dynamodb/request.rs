//! Parses the body of a request, and writes what was parsed for a store.

use std::collections::HashSet;

use bowline_json::{Json, JsonKind, JsonLimits, JsonObject, JsonProblem, push_string};

use super::{
    expression::Names,
    generated, limits,
    operation::Operation,
    shape::{Checker, Shape, datatype, is_no_limit, member, present},
    table::{AccountRegion, TableRef, TableResource},
};
use crate::error::{AwsError, Code};

/// Maximum depth of a body. An item may nest 32 levels deep ("Quotas in Amazon DynamoDB", nested
/// attributes), and each takes two levels of JSON.
const MAX_DEPTH: usize = 80;
/// Maximum number of values in a body. An item of 400 KB has fewer than a tenth of them.
const MAX_VALUES: usize = 1 << 19;

/// A well-formed request to an operation that is built.
#[derive(Debug)]
pub struct Request<'a> {
    pub(super) operation: Operation,
    pub(super) root: Json<'a>,
    shape: &'static Shape,
}

/// An expression of a request.
#[derive(Clone, Copy, Debug)]
pub struct Expression<'r> {
    /// The member that has it, such as `FilterExpression`.
    pub member: &'static str,
    /// The expression.
    pub text: &'r str,
    placeholders: Option<&'r JsonObject<'r>>,
}

impl Expression<'_> {
    /// The placeholders that it may use.
    pub fn names(&self) -> Names<'_> {
        self.placeholders.map(Names::new).unwrap_or_default()
    }
}

impl<'a> Request<'a> {
    /// Parses a body.
    ///
    /// # Errors
    /// `UnknownOperationException` if the operation is not built, `SerializationException` if the
    /// body is not JSON or a value has another type, `ValidationException` for a member that is
    /// missing, unknown or without effect, for an invalid name of a table, and for too many
    /// elements.
    pub fn read(operation: Operation, body: &'a [u8]) -> Result<Self, AwsError> {
        let shape = generated::input(operation.name())
            .ok_or_else(|| AwsError::unknown_operation(operation.name(), "2012-08-10"))?;
        let limits = JsonLimits {
            max_bytes: operation.max_body_bytes(),
            max_depth: MAX_DEPTH,
            max_values: MAX_VALUES,
        };
        let root = bowline_json::parse(body, &limits).map_err(|error| match error.problem {
            JsonProblem::TooDeep(_) => AwsError::new(
                Code::ValidationError,
                "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit",
            ),
            // The position is no secret: the client sent the body.
            JsonProblem::Duplicate(_) | JsonProblem::TooMany(_) => {
                AwsError::new(Code::MalformedInput, error.to_string())
            }
            JsonProblem::TooLong(_)
            | JsonProblem::NotUtf8
            | JsonProblem::End
            | JsonProblem::Unexpected { .. }
            | JsonProblem::ControlCharacter
            | JsonProblem::BadEscape
            | JsonProblem::LoneSurrogate
            | JsonProblem::BadNumber
            | JsonProblem::Trailing => AwsError::new(Code::MalformedInput, error.to_string()),
        })?;
        limits::check(operation, &root)?;
        Checker::check(&root, shape)?;
        Ok(Self {
            operation,
            root,
            shape,
        })
    }

    /// The operation.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The body.
    pub fn body(&self) -> Option<&JsonObject<'a>> {
        self.root.as_object()
    }

    /// A member of the body.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        present(self.root.as_object()?, name)
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Every table that it names anywhere, in order.
    pub fn tables(&self, account_region: &AccountRegion) -> Vec<TableResource> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        tables(&self.root, self.shape, &mut |text| {
            if let Ok(table) = TableRef::parse(text) {
                let resource = table.from(account_region);
                if seen.insert(resource.clone()) {
                    found.push(resource);
                }
            }
        });
        found
    }

    /// The ARNs that name tables in it.
    pub fn arns(&self) -> Vec<&str> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        tables(&self.root, self.shape, &mut |text| {
            if text.starts_with("arn:") && seen.insert(text) {
                found.push(text);
            }
        });
        found
    }

    /// Every expression of it, in order.
    pub fn expressions(&self) -> Vec<Expression<'_>> {
        let mut found = Vec::new();
        expressions(&self.root, self.shape, &mut found);
        found
    }

    /// The body for a store: what was parsed and nothing else, with tables by name.
    pub fn to_wire(&self) -> String {
        let mut out = String::new();
        write(&self.root, self.shape, &mut out);
        out
    }

    /// The body for a store with one member replaced by this JSON, or left out.
    pub fn to_wire_with(&self, name: &str, json: Option<&str>) -> String {
        let mut out = String::new();
        if let (Some(object), Shape::Structure(members)) = (self.root.as_object(), self.shape) {
            structure(object, members, Some((name, json)), Limits::All, &mut out);
        }
        out
    }
}

fn tables<'v>(value: &'v Json<'_>, shape: &'static Shape, found: &mut impl FnMut(&'v str)) {
    match (shape, &value.kind) {
        (Shape::Table, JsonKind::String(text)) => found(text),
        (Shape::List(of), JsonKind::Array(items)) => {
            for item in items {
                tables(item, of, found);
            }
        }
        (Shape::Map(of), JsonKind::Object(object)) => {
            for entry in object.members() {
                tables(&entry.value, of, found);
            }
        }
        (Shape::Tables(of), JsonKind::Object(object)) => {
            for entry in object.members() {
                found(&entry.name);
                tables(&entry.value, of, found);
            }
        }
        (Shape::Structure(members), JsonKind::Object(object)) => {
            for entry in object.members() {
                if let Some(known) = member(members, &entry.name) {
                    tables(&entry.value, known.shape, found);
                }
            }
        }
        // Attributes do not name tables.
        _ => {}
    }
}

fn expressions<'v>(value: &'v Json<'v>, shape: &'static Shape, found: &mut Vec<Expression<'v>>) {
    match (shape, &value.kind) {
        (Shape::List(of), JsonKind::Array(items)) => {
            for item in items {
                expressions(item, of, found);
            }
        }
        (Shape::Tables(of), JsonKind::Object(object)) => {
            for entry in object.members() {
                expressions(&entry.value, of, found);
            }
        }
        (Shape::Structure(members), JsonKind::Object(object)) => {
            for entry in object.members() {
                let Some(known) = member(members, &entry.name) else {
                    continue;
                };
                match (known.shape, entry.value.as_str()) {
                    (Shape::Expression, Some(text)) => found.push(Expression {
                        member: known.name,
                        text,
                        placeholders: present(object, "ExpressionAttributeNames")
                            .and_then(Json::as_object),
                    }),
                    (of, _) => expressions(&entry.value, of, found),
                }
            }
        }
        // Neither attributes nor other members have expressions.
        _ => {}
    }
}

fn write(value: &Json<'_>, shape: &'static Shape, out: &mut String) {
    match &value.kind {
        JsonKind::Null => out.push_str("null"),
        JsonKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        JsonKind::Number(number) => out.push_str(number.text()),
        JsonKind::String(text) => push_string(out, &named(text, matches!(shape, Shape::Table))),
        JsonKind::Array(items) => {
            let of = if let Shape::List(of) = shape {
                of
            } else {
                &Shape::Text
            };
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, of, out);
            }
            out.push(']');
        }
        JsonKind::Object(object) => match shape {
            Shape::Structure(members) => structure(object, members, None, Limits::All, out),
            Shape::NewLimits(Shape::Structure(members)) => {
                structure(object, members, None, Limits::Finite, out);
            }
            Shape::Map(of) => entries(object, out, false, |_| of),
            Shape::Tables(of) => entries(object, out, true, |_| of),
            Shape::AttributeValue
            | Shape::Bool
            | Shape::Choice(_)
            | Shape::Expression
            | Shape::Integer
            | Shape::List(_)
            | Shape::Neutral(_)
            | Shape::NewLimits(_)
            | Shape::NotHonoured
            | Shape::Table
            | Shape::Text => entries(object, out, false, |name| {
                datatype(name).unwrap_or(&Shape::Text)
            }),
        },
    }
}

/// Which limits of a structure are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limits {
    All,
    /// Not those that stand for none.
    Finite,
}

fn structure(
    object: &JsonObject<'_>,
    members: &'static [super::shape::Member],
    other: Option<(&str, Option<&str>)>,
    limits: Limits,
    out: &mut String,
) {
    out.push('{');
    let mut first = true;
    for entry in object.members() {
        let Some(known) = member(members, &entry.name) else {
            continue;
        };
        if entry.value.kind == JsonKind::Null
            // It asks for nothing.
            || matches!(known.shape, Shape::Neutral(_))
            || limits == Limits::Finite && is_no_limit(&entry.value)
            || other.is_some_and(|(name, _)| name == known.name)
        {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        push_string(out, known.name);
        out.push(':');
        write(&entry.value, known.shape, out);
    }
    if let Some((name, Some(json))) = other {
        if !first {
            out.push(',');
        }
        push_string(out, name);
        out.push(':');
        out.push_str(json);
    }
    out.push('}');
}

fn entries(
    object: &JsonObject<'_>,
    out: &mut String,
    are_tables: bool,
    shape: impl Fn(&str) -> &'static Shape,
) {
    out.push('{');
    for (at, entry) in object.members().iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_string(out, &named(&entry.name, are_tables));
        out.push(':');
        write(&entry.value, shape(&entry.name), out);
    }
    out.push('}');
}

/// The table's name, if the text is its ARN.
fn named(text: &str, is_table: bool) -> std::borrow::Cow<'_, str> {
    if is_table && let Ok(TableRef::Arn(resource)) = TableRef::parse(text) {
        return resource.table.to_string().into();
    }
    text.into()
}

#[cfg(test)]
mod tests;
