//! The members of a request, each read strictly: an unknown member is refused, not dropped.

use bowline_json::{Json, JsonKind, JsonObject};

use super::error::OperatorError;

/// The members of a request's object.
#[derive(Debug)]
pub(super) struct Members<'a>(&'a JsonObject<'a>);

impl<'a> Members<'a> {
    pub(super) fn of(value: &'a Json<'a>) -> Result<Self, OperatorError> {
        let object = value.as_object();
        object
            .map(Self)
            .ok_or_else(|| invalid("The request body is not a JSON object"))
    }

    /// Refuses members other than these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), OperatorError> {
        let mut names = self.0.members().iter().map(|member| &*member.name);
        match names.find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => Err(invalid(&format!(
                "The request has no member {}; it has {}",
                name.escape_debug(),
                known.join(", ")
            ))),
        }
    }

    /// Whether it has one of these members.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.get(name).is_some())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, OperatorError> {
        match self.0.get(name).map(|value| &value.kind) {
            None => Ok(None),
            Some(JsonKind::String(text)) => Ok(Some(text.clone().into_owned())),
            Some(_) => Err(invalid(&format!("{name} is not a text"))),
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<String, OperatorError> {
        let text = self.text(name)?;
        text.ok_or_else(|| invalid(&format!("{name} is missing")))
    }

    pub(super) fn required_integer(&self, name: &str) -> Result<i64, OperatorError> {
        let number = self.integer(name)?;
        number.ok_or_else(|| invalid(&format!("{name} is missing")))
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, OperatorError> {
        let number = self.0.get(name).map(|value| {
            let number = value.as_i64();
            number.ok_or_else(|| invalid(&format!("{name} is not an integer")))
        });
        number.transpose()
    }

    /// False if it is absent.
    pub(super) fn boolean(&self, name: &str) -> Result<bool, OperatorError> {
        match self.0.get(name).map(|value| &value.kind) {
            None => Ok(false),
            Some(JsonKind::Bool(value)) => Ok(*value),
            Some(_) => Err(invalid(&format!("{name} is not true or false"))),
        }
    }
}

pub(super) fn invalid(message: &str) -> OperatorError {
    OperatorError::InvalidInput(message.to_owned())
}
