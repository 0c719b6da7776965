//! Parses the syntax of a document: its elements and their JSON types, not their meaning.

use std::collections::HashSet;

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
    /// Operators with their keys.
    conditions: &'v [JsonMember<'v>],
}

/// A text and the byte at which it begins.
#[derive(Clone, Copy)]
pub(super) struct Text<'v> {
    pub(super) value: &'v str,
    pub(super) at: usize,
}

/// An element with a text or a list of texts, or its `Not` form.
#[derive(Clone, Copy)]
pub(super) struct Texts<'v> {
    pub(super) at: usize,
    pub(super) negated: bool,
    /// Strings.
    values: &'v [Json<'v>],
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
    Kinds(Vec<(Text<'v>, Texts<'v>)>),
}

/// One operator and key with its values.
pub(super) struct RawCondition<'v> {
    pub(super) operator: Operator,
    pub(super) key: Text<'v>,
    values: &'v [Json<'v>],
}

impl<'v> RawStatement<'v> {
    pub(super) fn conditions(&self) -> impl Iterator<Item = RawCondition<'v>> {
        self.conditions.iter().flat_map(|member| {
            // The operators were checked.
            let operator = Operator::parse(&member.name).ok();
            let keys = member
                .value
                .as_object()
                .map_or(&[][..], JsonObject::members);
            operator.into_iter().flat_map(move |operator| {
                keys.iter().map(move |key| RawCondition {
                    operator,
                    key: Text {
                        value: &key.name,
                        at: key.name_span.start,
                    },
                    values: one_or_more(&key.value),
                })
            })
        })
    }
}

impl<'v> RawCondition<'v> {
    pub(super) fn values(&self) -> impl Iterator<Item = &'v str> {
        self.values.iter().filter_map(condition_value)
    }
}

impl<'v> Texts<'v> {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Text<'v>> + use<'v> {
        self.values.iter().filter_map(|json| {
            Some(Text {
                value: json.as_str()?,
                at: json.span.start,
            })
        })
    }
}

/// The items of a list, or the one value that stands for a list of one.
fn one_or_more<'v, 'a>(value: &'v Json<'a>) -> &'v [Json<'a>] {
    value.as_array().unwrap_or(std::slice::from_ref(value))
}

/// A value of a condition, which can be a number or a truth value without quotes.
fn condition_value<'v>(value: &'v Json<'_>) -> Option<&'v str> {
    match &value.kind {
        JsonKind::String(text) => Some(text),
        JsonKind::Number(number) => Some(number.text()),
        JsonKind::Bool(true) => Some("true"),
        JsonKind::Bool(false) => Some("false"),
        JsonKind::Null | JsonKind::Array(_) | JsonKind::Object(_) => None,
    }
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
pub(super) fn document<'v>(text: &str, value: &'v Json<'v>) -> Result<Document<'v>, PolicyError> {
    Syntax { text }.document(value)
}

/// The most keys of an operator that are compared pair by pair.
const MAX_KEYS_UNSORTED: usize = 16;
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

    fn document<'v>(&self, value: &'v Json<'v>) -> Result<Document<'v>, PolicyError> {
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

    fn statement<'v>(&self, value: &'v Json<'v>) -> Result<RawStatement<'v>, PolicyError> {
        let object = self.object(value, "a statement is")?;
        self.known(object, "a statement", &STATEMENT)?;
        let at = value.span.start;
        let effect = object
            .get("Effect")
            .ok_or_else(|| self.error(at, "the statement has no `Effect`"))?;
        let conditions = match object.get("Condition") {
            None => &[],
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
                values: &[],
            }),
            resources: self.either(object, "Resource", "NotResource")?,
            conditions,
        })
    }

    /// An element and its `Not` form, which exclude each other.
    fn either<'v>(
        &self,
        object: &'v JsonObject<'v>,
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
        object: &'v JsonObject<'v>,
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
                let read = |member: &'v JsonMember<'v>| {
                    let kind = Text {
                        value: &member.name,
                        at: member.name_span.start,
                    };
                    let texts = Texts {
                        at: member.value.span.start,
                        negated: false,
                        values: self.texts(&member.value, &member.name)?,
                    };
                    Ok((kind, texts))
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

    /// Checks operators, keys and the types of values.
    fn conditions<'v>(&self, value: &'v Json<'v>) -> Result<&'v [JsonMember<'v>], PolicyError> {
        let operators = self.object(value, "`Condition` is")?.members();
        for operator in operators {
            let at = operator.name_span.start;
            Operator::parse(&operator.name).map_err(|e| self.error(at, e.to_string()))?;
            let keys = match operator.value.as_object() {
                Some(keys) => keys.members(),
                None => self
                    .object(&operator.value, &format!("`{}` is", operator.name))?
                    .members(),
            };
            let mut seen = HashSet::new();
            for (number, member) in keys.iter().enumerate() {
                let (key, at) = (&*member.name, member.name_span.start);
                let mut before = keys.iter().take(number);
                let is_duplicate = if keys.len() > MAX_KEYS_UNSORTED {
                    !seen.insert(key.to_ascii_lowercase())
                } else {
                    before.any(|earlier| earlier.name.eq_ignore_ascii_case(key))
                };
                if is_duplicate {
                    let detail = format!("the key `{key}` is duplicated: keys ignore case");
                    return Err(self.error(at, detail));
                }
                let mut values = one_or_more(&member.value).iter();
                if let Some(other) = values.find(|value| condition_value(value).is_none()) {
                    let detail = format!(
                        "a value of `{key}` is neither a text nor a number nor a truth value"
                    );
                    return Err(self.error(other.span.start, detail));
                }
            }
        }
        Ok(operators)
    }

    /// A text, or a list of texts.
    fn texts<'v>(&self, value: &'v Json<'v>, name: &str) -> Result<&'v [Json<'v>], PolicyError> {
        let texts = one_or_more(value);
        match texts.iter().find(|text| text.as_str().is_none()) {
            None => Ok(texts),
            Some(other) => {
                let each = if value.as_array().is_some() {
                    "each of "
                } else {
                    ""
                };
                let detail = format!("{each}`{name}` is not a text");
                Err(self.error(other.span.start, detail))
            }
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
