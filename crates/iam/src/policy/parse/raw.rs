//! Parses the syntax of a document: its elements and their JSON types, not their meaning.

use std::borrow::Cow;

use bowline_json::{Json, JsonKind, JsonMember, JsonObject, JsonProblem};

use crate::{
    condition::Operator,
    policy::{
        error::{PolicyError, PolicyProblem},
        kind::DOCUMENT_LIMITS,
    },
};

/// A document, parsed but not checked.
pub(super) struct Document<'v> {
    pub(super) version: Option<&'v str>,
    pub(super) statements: Vec<RawStatement<'v>>,
}

/// A statement, parsed but not checked.
pub(super) struct RawStatement<'v> {
    /// The byte at which it begins.
    pub(super) at: usize,
    pub(super) sid: Option<Text<'v>>,
    pub(super) effect: Text<'v>,
    pub(super) principal: Option<RawPrincipal<'v>>,
    pub(super) actions: Texts<'v>,
    pub(super) resources: Option<Texts<'v>>,
    pub(super) conditions: Vec<RawCondition<'v>>,
}

/// A text and the byte at which it begins.
#[derive(Clone, Copy)]
pub(super) struct Text<'v> {
    pub(super) value: &'v str,
    pub(super) at: usize,
}

/// An element with a text or a list of texts, or its `Not` form.
pub(super) struct Texts<'v> {
    pub(super) at: usize,
    pub(super) negated: bool,
    pub(super) values: Vec<Text<'v>>,
}

/// `Principal` or `NotPrincipal`.
pub(super) struct RawPrincipal<'v> {
    pub(super) at: usize,
    pub(super) negated: bool,
    pub(super) named: RawNamed<'v>,
}

/// The principals of an element.
pub(super) enum RawNamed<'v> {
    /// `"*"` instead of an object.
    Star,
    /// Each kind, such as `AWS`, with its values.
    Kinds(Vec<(Text<'v>, Vec<Text<'v>>)>),
}

/// One operator and key with its values.
pub(super) struct RawCondition<'v> {
    pub(super) operator: Operator,
    pub(super) key: Text<'v>,
    pub(super) values: Vec<Cow<'v, str>>,
}

/// Parses a text as JSON.
pub(super) fn json(text: &str) -> Result<Json<'_>, PolicyError> {
    bowline_json::parse(text.as_bytes(), &DOCUMENT_LIMITS).map_err(|error| PolicyError {
        // A duplicate member is valid JSON, but two readers could take different values.
        problem: if matches!(error.problem, JsonProblem::Duplicate(_)) {
            PolicyProblem::Syntax
        } else {
            PolicyProblem::NotJson
        },
        detail: error.problem.to_string(),
        line: error.line,
        column: error.column,
    })
}

/// Parses the elements of a document.
pub(super) fn document<'v>(text: &str, value: &'v Json<'_>) -> Result<Document<'v>, PolicyError> {
    Syntax { text }.document(value)
}

/// The elements of a document.
const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
/// The elements of a statement.
const STATEMENT: [&str; 10] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    // Rejected with a hint: an annotation of some published examples.
    "__doc_comment",
];

struct Syntax<'t> {
    text: &'t str,
}

