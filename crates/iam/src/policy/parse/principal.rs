//! Parses the principals of a statement into [`PolicyPrincipal`]s.

use super::{
    raw::{RawNamed, RawPrincipal, RawStatement, Text},
    source::Source,
};
use crate::{
    account::AccountId,
    arn::Arn,
    policy::{
        error::{PolicyError, PolicyProblem},
        kind::PolicyKind,
    },
    policy_principal::PolicyPrincipal,
};

/// The partition of every principal.
const PARTITION: &str = "aws";
/// The identity providers that AWS accepts by domain.
const BUILT_IN_PROVIDERS: [&str; 4] = [
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
];

/// The suffixes of service names.
const SERVICE_SUFFIXES: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"];

pub(super) fn read(
    source: &Source<'_>,
    statement: &RawStatement<'_>,
    element: &RawPrincipal<'_>,
) -> Result<Vec<PolicyPrincipal>, PolicyError> {
    let kinds = match &element.named {
        RawNamed::Star if source.kind == PolicyKind::Trust => {
            let detail = "a role does not trust every principal; name an account as `{\"AWS\": \"111122223333\"}`";
            return Err(source.error(element.at, PolicyProblem::StarPrincipal, detail));
        }
        RawNamed::Star => return Ok(vec![PolicyPrincipal::Everyone]),
        RawNamed::Kinds(kinds) => kinds,
    };
    let mut named = Vec::new();
    for (kind, values) in kinds {
        for value in values.iter() {
            named.push(match kind.value {
                "AWS" => aws(source, statement, &value)?,
                "Service" => service(source, &value)?,
                "Federated" => federated(source, &value)?,
                "CanonicalUser" => canonical_user(source, &value)?,
                other => {
                    let detail = format!("`{other}` is not a kind of principal; they are AWS, Service, Federated and CanonicalUser");
                    return Err(source.error(kind.at, PolicyProblem::Syntax, detail));
                }
            });
        }
    }
    if named.is_empty() {
        return Err(source.error(
            element.at,
            PolicyProblem::Syntax,
            "`Principal` names no principal",
        ));
    }
    Ok(named)
}

fn aws(
    source: &Source<'_>,
    statement: &RawStatement<'_>,
    value: &Text<'_>,
) -> Result<PolicyPrincipal, PolicyError> {
    let invalid = |detail: String| {
        let shown = format!("\"AWS\":\"{}\"", value.value);
        source.error(value.at, PolicyProblem::Principal(shown), detail)
    };
    if value.value == "*" {
        // AWS does not document whether this trusts every provider of the account, so it is
        // rejected.
        let by_token = |action: Text<'_>| {
            ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"]
                .iter()
                .any(|known| action.value.eq_ignore_ascii_case(known))
        };
        if source.kind == PolicyKind::Trust && statement.actions.iter().any(by_token) {
            return Err(invalid(
                "token holders are named by their provider: `{\"Federated\": ...}`".to_owned(),
            ));
        }
        return Ok(PolicyPrincipal::Everyone);
    }
    if let Ok(account) = value.value.parse::<AccountId>() {
        return Ok(PolicyPrincipal::Account(account));
    }
    if is_unique_id(value.value) {
        return Ok(PolicyPrincipal::Entity {
            text: value.value.into(),
            id: value.value.into(),
        });
    }
    let arn: Arn = value.value.parse().map_err(|_| {
        invalid(format!(
            "`{}` is neither an account nor an ARN",
            value.value
        ))
    })?;
    let account: AccountId = arn
        .account()
        .parse()
        .map_err(|_| invalid(format!("the ARN `{arn}` has no account")))?;
    let below = |kind: &str| {
        arn.resource()
            .strip_prefix(kind)
            .is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
    };
    if arn.resource().contains(['*', '?']) {
        return Err(invalid(format!(
            "`{arn}` has a wildcard, which principals do not have"
        )));
    }
    // Exactly `role/session`: anything else names no principal, so that a deny would have no
    // effect.
    let is_session = || {
        let names = arn.resource().strip_prefix("assumed-role/");
        let names = names.and_then(|names| names.split_once('/'));
        names.is_some_and(|(role, session)| {
            !role.is_empty() && !session.is_empty() && !session.contains('/')
        })
    };
    if arn.partition() != PARTITION {
        return Err(invalid(format!(
            "`{arn}` is of another partition than `{PARTITION}`"
        )));
    }
    match (arn.service(), arn.region()) {
        ("iam", "") if arn.resource() == "root" => Ok(PolicyPrincipal::Account(account)),
        ("iam", "") if below("user/") || below("role/") => {
            Ok(PolicyPrincipal::Unresolved(arn.as_str().into()))
        }
        ("sts", "") if is_session() || below("federated-user/") => {
            Ok(PolicyPrincipal::Session(arn.as_str().into()))
        }
        _ => Err(invalid(format!(
            "`{arn}` is not the ARN of an account, user, role or session"
        ))),
    }
}

/// Whether the text is the unique id of a user or role, which AWS shows in a policy after the user
/// or role was deleted.
fn is_unique_id(text: &str) -> bool {
    (text.starts_with("AIDA") || text.starts_with("AROA"))
        && (16..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn service(source: &Source<'_>, value: &Text<'_>) -> Result<PolicyPrincipal, PolicyError> {
    let name = value.value;
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    let known = SERVICE_SUFFIXES
        .iter()
        .any(|end| name.len() > end.len() && name.ends_with(end));
    if known && name.bytes().all(word) && !name.starts_with('.') {
        return Ok(PolicyPrincipal::Service(name.into()));
    }
    let shown = format!("\"SERVICE\":\"{name}\"");
    let detail = format!("`{name}` is not the name of a service such as `lambda.amazonaws.com`");
    Err(source.error(value.at, PolicyProblem::Principal(shown), detail))
}

fn federated(source: &Source<'_>, value: &Text<'_>) -> Result<PolicyPrincipal, PolicyError> {
    let provider = |arn: &Arn| {
        let kinds = ["oidc-provider/", "saml-provider/"];
        let below = |kind: &&str| {
            arn.resource()
                .strip_prefix(*kind)
                .is_some_and(|name| !name.is_empty())
        };
        arn.partition() == PARTITION
            && arn.service() == "iam"
            && arn.region().is_empty()
            && arn.account().parse::<AccountId>().is_ok()
            && !arn.resource().contains(['*', '?'])
            && kinds.iter().any(below)
    };
    let named = BUILT_IN_PROVIDERS.contains(&value.value)
        || value.value.parse::<Arn>().is_ok_and(|arn| provider(&arn));
    if named {
        return Ok(PolicyPrincipal::Federated(value.value.into()));
    }
    let detail = format!("`{}` is not the ARN of an identity provider", value.value);
    Err(source.error(value.at, PolicyProblem::Federated, detail))
}

fn canonical_user(source: &Source<'_>, value: &Text<'_>) -> Result<PolicyPrincipal, PolicyError> {
    let id = value.value;
    if id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(PolicyPrincipal::CanonicalUser(id.into()));
    }
    let shown = format!("\"CanonicalUser\":\"{id}\"");
    let detail = format!("`{id}` is not 64 hexadecimal digits");
    Err(source.error(value.at, PolicyProblem::Principal(shown), detail))
}
