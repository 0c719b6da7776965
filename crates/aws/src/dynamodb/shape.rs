//! What a body may hold: shapes of the service's model, checked against what was read.
//!
//! Types and members are checked here, the texts that come from a list of choices, since policies ask about those, and how deep an
//! expression nests. Other lengths and ranges are the store's to check: nothing is decided by them.

use std::collections::HashSet;

use bowline_json::{Json, JsonKind, JsonObject};

use super::{
    expression::{Names, limits},
    table::{TableName, TableRef},
};
use crate::error::{AwsError, Code};

/// A shape of the model.
#[derive(Debug)]
pub(super) enum Shape {
    /// The value of an attribute, which holds others.
    AttributeValue,
    /// `true` or `false`.
    Bool,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// An expression, which speaks of attributes.
    Expression,
    /// A whole number.
    Integer,
    /// Any number of one shape.
    List(&'static Self),
    /// Names, each with one of a shape.
    Map(&'static Self),
    /// A member that nobody here honours.
    NotHonoured,
    /// Members, each with its own shape.
    Structure(&'static [Member]),
    /// The name or ARN of a table that the operation is about.
    Table,
    /// Such names and ARNs, each with one of a shape.
    Tables(&'static Self),
    /// A text.
    Text,
}

/// A member of a structure.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: &'static Shape,
    pub(super) required: bool,
}

/// What an attribute's value may be, one of them at a time.
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

/// Most problems that a request is told of.
const MAX_PROBLEMS: usize = 10;

/// Where a value stands, and what is wrong with those before it.
#[derive(Debug, Default)]
pub(super) struct Checker {
    path: Vec<String>,
    problems: Vec<String>,
}

impl Checker {
    /// Checks a whole body.
    ///
    /// # Errors
    /// `SerializationException` for another type, `ValidationException` for what else is wrong.
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
                    // The name and the ARN of one table would be one after they became names.
                    if !seen.insert(name.clone()) {
                        let message = format!("The table {name} is named more than once");
                        return Err(AwsError::new(Code::ValidationError, message));
                    }
                }
                self.entries(object, of)
            }
            // Told by its name where it is a member.
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
            // A member that is null is as good as absent.
            if entry.value.kind != JsonKind::Null {
                if matches!(known.shape, Shape::NotHonoured) {
                    return Err(AwsError::unsupported_parameter(known.name));
                }
                self.inside(&lower_first(known.name), &entry.value, known.shape)?;
                if matches!(known.shape, Shape::Expression) {
                    let expression = text(&entry.value)?;
                    limits::check(known.name, expression)?;
                    if known.name == "UpdateExpression" {
                        let names = present(object, "ExpressionAttributeNames");
                        let names = names.and_then(Json::as_object);
                        let names = names.map(Names::new).unwrap_or_default();
                        limits::check_copies(expression, &names)?;
                    }
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
        let refused = |message: &'static str| Err(AwsError::new(Code::ValidationError, message));
        match object.members() {
            [] => refused(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
            ),
            [only] => {
                let shape = datatype(&only.name)
                    .ok_or_else(|| AwsError::unsupported_parameter(&only.name))?;
                self.value(&only.value, shape)
            }
            _ => refused(
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

    /// Takes down a problem, and stops at the last of those that are told.
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

/// What the service says of a value of another type.
fn converted(value: &Json<'_>, wanted: &str) -> AwsError {
    let found = match &value.kind {
        JsonKind::Null => "NULL_VALUE",
        JsonKind::Bool(true) => "TRUE_VALUE",
        JsonKind::Bool(false) => "FALSE_VALUE",
        JsonKind::Number(number) if number.text().contains(['.', 'e', 'E']) => "DECIMAL_VALUE",
        JsonKind::Number(_) => "NUMBER_VALUE",
        JsonKind::String(_) => "STRING_VALUE",
        JsonKind::Array(_) => {
            let message = format!("Unrecognized collection type class java.lang.{wanted}");
            return AwsError::new(Code::MalformedInput, message);
        }
        JsonKind::Object(_) => return unexpected(value),
    };
    AwsError::new(
        Code::MalformedInput,
        format!("{found} cannot be converted to {wanted}"),
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

/// A member's name as errors have it.
pub(super) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_ascii_lowercase(), chars.as_str())
    })
}