impl Syntax<'_> {
    fn error(&self, at: usize, detail: impl Into<String>) -> PolicyError {
        PolicyError::at(self.text, at, PolicyProblem::Syntax, detail)
    }

    fn document<'v>(&self, value: &'v Json<'_>) -> Result<Document<'v>, PolicyError> {
        let object = self.object(value, "a policy is")?;
        self.known(object, "a policy", &DOCUMENT)?;
        let version = match object.get("Version") {
            None => None,
            Some(version) => {
                let text = self.text(version, "`Version` is")?;
                if !matches!(text.value, "2012-10-17" | "2008-10-17") {
                    let detail = format!(
                        "the version `{}` is neither `2012-10-17` nor `2008-10-17`",
                        text.value
                    );
                    return Err(self.error(text.at, detail));
                }
                Some(text.value)
            }
        };
        if let Some(id) = object.get("Id") {
            self.text(id, "`Id` is")?;
        }
        let statement = object
            .get("Statement")
            .ok_or_else(|| self.error(value.span.start, "the policy has no `Statement`"))?;
        let statements = match &statement.kind {
            JsonKind::Array(items) if items.is_empty() => {
                return Err(self.error(statement.span.start, "the policy has no statements"));
            }
            JsonKind::Array(items) => items.iter().map(|item| self.statement(item)).collect(),
            JsonKind::Object(_) => self.statement(statement).map(|only| vec![only]),
            JsonKind::Null | JsonKind::Bool(_) | JsonKind::Number(_) | JsonKind::String(_) => {
                Err(self.error(
                    statement.span.start,
                    "`Statement` is neither an object nor a list",
                ))
            }
        };
        Ok(Document {
            version,
            statements: statements?,
        })
    }

    fn statement<'v>(&self, value: &'v Json<'_>) -> Result<RawStatement<'v>, PolicyError> {
        let object = self.object(value, "a statement is")?;
        self.known(object, "a statement", &STATEMENT)?;
        let at = value.span.start;
        let effect = object
            .get("Effect")
            .ok_or_else(|| self.error(at, "the statement has no `Effect`"))?;
        let conditions = match object.get("Condition") {
            None => Vec::new(),
            Some(conditions) => self.conditions(conditions)?,
        };
        let actions = self.either(object, "Action", "NotAction")?;
        Ok(RawStatement {
            at,
            sid: match object.get("Sid") {
                None => None,
                Some(sid) => Some(self.text(sid, "`Sid` is")?),
            },
            effect: self.text(effect, "`Effect` is")?,
            principal: self.principal(object)?,
            actions: actions.unwrap_or(Texts {
                at,
                negated: false,
                values: Vec::new(),
            }),
            resources: self.either(object, "Resource", "NotResource")?,
            conditions,
        })
    }

    /// An element and its `Not` form, which exclude each other.
    fn either<'v>(
        &self,
        object: &'v JsonObject<'_>,
        name: &str,
        negation: &str,
    ) -> Result<Option<Texts<'v>>, PolicyError> {
        let (value, negated) = match (object.get(name), object.get(negation)) {
            (None, None) => return Ok(None),
            (Some(value), None) => (value, false),
            (None, Some(value)) => (value, true),
            (Some(_), Some(value)) => {
                let detail = format!("a statement has either `{name}` or `{negation}`");
                return Err(self.error(value.span.start, detail));
            }
        };
        Ok(Some(Texts {
            at: value.span.start,
            negated,
            values: self.texts(value, name)?,
        }))
    }

    fn principal<'v>(
        &self,
        object: &'v JsonObject<'_>,
    ) -> Result<Option<RawPrincipal<'v>>, PolicyError> {
        let (value, negated) = match (object.get("Principal"), object.get("NotPrincipal")) {
            (None, None) => return Ok(None),
            (Some(value), None) => (value, false),
            (None, Some(value)) => (value, true),
            (Some(_), Some(value)) => {
                let detail = "a statement has either `Principal` or `NotPrincipal`";
                return Err(self.error(value.span.start, detail));
            }
        };
        let named = match value.as_str() {
            Some("*") => RawNamed::Star,
            Some(other) => {
                let detail = format!(
                    "the principal `{other}` is neither `*` nor an object such as `{{\"AWS\": ...}}`"
                );
                return Err(self.error(value.span.start, detail));
            }
            None => {
                let kinds = self.object(value, "`Principal` is")?.members();
                if kinds.is_empty() {
                    return Err(self.error(value.span.start, "`Principal` names no principal"));
                }
                let read = |member: &'v JsonMember<'_>| {
                    let kind = Text {
                        value: &member.name,
                        at: member.name_span.start,
                    };
                    Ok((kind, self.texts(&member.value, &member.name)?))
                };
                RawNamed::Kinds(kinds.iter().map(read).collect::<Result<_, _>>()?)
            }
        };
        Ok(Some(RawPrincipal {
            at: value.span.start,
            negated,
            named,
        }))
    }

    fn conditions<'v>(&self, value: &'v Json<'_>) -> Result<Vec<RawCondition<'v>>, PolicyError> {
        let mut conditions = Vec::new();
        for operator in self.object(value, "`Condition` is")?.members() {
            let at = operator.name_span.start;
            let read =
                Operator::parse(&operator.name).map_err(|e| self.error(at, e.to_string()))?;
            let keys = self
                .object(&operator.value, &format!("`{}` is", operator.name))?
                .members();
            for (number, member) in keys.iter().enumerate() {
                let key = Text {
                    value: &member.name,
                    at: member.name_span.start,
                };
                let mut before = keys.iter().take(number);
                if before.any(|earlier| earlier.name.eq_ignore_ascii_case(key.value)) {
                    let detail = format!("the key `{}` is duplicated: keys ignore case", key.value);
                    return Err(self.error(key.at, detail));
                }
                if !key.value.contains(':') {
                    let detail = format!(
                        "the condition key `{}` has no prefix such as `aws:`",
                        key.value
                    );
                    return Err(PolicyError::at(
                        self.text,
                        key.at,
                        PolicyProblem::NoVendor,
                        detail,
                    ));
                }
                conditions.push(RawCondition {
                    operator: read.clone(),
                    key,
                    values: self.values(&member.value, &member.name)?,
                });
            }
        }
        Ok(conditions)
    }

    /// The values of a condition, which can be numbers and truth values without quotes.
    fn values<'v>(&self, value: &'v Json<'_>, key: &str) -> Result<Vec<Cow<'v, str>>, PolicyError> {
        let one = |value: &'v Json<'_>| match &value.kind {
            JsonKind::String(text) => Ok(Cow::Borrowed(&**text)),
            JsonKind::Number(number) => Ok(Cow::Owned(number.text().to_owned())),
            JsonKind::Bool(truth) => Ok(Cow::Borrowed(if *truth { "true" } else { "false" })),
            JsonKind::Null | JsonKind::Array(_) | JsonKind::Object(_) => {
                let detail =
                    format!("a value of `{key}` is neither a text nor a number nor a truth value");
                Err(self.error(value.span.start, detail))
            }
        };
        match &value.kind {
            JsonKind::Array(items) => items.iter().map(one).collect(),
            JsonKind::Null
            | JsonKind::Bool(_)
            | JsonKind::Number(_)
            | JsonKind::String(_)
            | JsonKind::Object(_) => one(value).map(|only| vec![only]),
        }
    }

    /// A text, or a list of texts.
    fn texts<'v>(&self, value: &'v Json<'_>, name: &str) -> Result<Vec<Text<'v>>, PolicyError> {
        match &value.kind {
            JsonKind::Array(items) => {
                let what = format!("each of `{name}` is");
                items.iter().map(|item| self.text(item, &what)).collect()
            }
            JsonKind::Null
            | JsonKind::Bool(_)
            | JsonKind::Number(_)
            | JsonKind::String(_)
            | JsonKind::Object(_) => self
                .text(value, &format!("`{name}` is"))
                .map(|only| vec![only]),
        }
    }

    fn text<'v>(&self, value: &'v Json<'_>, what: &str) -> Result<Text<'v>, PolicyError> {
        let at = value.span.start;
        match value.as_str() {
            Some(value) => Ok(Text { value, at }),
            None => Err(self.error(at, format!("{what} not a text"))),
        }
    }

    fn object<'v, 'a>(
        &self,
        value: &'v Json<'a>,
        what: &str,
    ) -> Result<&'v JsonObject<'a>, PolicyError> {
        let no_object = || self.error(value.span.start, format!("{what} not an object"));
        value.as_object().ok_or_else(no_object)
    }

    fn known(
        &self,
        object: &JsonObject<'_>,
        what: &str,
        names: &[&str],
    ) -> Result<(), PolicyError> {
        let unknown = |member: &&JsonMember<'_>| {
            !names.contains(&&*member.name) || &*member.name == "__doc_comment"
        };
        match object.members().iter().find(unknown) {
            None => Ok(()),
            Some(member) if &*member.name == "__doc_comment" => Err(self.error(
                member.name_span.start,
                "remove `__doc_comment`: policies have no comments",
            )),
            Some(member) => {
                let near = names
                    .iter()
                    .find(|name| name.eq_ignore_ascii_case(&member.name));
                let hint = near.map_or(String::new(), |name| format!("; it is written `{name}`"));
                let detail = format!("{what} has no element `{}`{hint}", member.name);
                Err(self.error(member.name_span.start, detail))
            }
        }
    }
}
