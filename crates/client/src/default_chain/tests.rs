use std::fs;

use super::*;

const KEY: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIAVARIABLESVARIABL"),
    ("AWS_SECRET_ACCESS_KEY", "secret/of/the/variables"),
];

fn environment(variables: &[(&str, &str)]) -> Environment {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Environment::Variables(variables.iter().map(owned).collect())
}

/// The access key id that a client gets, or the error.
async fn key(variables: &[(&str, &str)], profile: Option<&str>) -> String {
    let environment = environment(variables);
    let transport = Transport::plain_http().unwrap();
    let client = Client::anonymous(transport, DEFAULT_ENDPOINT.parse().unwrap(), DEFAULT_REGION);
    match credentials(&environment, &client, profile).await {
        Ok(credentials) => credentials.access_key_id.to_string(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_named_profile_comes_first_then_the_variables_then_the_default_profile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    fs::write(
        &path,
        "[default]\naws_access_key_id = AKIADEFAULTDEFAULTDE\naws_secret_access_key = s\n[other]\naws_access_key_id = AKIAOTHEROTHEROTHERO\naws_secret_access_key = s\n[half]\naws_access_key_id = AKIAOTHEROTHEROTHERO\n",
    )
    .unwrap();
    let file = [("AWS_SHARED_CREDENTIALS_FILE", path.to_str().unwrap())];
    let both = [&file[..], &KEY].concat();
    assert_eq!(key(&both, Some("other")).await, "AKIAOTHEROTHEROTHERO");
    assert_eq!(key(&both, None).await, "AKIAVARIABLESVARIABL");
    assert_eq!(key(&file, None).await, "AKIADEFAULTDEFAULTDE");
    let other = [&file[..], &[("AWS_PROFILE", "other")]].concat();
    assert_eq!(key(&other, None).await, "AKIAOTHEROTHEROTHERO");
    insta::assert_snapshot!(key(&both, Some("half")).await, @"the shared credentials file has no access key for the profile `half`");
    let half = [&file[..], &[("AWS_PROFILE", "half")]].concat();
    insta::assert_snapshot!(key(&half, None).await, @"there are no credentials");
    let empty = [&file[..], &[("AWS_PROFILE", ""), ("AWS_ACCESS_KEY_ID", "")]].concat();
    assert_eq!(key(&empty, None).await, "AKIADEFAULTDEFAULTDE");
}

#[tokio::test]
async fn a_source_that_cannot_be_used_is_not_replaced_by_the_next() {
    insta::assert_snapshot!(key(&KEY[..1], None).await, @"AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not");
    insta::assert_snapshot!(key(&KEY[1..], None).await, @"AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not");
    let short = [("AWS_ACCESS_KEY_ID", "short"), KEY[1]];
    insta::assert_snapshot!(key(&short, None).await, @"reading AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN");
    let missing = [("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")];
    insta::assert_snapshot!(key(&missing, None).await, @"reading `/nonexistent`");
    // The file of the home folder may be missing, as may the home folder.
    insta::assert_snapshot!(key(&[("HOME", "/nonexistent")], None).await, @"there are no credentials");
    insta::assert_snapshot!(key(&[], None).await, @"there are no credentials");
}

#[test]
fn the_endpoint_and_the_region_have_variables_of_their_own() {
    let endpoint = |variables: &[(&str, &str)]| {
        default_endpoint(&environment(variables))
            .map_or_else(|error| error.to_string(), |endpoint| endpoint.to_string())
    };
    assert_eq!(endpoint(&[]), "http://127.0.0.1:9400");
    let general = ("AWS_ENDPOINT_URL", "https://aws.example.com");
    assert_eq!(endpoint(&[general]), "https://aws.example.com");
    let own = ("AWS_ENDPOINT_URL_BOWLINE", "https://bowline.example.com");
    assert_eq!(endpoint(&[general, own]), "https://bowline.example.com");
    insta::assert_snapshot!(endpoint(&[("AWS_ENDPOINT_URL", "9400")]), @"reading AWS_ENDPOINT_URL");

    let region = |variables: &[(&str, &str)]| region(&environment(variables)).unwrap();
    assert_eq!(region(&[]), "us-east-1");
    let default = ("AWS_DEFAULT_REGION", "eu-west-1");
    assert_eq!(region(&[default]), "eu-west-1");
    assert_eq!(region(&[default, ("AWS_REGION", "eu-west-2")]), "eu-west-2");
}
