//! Whom a statement names, from text to [`Named`].

use super::{
    PolicyError, PolicyKind, PolicyProblem, Reader,
    raw::{RawNamed, RawPrincipal, RawStatement, Text},
};
use crate::{account::AccountId, arn::Arn, principal::Named};

/// The one partition that principals are of here.
const PARTITION: &str = "aws";
/// Identity providers that AWS knows by their domains.
const BUILT_IN: [&str; 4] = [
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
];

/// What names of services end in.
const SERVICES: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"];

pub(super) fn read(
    reader: &Reader<'_>,
    statement: &RawStatement<'_>,
    element: &RawPrincipal<'_>,
) -> Result<Vec<Named>, PolicyError> {
    let kinds = match &element.named {
        RawNamed::Star if reader.kind == PolicyKind::Trust => {
            let detail =
                "a role is not for everybody; name an account as `{\"AWS\": \"111122223333\"}`";
            return Err(reader.error(element.at, PolicyProblem::StarPrincipal, detail));
        }
        RawNamed::Star => return Ok(vec![Named::Everyone]),
        RawNamed::Kinds(kinds) => kinds,
    };
    let mut named = Vec::new();
    for (kind, values) in kinds {
        for value in values {
            named.push(match kind.value {
                "AWS" => aws(reader, statement, value)?,
                "Service" => service(reader, value)?,
                "Federated" => federated(reader, value)?,
                "CanonicalUser" => canonical_user(reader, value)?,
                other => {
                    let detail = format!("`{other}` is not a kind of principal; they are AWS, Service, Federated and CanonicalUser");
                    return Err(reader.error(kind.at, PolicyProblem::Syntax, detail));
                }
            });
        }
    }
    if named.is_empty() {
        return Err(reader.error(
            element.at,
            PolicyProblem::Syntax,
            "`Principal` names nobody",
        ));
    }
    Ok(named)
}

fn aws(
    reader: &Reader<'_>,
    statement: &RawStatement<'_>,
    value: &Text<'_>,
) -> Result<Named, PolicyError> {
    let invalid = |detail: String| {
        let shown = format!("\"AWS\":\"{}\"", value.value);
        reader.error(value.at, PolicyProblem::Principal(shown), detail)
    };
    if value.value == "*" {
        // Whether AWS lets every provider of the account in by this is not documented, so it does not get that far.
        let by_token = |action: &Text<'_>| {
            ["sts:assumerolewithwebidentity", "sts:assumerolewithsaml"]
                .contains(&&*action.value.to_ascii_lowercase())
        };
        if reader.kind == PolicyKind::Trust && statement.actions.values.iter().any(by_token) {
            return Err(invalid(
                "holders of tokens are named by their provider: `{\"Federated\": ...}`".to_owned(),
            ));
        }
        return Ok(Named::Everyone);
    }
    if let Ok(account) = value.value.parse::<AccountId>() {
        return Ok(Named::Account(account));
    }
    if is_unique_id(value.value) {
        return Ok(Named::Entity {
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
    // `role/session`: with less or more it would name nobody, and a denial of it would say nothing.
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
        ("iam", "") if arn.resource() == "root" => Ok(Named::Account(account)),
        ("iam", "") if below("user/") || below("role/") => {
            Ok(Named::Unresolved(arn.as_str().into()))
        }
        ("sts", "") if is_session() || below("federated-user/") => {
            Ok(Named::Session(arn.as_str().into()))
        }
        _ => Err(invalid(format!(
            "`{arn}` is not the ARN of an account, user, role or session"
        ))),
    }
}

/// The id of a user or role, which a policy shows once its name is gone.
fn is_unique_id(text: &str) -> bool {
    (text.starts_with("AIDA") || text.starts_with("AROA"))
        && (16..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn service(reader: &Reader<'_>, value: &Text<'_>) -> Result<Named, PolicyError> {
    let name = value.value;
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    let known = SERVICES
        .iter()
        .any(|end| name.len() > end.len() && name.ends_with(end));
    if known && name.bytes().all(word) && !name.starts_with('.') {
        return Ok(Named::Service(name.into()));
    }
    let shown = format!("\"SERVICE\":\"{name}\"");
    let detail = format!("`{name}` is not the name of a service such as `lambda.amazonaws.com`");
    Err(reader.error(value.at, PolicyProblem::Principal(shown), detail))
}

fn federated(reader: &Reader<'_>, value: &Text<'_>) -> Result<Named, PolicyError> {
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
    let named = BUILT_IN.contains(&value.value)
        || value.value.parse::<Arn>().is_ok_and(|arn| provider(&arn));
    if named {
        return Ok(Named::Federated(value.value.into()));
    }
    let detail = format!("`{}` is not the ARN of an identity provider", value.value);
    Err(reader.error(value.at, PolicyProblem::Federated, detail))
}

fn canonical_user(reader: &Reader<'_>, value: &Text<'_>) -> Result<Named, PolicyError> {
    let id = value.value;
    if id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Named::CanonicalUser(id.into()));
    }
    let shown = format!("\"CanonicalUser\":\"{id}\"");
    let detail = format!("`{id}` is not 64 hexadecimal digits");
    Err(reader.error(value.at, PolicyProblem::Principal(shown), detail))
}
