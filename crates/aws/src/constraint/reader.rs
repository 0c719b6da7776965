//! Reads parameters into typed members and collects all problems.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{InvalidRequest, Secret, message, rule::Rule};
use crate::query::{Params, ParamsError, Scope};

/// Parameters that belong to the protocol and not to an operation.
const PROTOCOL: [&str; 2] = ["Action", "Version"];

/// Reads an operation's input. A parameter that the operation does not have is refused.
pub(crate) fn parse<T: Structure>(params: &Params) -> Result<T, InvalidRequest> {
    let mut reader = Reader::default();
    let input = T::read(&mut reader, &params.root());
    if let Some(error) = reader.unreadable {
        return Err(error.into());
    }
    let unknown = params.unconsumed().find(|name| !PROTOCOL.contains(name));
    match (input, unknown) {
        (Some(input), None) if reader.problems.is_empty() => Ok(input),
        (_, Some(name)) if reader.problems.is_empty() => {
            Err(InvalidRequest::UnknownParameter(name.to_owned()))
        }
        _ => Err(InvalidRequest::Constraints(reader.problems)),
    }
}

/// The problems of a request, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    unreadable: Option<ParamsError>,
    problems: Vec<String>,
}

impl Reader {
    /// A required member. `None`: a problem was recorded.
    pub(crate) fn required<V: ParameterValue>(
        &mut self,
        at: &Scope<'_>,
        member: &'static str,
        rule: &'static Rule,
    ) -> Option<V> {
        let parameter = ParameterRef {
            at,
            member: Some(member),
        };
        match V::read(self, &parameter, rule) {
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                self.problems.push(message::of_absence(&parameter.path()));
                None
            }
            Err(ProblemRecorded) => None,
        }
    }

    /// An optional member. The outer `None`: a problem was recorded.
    #[expect(
        clippy::option_option,
        reason = "the outer one is a problem, the inner one is absence"
    )]
    pub(crate) fn optional<V: ParameterValue>(
        &mut self,
        at: &Scope<'_>,
        member: &'static str,
        rule: &'static Rule,
    ) -> Option<Option<V>> {
        let parameter = ParameterRef {
            at,
            member: Some(member),
        };
        V::read(self, &parameter, rule).ok()
    }

    fn record<T>(&mut self, read: Result<T, ParamsError>) -> Result<T, ProblemRecorded> {
        read.map_err(|error| {
            self.unreadable.get_or_insert(error);
            ProblemRecorded
        })
    }

    /// Checks a text. Messages are built only for a text that breaks its rule.
    fn check_text(
        &mut self,
        rule: &Rule,
        parameter: &ParameterRef<'_, '_>,
        text: &str,
    ) -> Result<(), ProblemRecorded> {
        if rule.admits(text) {
            return Ok(());
        }
        self.check(|problems| message::of_text(rule, &parameter.path(), text, problems))
    }

    /// Runs a check. It is an error if the check adds problems.
    fn check(&mut self, check: impl FnOnce(&mut Vec<String>)) -> Result<(), ProblemRecorded> {
        let before = self.problems.len();
        check(&mut self.problems);
        if self.problems.len() == before {
            Ok(())
        } else {
            Err(ProblemRecorded)
        }
    }
}

/// A structure of the model, or an operation's whole input.
pub(crate) trait Structure: Sized {
    /// Reads the members. `None`: a problem was recorded.
    fn read(reader: &mut Reader, at: &Scope<'_>) -> Option<Self>;
}

/// A value could not be read, and the problem is recorded.
#[derive(Debug)]
pub(crate) struct ProblemRecorded;

/// A parameter: a member of a level, or the level itself, as in a list of texts.
#[derive(Debug)]
pub(crate) struct ParameterRef<'a, 's> {
    at: &'a Scope<'s>,
    member: Option<&'static str>,
}

impl<'s> ParameterRef<'_, 's> {
    fn text(&self) -> Option<&'s str> {
        match self.member {
            Some(member) => self.at.text(member),
            None => self.at.value(),
        }
    }

    /// The parameter's name in AWS's messages.
    fn path(&self) -> String {
        message::path(&self.member.map_or_else(
            || self.at.path().to_owned(),
            |member| self.at.name_of(member),
        ))
    }
}

