//! Rust names for the names of the models.

use std::collections::BTreeMap;

/// `OpenIDConnectProviderArn` as `open_id_connect_provider_arn`: a run of capitals is one word,
/// except for a last capital that begins the next word.
pub(crate) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                !b.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase)
            });
        if begins && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A structure's name. In the models, some begin with a small letter.
pub(crate) fn camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |c| {
        format!("{}{}", c.to_ascii_uppercase(), chars.as_str())
    })
}

/// The matchers in `pattern.rs`: the expression and the name of its static.
pub(crate) fn patterns(source: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for part in source.split("static ").skip(1) {
        let name = part.split_once(": Pattern =").map(|(name, _)| name);
        let text = part
            .split_once("r\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(text, _)| text);
        if let (Some(name), Some(text)) = (name, text) {
            found.insert(text.to_owned(), name.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::snake;

    #[test]
    fn runs_of_capitals_are_one_word() {
        let names = [
            "RoleName",
            "OpenIDConnectProviderArn",
            "ClientIDList",
            "SAMLMetadataDocument",
            "Arn",
            "SSHPublicKeyId",
        ];
        let expected = [
            "role_name",
            "open_id_connect_provider_arn",
            "client_id_list",
            "saml_metadata_document",
            "arn",
            "ssh_public_key_id",
        ];
        assert_eq!(names.map(snake), expected.map(str::to_owned));
    }
}
