//! `bowline provider show` and `bowline provider check`: what the operator sees of an issuer.

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bowline::{Bowline, Launch};
use crate::support::issuer::{Issuer, IssuerResponse};
use crate::support::world::{World, show_ids_as_words};

/// What a command about the world's provider prints, and its exit code if it fails.
fn provider(world: &World, command: &str, more: &[&str]) -> String {
    let arn = world.provider();
    let arguments = [&["provider", command, arn.as_str()], more].concat();
    let output = world.server.run(&Bowline::root(), &arguments);
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    match output.status.code() {
        Some(0) => said,
        code => format!("exit {}\n{said}", code.unwrap()),
    }
}

/// A world whose issuer has a certificate of an authority that the provider has.
fn trusted() -> World {
    let world = World::without_roles(Launch::default(), Issuer::start_tls());
    let authority = world.server.home().join("authority.pem");
    fs::write(&authority, world.issuer.authority.as_ref().unwrap()).unwrap();
    let authority = authority.to_str().unwrap();
    provider(&world, "configure", &["--ca-bundle", authority]);
    world
}

#[test]
fn a_check_says_each_step_and_what_to_do_about_a_certificate() {
    let _shown = show_ids_as_words();
    let world = World::without_roles(Launch::default(), Issuer::start_tls());
    assert_snapshot!(provider(&world, "check", &[]), @"
    exit 1
    failed  discovery document  TLS with `localhost:[port]` failed: invalid peer certificate: UnknownIssuer
            hint: if an authority of your own signed the certificate, upload the authority with `bowline provider configure ARN --ca-bundle FILE`
    ");
    let world = trusted();
    assert_snapshot!(provider(&world, "check", &[]), @"
    ok      discovery document  https://localhost:[port]/.well-known/openid-configuration
    ok      issuer              https://localhost:[port]
    ok      key set             https://localhost:[port]/openid/v1/jwks
    ok      keys                k1 (RS256)
    ");
    let world = trusted();
    world.issuer.respond_to_keys(IssuerResponse::status(404));
    assert_snapshot!(provider(&world, "check", &[]), @"
    exit 1
    ok      discovery document  https://localhost:[port]/.well-known/openid-configuration
    ok      issuer              https://localhost:[port]
    failed  key set             `localhost:[port]` responds 404 Not Found, and redirects are not followed
    ");
    let world = trusted();
    let other = r#"{"keys":[{"kty":"AKP","kid":"pq"}]}"#;
    world.issuer.respond_to_keys(IssuerResponse::ok(other));
    assert_snapshot!(provider(&world, "check", &[]), @"
    exit 1
    ok      discovery document  https://localhost:[port]/.well-known/openid-configuration
    ok      issuer              https://localhost:[port]
    ok      key set             https://localhost:[port]/openid/v1/jwks
    failed  keys                the key set has no key that can verify a token
      left out     key 1 (`kid` `pq`) cannot serve: its `kty` is neither RSA nor EC
    ");
    let world = trusted();
    let other = r#"{"issuer":"https://other.example.com","jwks_uri":"https://localhost/keys"}"#;
    world.issuer.respond_to_discovery(IssuerResponse::ok(other));
    assert_snapshot!(provider(&world, "check", &[]), @"
    exit 1
    ok      discovery document  https://localhost:[port]/.well-known/openid-configuration
    failed  issuer              discovery document names the issuer `https://other.example.com`, not `https://localhost:[port]`
    ");
}

#[test]
fn checks_of_a_provider_are_seconds_apart_so_that_they_hold_up_no_request() {
    let world = World::new();
    provider(&world, "check", &[]);
    let requests = world.issuer.request_count();
    let again = provider(&world, "check", &[]);
    assert_snapshot!(again, @"
    exit 1
    error: ConcurrentModification: The keys of the provider are being fetched, or a check has fetched them in the last ten seconds. Try again later.
    ");
    assert_eq!(world.issuer.request_count(), requests);
    world.exchange(&world.issuer.valid_token()).accepted();
}

#[test]
fn show_says_where_the_keys_of_a_provider_come_from_and_how_old_they_are() {
    let _shown = show_ids_as_words();
    let world = World::without_roles(Launch::default(), Issuer::start());
    assert_snapshot!(provider(&world, "show", &[]), @"
    arn:aws:iam::432797229265:oidc-provider/localhost:[port]
      issuer       http://localhost:[port]
      audiences    sts.amazonaws.com
      keys         fetched from the issuer
      authorities  public
      fetched      not yet: the first token causes it, or `bowline provider check`
    ");
    assert_eq!(world.issuer.request_count(), 0, "nothing is fetched");
    world.add_role("bot");
    world.exchange(&world.issuer.valid_token()).accepted();
    assert_snapshot!(provider(&world, "show", &[]), @"
    arn:aws:iam::432797229265:oidc-provider/localhost:[port]
      issuer       http://localhost:[port]
      audiences    sts.amazonaws.com
      keys         fetched from the issuer
      authorities  public
      fetched      [time]
      fresh until  [time]
      used until   [time], if the issuer cannot be reached
      key          k1  RS256
    ");
    let shown = provider(&world, "show", &["--output", "json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["Keys"][0]["Kid"], "k1");
}

#[test]
fn uploaded_keys_that_cannot_serve_are_named_and_the_others_verify() {
    let _shown = show_ids_as_words();
    let world = World::without_roles(Launch::default(), Issuer::start());
    world.add_role("bot");
    let mut encrypts = world.issuer.key.jwk(Some("enc1"));
    encrypts["use"] = json!("enc");
    encrypts["alg"] = json!("RSA-OAEP");
    let keys = json!({ "keys": [encrypts, world.issuer.key.jwk(Some("k1"))] });
    let file = world.server.home().join("keys.json");
    fs::write(&file, keys.to_string()).unwrap();
    let file = file.to_str().unwrap();
    assert_snapshot!(provider(&world, "configure", &["--jwks", file]), @"
    arn:aws:iam::432797229265:oidc-provider/localhost:[port]
      issuer       http://localhost:[port]
      keys         uploaded
      authorities  public
    warning: key 1 (`kid` `enc1`) cannot serve: its `use` is not `sig`
    ");
    world.exchange(&world.issuer.valid_token()).accepted();
    assert_snapshot!(provider(&world, "show", &[]), @"
    arn:aws:iam::432797229265:oidc-provider/localhost:[port]
      issuer       http://localhost:[port]
      audiences    sts.amazonaws.com
      keys         uploaded
      authorities  public
      key          k1  RS256
      left out     key 1 (`kid` `enc1`) cannot serve: its `use` is not `sig`
    ");
    assert_snapshot!(provider(&world, "check", &[]), @"
    ok      keys                k1 (RS256)
      left out     key 1 (`kid` `enc1`) cannot serve: its `use` is not `sig`
    ");
    fs::write(file, r#"{"keys":[{"kty":"AKP","kid":"pq"}]}"#).unwrap();
    assert_snapshot!(provider(&world, "configure", &["--jwks", file]), @"
    exit 1
    error: ValidationError: Jwks: key set has no key that can verify a token: key 1 (`kid` `pq`) cannot serve: its `kty` is neither RSA nor EC
    ");
}
