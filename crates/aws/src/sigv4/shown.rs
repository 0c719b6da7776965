//! The canonical request that the server saw, for an operator who looks for the cause of a
//! signature that does not match. It has neither the signature nor any secret.

use super::{
    authorization::UnverifiedRequest,
    canonical::canonical_request,
    verify::{Payload, content},
};

/// What stands for the value of a secret.
const LEFT_OUT: &str = "[left out]";
/// Parts of the names of headers and parameters whose values are secrets.
const SECRET_NAMES: [&str; 7] = [
    "authorization",
    "cookie",
    "customer-key",
    "password",
    "secret",
    "signature",
    "token",
];

/// The canonical request, as the server computes it, without the values of secrets. `None` if the
/// request has no canonical form.
pub fn canonical_request_without_secrets(
    request: &UnverifiedRequest<'_>,
    payload: Payload<'_>,
) -> Option<String> {
    let rules = request.scope.rules();
    let content = content(request, payload, rules).ok()?;
    let (parts, signed) = (request.signed_parts(), &request.signed_headers);
    let canonical = canonical_request(&parts, signed, &content.to_value(), rules).ok()?;
    let canonical = String::from_utf8_lossy(&canonical);
    let last_header = 2 + signed.split(';').count();
    let lines = canonical.split('\n').enumerate();
    let lines = lines.map(|(number, line)| match number {
        2 => query(line),
        3.. if number <= last_header => pair(line, ':'),
        _ => line.to_owned(),
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

fn query(line: &str) -> String {
    let pairs = line.split('&').map(|it| pair(it, '='));
    pairs.collect::<Vec<_>>().join("&")
}

/// A name and its value, which is left out if the name is that of a secret.
fn pair(text: &str, separator: char) -> String {
    match text.split_once(separator) {
        Some((name, _)) if is_secret(name) => format!("{name}{separator}{LEFT_OUT}"),
        Some(_) | None => text.to_owned(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}
