//! Clients of STS and IAM without an SDK: parameters in the query, and responses in JSON.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bowline::Bowline;
use crate::support::http::{Request, Response};
use crate::support::python;
use crate::support::wait::now;
use crate::support::world::{World, query, role_arn, web_identity};

fn json_of(response: &Response) -> Value {
    let content_type = response
        .headers
        .iter()
        .find(|(name, _)| name == "content-type");
    assert_eq!(
        content_type.unwrap().1,
        "application/json",
        "{}",
        response.text()
    );
    serde_json::from_slice(&response.body).unwrap()
}

/// The request with its parameters in the target, and no body.
fn in_query(method: &str, request: &Request) -> Request {
    let parameters = String::from_utf8(request.body.clone()).unwrap();
    Request::new(method, &format!("/?{parameters}"))
}

#[test]
fn an_exchange_is_json_for_a_client_that_accepts_json() {
    let world = World::new();
    let exchange = web_identity(&role_arn("bot"), "nginx", &world.issuer.valid_token(), &[]);
    for request in [
        exchange.clone(),
        in_query("GET", &exchange),
        in_query("POST", &exchange),
    ] {
        let request = request.header("accept", "application/json");
        let response = request.send(world.server.port).accepted();
        let read = json_of(&response);
        let result = &read["AssumeRoleWithWebIdentityResponse"]["AssumeRoleWithWebIdentityResult"];
        let expiration = result["Credentials"]["Expiration"].as_i64().unwrap();
        assert!((now()..=now() + 3600).contains(&expiration), "{expiration}");
        assert!(result["Credentials"]["SessionToken"].is_string());
        assert_eq!(result["Audience"], "sts.amazonaws.com");
        assert_eq!(result["SourceIdentity"], Value::Null);
        let metadata = &read["AssumeRoleWithWebIdentityResponse"]["ResponseMetadata"];
        assert!(metadata["RequestId"].is_string());
    }
}

#[test]
fn errors_are_json_for_a_client_that_accepts_json() {
    let world = World::new();
    let refused = web_identity(&role_arn("bot"), "nginx", "not a token", &[]);
    let refused = refused
        .header("accept", "application/json")
        .send(world.server.port);
    assert_eq!(refused.status, 400);
    let mut error = json_of(&refused);
    assert!(error["RequestId"].take().is_string());
    assert_eq!(error["Error"]["Code"], "InvalidIdentityToken");
    assert_eq!(error["Error"]["Type"], "Sender");
    assert!(error["Error"]["Message"].is_string());
}

#[test]
fn lists_of_iam_are_arrays() {
    let world = World::new();
    let list = query("iam", "ListRoles", &[]).header("accept", "application/json");
    let response = world.send(&Bowline::root(), "iam", list).accepted();
    let read = json_of(&response);
    let result = &read["ListRolesResponse"]["ListRolesResult"];
    assert_eq!(result["IsTruncated"], json!(false));
    assert_eq!(result["Marker"], Value::Null);
    let role = &result["Roles"][0];
    assert_eq!(role["RoleName"], "bot");
    assert!(role["CreateDate"].is_i64());
}

#[test]
fn an_exchange_may_have_its_parameters_in_the_query_of_a_post() {
    let world = World::new();
    let exchange = web_identity(&role_arn("bot"), "thanos", &world.issuer.valid_token(), &[]);
    let form = "application/x-www-form-urlencoded";
    let post = in_query("POST", &exchange);
    for request in [
        post.clone(),
        post.clone().header("content-type", form),
        post.clone().header("content-type", "application/json"),
        post.clone().body("DurationSeconds=1800"),
    ] {
        request.send(world.server.port).accepted();
    }
    // Two readings: a parameter in both, and a body of another type.
    for request in [
        post.clone().body("RoleSessionName=other"),
        post.header("content-type", "text/plain").body("a=b"),
    ] {
        let refused = request.send(world.server.port);
        assert_eq!(refused.status, 400, "{}", refused.text());
    }
}

#[test]
fn only_the_exchange_needs_no_signature() {
    let world = World::new();
    for action in ["AssumeRole", "GetCallerIdentity"] {
        let refused = in_query("POST", &query("sts", action, &[])).send(world.server.port);
        assert_eq!(refused.status, 403);
        assert!(
            refused
                .text()
                .contains("<Code>MissingAuthenticationToken</Code>")
        );
    }
}

#[test]
fn a_verifier_can_send_the_call_that_its_client_signed() {
    let Some(clients) = python::clients_with(&["requests"]) else {
        return;
    };
    let world = World::new();
    let region = [("AWS_DEFAULT_REGION", "us-east-1")];
    let said = clients.drive(
        "presigned_identity.py",
        &world.server.url,
        Some(&world.bot()),
        &region,
    );
    assert_snapshot!(said, @r#"
    presigned: 200 arn:aws:sts::432797229265:assumed-role/bot/test
    presigned, in JSON: 200 {"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"UserId":"[AROA]:test","Account":"4327
    presigned, with a changed action: 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Ke
    presigned, with a body: 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Ke
    presigned, as a POST: 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Ke
    presigned, with an added parameter: 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Ke
    presigned, with an added header: 403 SignatureDoesNotMatch: 'x-amz-added' must be a 'SignedHeader' in the AWS Authorization.
    token: 200 arn:aws:sts::432797229265:assumed-role/bot/test
    token for another cluster: 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Ke
    token without its cluster: 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Ke
    token that names no cluster: 403 SignatureDoesNotMatch: 'x-k8s-aws-id' must be a 'SignedHeader' in the AWS Authorization.
    Vault: 200 arn:aws:sts::432797229265:assumed-role/bot/test
    Vault, in JSON: 200 {"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"UserId":"[AROA]:test","Account":"4327
    Vault, for another server: 403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Ke
    presigned, of iam: 403 AccessDenied: User: arn:aws:sts::432797229265:assumed-role/bot/test is not authorized to perform: iam:ListRoles on resource:
    presigned, of dynamodb: 400 {"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Credential should be scoped to corre
    presigned, of s3: 400 InvalidRequest: The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.
    "#);
}

#[test]
fn minio_exchanges_a_token_by_itself() {
    let Some(clients) = python::clients_with(&["minio"]) else {
        return;
    };
    let world = World::new();
    let file = world.server.home().join("token");
    std::fs::write(&file, world.issuer.valid_token()).unwrap();
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
        ("AWS_ROLE_ARN", &role_arn("bot")),
    ];
    let said = clients.drive("minio_web_identity.py", &world.server.url, None, &variables);
    assert_snapshot!(said, @"
    put: 5d41402abc4b2a76b9719d911017c592
    get: b'hello'
    put elsewhere: S3Error AccessDenied
    put with a broken token: ValueError None
    ");
}