/// The type of a member.
pub(crate) trait ParameterValue: Sized {
    /// Reads and checks the parameter. `None`: it is absent.
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        rule: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded>;
}

impl ParameterValue for String {
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        rule: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded> {
        let text = parameter.text();
        if let Some(text) = text {
            reader.check_text(rule, parameter, text)?;
        }
        Ok(text.map(str::to_owned))
    }
}

impl ParameterValue for Secret {
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        rule: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded> {
        let text = parameter.text();
        if let Some(text) = text {
            reader.check_text(rule, parameter, text)?;
        }
        Ok(text.map(Self::new))
    }
}

impl ParameterValue for i32 {
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        rule: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded> {
        let Some(member) = parameter.member else {
            return Ok(None);
        };
        let number = parameter.at.integer(member);
        let Some(number) = reader.record(number)? else {
            return Ok(None);
        };
        reader.check(|problems| message::of_number(rule, &parameter.path(), number, problems))?;
        let narrow = Self::try_from(number).map_err(|_| ParamsError::BadValue {
            name: parameter.at.name_of(member),
            value: number.to_string(),
            expected: "an integer of 32 bits",
        });
        reader.record(narrow).map(Some)
    }
}

impl ParameterValue for bool {
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        _: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded> {
        let value = parameter.member.map(|member| parameter.at.boolean(member));
        reader.record(value.transpose()).map(Option::flatten)
    }
}

impl ParameterValue for Timestamp {
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        _: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded> {
        let value = parameter
            .member
            .map(|member| parameter.at.timestamp(member));
        reader.record(value.transpose()).map(Option::flatten)
    }
}

impl<V: ParameterValue> ParameterValue for Vec<V> {
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        rule: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded> {
        let list = parameter.member.map(|member| parameter.at.list(member));
        let Some(levels) = reader.record(list.transpose())?.flatten() else {
            return Ok(None);
        };
        reader.check(|problems| {
            message::of_length(rule, &parameter.path(), levels.len(), problems);
        })?;
        let mut out = Some(Self::with_capacity(levels.len()));
        for level in &levels {
            let item = V::read(
                reader,
                &ParameterRef {
                    at: level,
                    member: None,
                },
                rule.member.unwrap_or(&Rule::ANY),
            );
            match (item.ok().flatten(), &mut out) {
                (Some(item), Some(out)) => out.push(item),
                // A member that cannot be read makes the list unreadable. The other members are
                // still checked.
                (_, out) => *out = None,
            }
        }
        out.map(Some).ok_or(ProblemRecorded)
    }
}

impl<V: ParameterValue> ParameterValue for BTreeMap<String, V> {
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        rule: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded> {
        let map = parameter.member.map(|member| parameter.at.map(member));
        let Some(entries) = reader.record(map.transpose())?.flatten() else {
            return Ok(None);
        };
        reader.check(|problems| {
            message::of_length(rule, &parameter.path(), entries.len(), problems);
        })?;
        let mut out = Self::new();
        for (key, level) in &entries {
            let inner = ParameterRef {
                at: level,
                member: None,
            };
            reader.check(|problems| {
                message::of_text(rule.key.unwrap_or(&Rule::ANY), &inner.path(), key, problems);
            })?;
            match V::read(reader, &inner, rule.member.unwrap_or(&Rule::ANY))? {
                Some(value) => drop(out.insert((*key).to_owned(), value)),
                None => reader.problems.push(message::of_absence(&inner.path())),
            }
        }
        Ok(Some(out))
    }
}

impl<S: Structure> ParameterValue for S {
    fn read(
        reader: &mut Reader,
        parameter: &ParameterRef<'_, '_>,
        _: &'static Rule,
    ) -> Result<Option<Self>, ProblemRecorded> {
        let Some(member) = parameter.member else {
            return S::read(reader, parameter.at)
                .map(Some)
                .ok_or(ProblemRecorded);
        };
        match parameter.at.structure(member) {
            Some(level) => S::read(reader, &level).map(Some).ok_or(ProblemRecorded),
            None => Ok(None),
        }
    }
}
