//! Members of a request, each read strictly: one that is unknown is refused, not dropped.

use bowline_aws::error::{AwsError, Code};
use bowline_json::{Json, JsonKind, JsonObject};

/// The members of a request's object.
#[derive(Debug)]
pub(super) struct Members<'a>(&'a JsonObject<'a>);

impl<'a> Members<'a> {
    pub(super) fn of(value: &'a Json<'a>) -> Result<Self, AwsError> {
        let object = value.as_object();
        object
            .map(Self)
            .ok_or_else(|| invalid("The request body is not a JSON object"))
    }

    /// Refuses members other than these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), AwsError> {
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

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, AwsError> {
        match self.0.get(name).map(|value| &value.kind) {
            None => Ok(None),
            Some(JsonKind::String(text)) => Ok(Some(text.clone().into_owned())),
            Some(_) => Err(invalid(&format!("{name} is not a text"))),
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<String, AwsError> {
        let text = self.text(name)?;
        text.ok_or_else(|| invalid(&format!("{name} is missing")))
    }

    /// False if it is absent.
    pub(super) fn boolean(&self, name: &str) -> Result<bool, AwsError> {
        match self.0.get(name).map(|value| &value.kind) {
            None => Ok(false),
            Some(JsonKind::Bool(value)) => Ok(*value),
            Some(_) => Err(invalid(&format!("{name} is not true or false"))),
        }
    }
}

pub(super) fn invalid(message: &str) -> AwsError {
    AwsError::new(Code::ValidationError, message.to_owned())
}
