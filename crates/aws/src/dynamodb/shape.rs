//! Checks a parsed body against the shapes of the service's model.
//!
//! The checks cover types, members, values of enums, since conditions depend on these, and the
//! number of operators in expressions. Stores check other lengths and ranges, which decisions do
//! not use.

use std::collections::HashSet;

use bowline_json::{Json, JsonKind, JsonObject};

use super::{
    expression::limits,
    table::{TableName, TableRef},
};
use crate::error::{AwsError, Code};

/// A shape of the model.
#[derive(Debug)]
pub(super) enum Shape {
    /// The value of an attribute, which may contain others.
    AttributeValue,
    /// `true` or `false`.
    Bool,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// An expression.
    Expression,
    /// A whole number.
    Integer,
    /// A list of one shape.
    List(&'static Self),
    /// A map from strings to one shape.
    Map(&'static Self),
    /// A member that would have no effect here, and that may be sent only if it asks for nothing:
    /// `false`, -1, or a structure of these.
    Neutral(&'static Self),
    /// A structure of limits of something new, where -1 stands for no limit.
    NewLimits(&'static Self),
    /// A member that would have no effect here.
    NotHonoured,
    /// A structure of members with shapes of their own.
    Structure(&'static [Member]),
    /// The name or ARN of a table that the operation is about.
    Table,
    /// A map from names or ARNs of tables to one shape.
    Tables(&'static Self),
    /// A string.
    Text,
}

/// A member of a structure.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: &'static Shape,
    pub(super) required: bool,
}

/// The types of an attribute's value.
const DATATYPES: [(&str, &Shape); 10] = [
    ("B", &Shape::Text),
    ("BOOL", &Shape::Bool),
    ("BS", &Shape::List(&Shape::Text)),
    ("L", &Shape::List(&Shape::AttributeValue)),
    ("M", &Shape::Map(&Shape::AttributeValue)),
    ("N", &Shape::Text),
    ("NS", &Shape::List(&Shape::Text)),
    ("NULL", &Shape::Bool),
    ("S", &Shape::Text),
    ("SS", &Shape::List(&Shape::Text)),
];

/// The shape of a member of an attribute's value.
pub(super) fn datatype(name: &str) -> Option<&'static Shape> {
    let found = DATATYPES.iter().find(|(known, _)| *known == name);
    found.map(|(_, shape)| *shape)
}

/// The shape of a member of a structure.
pub(super) fn member(members: &'static [Member], name: &str) -> Option<&'static Member> {
    members.iter().find(|member| member.name == name)
}

/// Maximum number of problems in an error.
const MAX_PROBLEMS: usize = 10;

/// The path of the current value, and the problems so far.
#[derive(Debug, Default)]
pub(super) struct Checker {
    path: Vec<String>,
    problems: Vec<String>,
}

impl Checker {
    /// Checks a whole body.
    ///
    /// # Errors
    /// `SerializationException` for another type, `ValidationException` for all other problems.
    pub(super) fn check(body: &Json<'_>, shape: &'static Shape) -> Result<(), AwsError> {
        let mut checker = Self::default();
        checker.value(body, shape)?;
        if checker.problems.is_empty() {
            Ok(())
        } else {
            Err(AwsError::validation(&checker.problems))
        }
    }

    fn value(&mut self, value: &Json<'_>, shape: &'static Shape) -> Result<(), AwsError> {
        match shape {
            Shape::AttributeValue => self.attribute_value(object(value)?),
            Shape::Bool => match value.as_bool() {
                Some(_) => Ok(()),
                None => Err(converted(value, "Boolean")),
            },
            Shape::Integer => match value.as_i64() {
                Some(_) => Ok(()),
                None => Err(converted(value, "Long")),
            },
            Shape::Choice(choices) => {
                let text = text(value)?;
                if !choices.contains(&text) {
                    let set = choices.join(", ");
                    self.problem(
                        &format!("Value '{text}'"),
                        &format!("Member must satisfy enum value set: [{set}]"),
                    )?;
                }
                Ok(())
            }
            Shape::Expression | Shape::Text => text(value).map(drop),
            Shape::Table => table(text(value)?).map(drop),
            Shape::List(of) => {
                let Some(items) = value.as_array() else {
                    return Err(unexpected(value));
                };
                for (at, item) in items.iter().enumerate() {
                    self.inside(&format!("{}.member", at + 1), item, of)?;
                }
                Ok(())
            }
            Shape::Map(of) => self.entries(object(value)?, of),
            Shape::Tables(of) => {
                let object = object(value)?;
                let mut seen: HashSet<TableName> = HashSet::new();
                for entry in object.members() {
                    let table = table(&entry.name)?;
                    let name = table.name();
                    // For the store, the name and the ARN of one table are the same key.
                    if !seen.insert(name.clone()) {
                        let message = format!("The table {name} is named more than once");
                        return Err(AwsError::new(Code::ValidationError, message));
                    }
                }
                self.entries(object, of)
            }
            Shape::Neutral(of) | Shape::NewLimits(of) => self.value(value, of),
            // A structure rejects such members by name.
            Shape::NotHonoured => Err(unexpected(value)),
            Shape::Structure(members) => self.structure(object(value)?, members),
        }
    }

    fn entries(&mut self, object: &JsonObject<'_>, of: &'static Shape) -> Result<(), AwsError> {
        for entry in object.members() {
            self.inside(&format!("{}.member", entry.name), &entry.value, of)?;
        }
        Ok(())
    }

    fn structure(
        &mut self,
        object: &JsonObject<'_>,
        members: &'static [Member],
    ) -> Result<(), AwsError> {
        for entry in object.members() {
            let known = member(members, &entry.name)
                .ok_or_else(|| AwsError::unsupported_parameter(&entry.name))?;
            // A member that is null is treated as absent.
            if entry.value.kind != JsonKind::Null {
                if matches!(known.shape, Shape::NotHonoured) {
                    return Err(AwsError::unsupported_parameter(known.name));
                }
                self.inside(&lower_first(known.name), &entry.value, known.shape)?;
                if matches!(known.shape, Shape::Neutral(_)) && !asks_for_nothing(&entry.value) {
                    return Err(AwsError::unsupported_parameter(known.name));
                }
                if matches!(known.shape, Shape::Expression) {
                    limits::check(known.name, text(&entry.value)?)?;
                }
            }
        }
        for member in members.iter().filter(|member| member.required) {
            if present(object, member.name).is_none() {
                self.path.push(lower_first(member.name));
                self.problem("Value null", "Member must not be null")?;
                self.path.pop();
            }
        }
        Ok(())
    }

    fn attribute_value(&mut self, object: &JsonObject<'_>) -> Result<(), AwsError> {
        let rejected = |message: &'static str| Err(AwsError::new(Code::ValidationError, message));
        match object.members() {
            [] => rejected(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
            ),
            [only] => {
                let shape = datatype(&only.name)
                    .ok_or_else(|| AwsError::unsupported_parameter(&only.name))?;
                self.value(&only.value, shape)
            }
            _ => rejected(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
            ),
        }
    }

    fn inside(
        &mut self,
        name: &str,
        value: &Json<'_>,
        shape: &'static Shape,
    ) -> Result<(), AwsError> {
        self.path.push(name.to_owned());
        self.value(value, shape)?;
        self.path.pop();
        Ok(())
    }

    /// Adds a problem. Fails once there are enough of them.
    fn problem(&mut self, value: &str, constraint: &str) -> Result<(), AwsError> {
        let at = self.path.join(".");
        self.problems.push(format!(
            "{value} at '{at}' failed to satisfy constraint: {constraint}"
        ));
        if self.problems.len() < MAX_PROBLEMS {
            Ok(())
        } else {
            Err(AwsError::validation(&self.problems))
        }
    }
}

/// Whether a value says no everywhere.
fn asks_for_nothing(value: &Json<'_>) -> bool {
    match &value.kind {
        JsonKind::Null => true,
        JsonKind::Bool(wanted) => !wanted,
        JsonKind::Number(_) => is_no_limit(value),
        JsonKind::Object(object) => {
            let mut members = object.members().iter();
            members.all(|member| asks_for_nothing(&member.value))
        }
        JsonKind::Array(_) | JsonKind::String(_) => false,
    }
}

/// Whether a limit stands for none.
pub(super) fn is_no_limit(value: &Json<'_>) -> bool {
    value.as_i64() == Some(-1)
}

/// The value of a member, unless it is null.
pub(super) fn present<'v, 'a>(object: &'v JsonObject<'a>, name: &str) -> Option<&'v Json<'a>> {
    object
        .get(name)
        .filter(|value| value.kind != JsonKind::Null)
}

fn table(text: &str) -> Result<TableRef, AwsError> {
    TableRef::parse(text).map_err(|error| AwsError::new(Code::ValidationError, error.to_string()))
}

fn text<'v>(value: &'v Json<'_>) -> Result<&'v str, AwsError> {
    value.as_str().ok_or_else(|| converted(value, "String"))
}

fn object<'v, 'a>(value: &'v Json<'a>) -> Result<&'v JsonObject<'a>, AwsError> {
    value.as_object().ok_or_else(|| unexpected(value))
}

/// The service's error for a value of another type.
fn converted(value: &Json<'_>, expected: &str) -> AwsError {
    let found = match &value.kind {
        JsonKind::Null => "NULL_VALUE",
        JsonKind::Bool(true) => "TRUE_VALUE",
        JsonKind::Bool(false) => "FALSE_VALUE",
        JsonKind::Number(number) if number.text().contains(['.', 'e', 'E']) => "DECIMAL_VALUE",
        JsonKind::Number(_) => "NUMBER_VALUE",
        JsonKind::String(_) => "STRING_VALUE",
        JsonKind::Array(_) => {
            let message = format!("Unrecognized collection type class java.lang.{expected}");
            return AwsError::new(Code::MalformedInput, message);
        }
        JsonKind::Object(_) => return unexpected(value),
    };
    AwsError::new(
        Code::MalformedInput,
        format!("{found} cannot be converted to {expected}"),
    )
}

fn unexpected(value: &Json<'_>) -> AwsError {
    let message = match value.kind {
        JsonKind::Object(_) => "Start of structure or map found where not expected",
        JsonKind::Array(_) => "Start of list found where not expected",
        JsonKind::Null | JsonKind::Bool(_) | JsonKind::Number(_) | JsonKind::String(_) => {
            "Unexpected field type"
        }
    };
    AwsError::new(Code::MalformedInput, message)
}

/// A member's name in errors.
pub(super) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_ascii_lowercase(), chars.as_str())
    })
}
