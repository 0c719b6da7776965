//! Parses a document into statements, checking in IAM's order: first the syntax of the whole
//! document, then one rule after another over all statements.

mod principal;
mod raw;
mod resource;
mod source;

use std::collections::HashSet;

use crate::{
    action::{ActionPattern, ActionPatternError},
    condition::{ConditionError, parse_values},
    context::Fingerprint,
    effect::Effect,
    pattern::{PatternSpan, Variables, Wildcards},
    policy::{
        error::{PolicyError, PolicyProblem},
        kind::PolicyKind,
    },
    policy_principal::Principals,
    statement::{self, ListRange, Statement, Statements, TextSpan},
};
use raw::{RawStatement, Text};
pub(super) use source::Rules;
use source::Source;

/// The actions that a trust policy can name. AWS's message lists three; AWS accepts the others too.
const TRUST_ACTIONS: [&str; 6] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "sts:SetContext",
];

pub(super) fn parse(text: &str, kind: PolicyKind, rules: Rules) -> Result<Statements, PolicyError> {
    let value = raw::json(text)?;
    let document = raw::document(text, &value)?;
    let source = Source {
        text,
        kind,
        rules,
        variables: if document.version == Some("2012-10-17") {
            Variables::Expand
        } else {
            Variables::Literal
        },
    };
    if kind == PolicyKind::Managed && document.version != Some("2012-10-17") {
        let detail = "a managed policy has to have `\"Version\": \"2012-10-17\"`";
        return Err(PolicyError::at(text, 0, PolicyProblem::Version, detail));
    }
    let raw = &document.statements;
    let mut parts = Parts {
        list: source.effects(raw)?,
        text: String::with_capacity(text.len() / 2),
        patterns: Vec::with_capacity(4 * raw.len()),
        conditions: Vec::new(),
        principals: Vec::new(),
    };
    source.conditions(raw, &mut parts)?;
    let resource_problem = source.check_resources(raw)?;
    source.check_sids(raw, &mut parts)?;
    source.check_principals(raw)?;
    source.check_actions_exist(raw)?;
    source.check_resources_exist(raw)?;
    if let Some(problem) = resource_problem {
        return Err(problem);
    }
    source.resources(raw, &mut parts)?;
    source.actions(raw, &mut parts)?;
    source.principals(raw, &mut parts)?;
    Ok(Statements {
        text: parts.text.into(),
        list: parts.list.into(),
        patterns: parts.patterns.into(),
        conditions: parts.conditions.into(),
        principals: parts.principals.into(),
    })
}

/// The statements so far.
struct Parts {
    list: Vec<Statement>,
    text: String,
    patterns: Vec<PatternSpan>,
    conditions: Vec<statement::Condition>,
    principals: Vec<Principals>,
}

impl Source<'_> {
    fn effects(&self, raw: &[RawStatement<'_>]) -> Result<Vec<Statement>, PolicyError> {
        let (mut counted, mut line) = (0, 1);
        let statement = |raw: &RawStatement<'_>| {
            let before = self
                .text
                .as_bytes()
                .get(counted..raw.at)
                .unwrap_or_default();
            counted = raw.at;
            line += memchr::memchr_iter(b'\n', before).count();
            let effect = match raw.effect.value {
                "Allow" => Effect::Allow,
                "Deny" => Effect::Deny,
                other => {
                    let near = ["allow", "deny"]
                        .iter()
                        .any(|e| other.eq_ignore_ascii_case(e));
                    let problem = if near {
                        PolicyProblem::LegacyParsing
                    } else {
                        PolicyProblem::Syntax
                    };
                    let detail = format!("the effect is `{other}`, not `Allow` or `Deny`");
                    return Err(self.error(raw.effect.at, problem, detail));
                }
            };
            Ok(Statement {
                sid: TextSpan::default(),
                line: u32::try_from(line).unwrap_or(u32::MAX),
                effect,
                not_actions: raw.actions.negated,
                not_resources: raw.resources.is_some_and(|resources| resources.negated),
                principals: None,
                actions: ListRange::default(),
                resources: ListRange::default(),
                conditions: ListRange::default(),
            })
        };
        raw.iter().map(statement).collect()
    }

    fn conditions(&self, raw: &[RawStatement<'_>], into: &mut Parts) -> Result<(), PolicyError> {
        for (raw, statement) in raw.iter().zip(&mut into.list) {
            let first = into.conditions.len();
            for raw in raw.conditions() {
                let first = into.patterns.len();
                let key = TextSpan::push(&mut into.text, raw.key.value);
                let read = parse_values(
                    raw.operator,
                    raw.values(),
                    self.variables,
                    &mut into.text,
                    &mut into.patterns,
                );
                read.map_err(|error| {
                    let problem = match error {
                        ConditionError::NoValues => PolicyProblem::Syntax,
                        ConditionError::Value { .. } | ConditionError::Variable { .. } => {
                            PolicyProblem::LegacyParsing
                        }
                    };
                    let detail = format!("`{}` of `{}` {error}", raw.operator, raw.key.value);
                    self.error(raw.key.at, problem, detail)
                })?;
                into.conditions.push(statement::Condition {
                    print: Fingerprint::of(raw.key.value),
                    operator: raw.operator,
                    key,
                    values: ListRange::new(first..into.patterns.len()),
                });
            }
            statement.conditions = ListRange::new(first..into.conditions.len());
        }
        Ok(())
    }

    fn check_sids(&self, raw: &[RawStatement<'_>], into: &mut Parts) -> Result<(), PolicyError> {
        let mut seen = HashSet::new();
        for (sid, statement) in raw.iter().map(|raw| raw.sid).zip(&mut into.list) {
            let Some(sid) = sid else {
                continue;
            };
            // IAM accepts letters and digits; resource policies of other services accept spaces
            // too.
            let plain = |c: char| c.is_ascii_alphanumeric() || self.kind == PolicyKind::Resource;
            if !sid.value.chars().all(plain) {
                let detail = format!(
                    "the Sid `{}` has a character other than letters and digits",
                    sid.value
                );
                return Err(self.error(sid.at, PolicyProblem::Sid, detail));
            }
            if !sid.value.is_empty() && !seen.insert(sid.value) {
                let detail = format!("the Sid `{}` is not unique", sid.value);
                return Err(self.error(sid.at, PolicyProblem::DuplicateSid, detail));
            }
            statement.sid = TextSpan::push(&mut into.text, sid.value);
        }
        Ok(())
    }

    /// Checks that a policy names principals exactly if its kind has them. `NotPrincipal` is only
    /// for a `Deny` of a resource policy.
    fn check_principals(&self, raw: &[RawStatement<'_>]) -> Result<(), PolicyError> {
        let named = matches!(self.kind, PolicyKind::Trust | PolicyKind::Resource);
        for statement in raw {
            match &statement.principal {
                None if named => {
                    let detail = "the statement names no principal";
                    return Err(self.error(statement.at, PolicyProblem::NoPrincipal, detail));
                }
                Some(principal) if !named => {
                    let detail = "a policy of a user or role names no principal: it applies to its user or role";
                    return Err(self.error(principal.at, PolicyProblem::HasPrincipal, detail));
                }
                Some(principal)
                    if principal.negated
                        && !(self.kind == PolicyKind::Resource
                            && statement.effect.value == "Deny") =>
                {
                    let detail = "`NotPrincipal` would allow every other principal; name those that you mean";
                    return Err(self.error(principal.at, PolicyProblem::Syntax, detail));
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    fn check_actions_exist(&self, raw: &[RawStatement<'_>]) -> Result<(), PolicyError> {
        let without = raw.iter().find(|statement| statement.actions.is_empty());
        without.map_or(Ok(()), |statement| {
            Err(self.error(
                statement.at,
                PolicyProblem::NoActions,
                "the statement names no action",
            ))
        })
    }

    fn check_resources_exist(&self, raw: &[RawStatement<'_>]) -> Result<(), PolicyError> {
        if self.kind == PolicyKind::Trust {
            return Ok(());
        }
        let none = |s: &&RawStatement<'_>| s.resources.is_none_or(|r| r.is_empty());
        raw.iter().find(none).map_or(Ok(()), |statement| {
            Err(self.error(
                statement.at,
                PolicyProblem::NoResources,
                "the statement names no resource",
            ))
        })
    }

    fn actions(&self, raw: &[RawStatement<'_>], into: &mut Parts) -> Result<(), PolicyError> {
        for (raw, statement) in raw.iter().zip(&mut into.list) {
            if self.kind == PolicyKind::Trust {
                self.check_trust_actions(raw)?;
            }
            let first = into.patterns.len();
            for action in raw.actions.iter() {
                let problem = match ActionPattern::parse(action.value) {
                    Ok(_) => None,
                    Err(error) => {
                        let detail = format!("the action `{}` {error}", action.value);
                        Some((
                            detail,
                            match error {
                                ActionPatternError::NoVendor => PolicyProblem::NoVendor,
                                ActionPatternError::TwoColons => PolicyProblem::SeveralColons,
                                ActionPatternError::BadVendor(vendor) => {
                                    PolicyProblem::Vendor(vendor)
                                }
                                ActionPatternError::Long => PolicyProblem::LegacyParsing,
                            },
                        ))
                    }
                };
                if let Some((detail, problem)) = problem {
                    return Err(self.error(action.at, problem, detail));
                }
                let span = PatternSpan::parse(
                    &mut into.text,
                    action.value,
                    Wildcards::Expand,
                    Variables::Literal,
                );
                // An action that was parsed is short.
                into.patterns.extend(span.ok());
            }
            statement.actions = ListRange::new(first..into.patterns.len());
            self.check_keys(raw)?;
        }
        Ok(())
    }

    /// Checks that condition keys have the prefix of a service or provider. IAM has one sentence for
    /// actions and keys.
    fn check_keys(&self, statement: &RawStatement<'_>) -> Result<(), PolicyError> {
        match statement
            .conditions()
            .find(|condition| !condition.key.value.contains(':'))
        {
            None => Ok(()),
            Some(condition) => {
                let key = condition.key;
                let detail = format!(
                    "the condition key `{}` has no prefix such as `aws:`",
                    key.value
                );
                Err(self.error(key.at, PolicyProblem::NoVendor, detail))
            }
        }
    }

    /// Checks that the actions of a trust policy are spelled out: a wildcard would include actions
    /// that AWS adds later.
    fn check_trust_actions(&self, statement: &RawStatement<'_>) -> Result<(), PolicyError> {
        let known = |action: &Text<'_>| {
            TRUST_ACTIONS
                .iter()
                .any(|known| action.value.eq_ignore_ascii_case(known))
        };
        if statement.actions.negated {
            let detail = "a trust policy names the actions that it allows; `NotAction` does not do";
            return Err(self.error(statement.at, PolicyProblem::TrustAction, detail));
        }
        match statement.actions.iter().find(|action| !known(action)) {
            None => Ok(()),
            Some(action) => {
                let detail = format!("`{}` is not a way to assume a role", action.value);
                Err(self.error(action.at, PolicyProblem::TrustAction, detail))
            }
        }
    }

    fn resources(&self, raw: &[RawStatement<'_>], into: &mut Parts) -> Result<(), PolicyError> {
        for (raw, statement) in raw.iter().zip(&mut into.list) {
            let Some(element) = &raw.resources else {
                continue;
            };
            let first = into.patterns.len();
            for named in element.iter() {
                let pattern = resource::padded(named.value);
                let span = PatternSpan::parse_resource(&mut into.text, &pattern, self.variables);
                into.patterns.push(span.map_err(|error| {
                    let detail = format!("the resource `{}` {error}", named.value);
                    self.error(named.at, PolicyProblem::LegacyParsing, detail)
                })?);
            }
            statement.resources = ListRange::new(first..into.patterns.len());
        }
        Ok(())
    }

    fn principals(&self, raw: &[RawStatement<'_>], into: &mut Parts) -> Result<(), PolicyError> {
        for (raw, statement) in raw.iter().zip(&mut into.list) {
            let Some(element) = &raw.principal else {
                continue;
            };
            let named = principal::read(self, raw, element)?;
            statement.principals = u32::try_from(into.principals.len()).ok();
            into.principals.push(Principals {
                negated: element.negated,
                named,
            });
        }
        Ok(())
    }
}
