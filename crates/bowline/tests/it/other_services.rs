//! Calls to services of AWS that this endpoint does not serve: clients understand the error.

use insta::assert_snapshot;

use crate::support::bowline::Bowline;
use crate::support::http::Request;
use crate::support::keys::Keys;
use crate::support::python;
use crate::support::sign::Signer;
use crate::support::world::World;

#[test]
fn clients_of_every_protocol_understand_that_their_service_is_not_served() {
    let Some(clients) = python::clients() else {
        return;
    };
    let server = Bowline::start();
    let region = [("AWS_DEFAULT_REGION", "us-east-1")];
    let said = clients.drive(
        "other_services.py",
        &server.url,
        Some(&Bowline::root()),
        &region,
    );
    assert_snapshot!(said, @"
    autoscaling: 400 InvalidAction with id: This endpoint does not serve autoscaling; set AWS_ENDPOINT_URL_AUTO_SCALING
    ec2: 400 InvalidAction with id: This endpoint does not serve ec2; set AWS_ENDPOINT_URL_EC2
    sqs: 400 UnknownOperationException with id: This endpoint does not serve sqs; set AWS_ENDPOINT_URL_SQS
    kms: 400 UnknownOperationException with id: This endpoint does not serve kms; set AWS_ENDPOINT_URL_KMS
    secretsmanager: 400 UnknownOperationException with id: This endpoint does not serve secretsmanager; set AWS_ENDPOINT_URL_SECRETS_MANAGER
    organizations: 400 UnknownOperationException with id: This endpoint does not serve organizations; set AWS_ENDPOINT_URL_ORGANIZATIONS
    resourcegroupstaggingapi: 400 UnknownOperationException with id: This endpoint does not serve tagging; set AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API
    cloudwatch: 400 UnknownOperationException with id: This endpoint does not serve monitoring; set AWS_ENDPOINT_URL_CLOUDWATCH
    lambda: 400 UnknownOperationException with id: This endpoint does not serve lambda; set AWS_ENDPOINT_URL_LAMBDA or AWS_ENDPOINT_URL_LAMBDA_CORE or AWS_ENDPOINT_URL_LAMBDA_MICROVMS or AWS_ENDPOINT_URL_LAMBDA_WEB
    eks: 400 UnknownOperationException with id: This endpoint does not serve eks; set AWS_ENDPOINT_URL_EKS
    route53: 400 InvalidAction with id: This endpoint does not serve route53; set AWS_ENDPOINT_URL_ROUTE_53
    sesv2: 400 UnknownOperationException with id: This endpoint does not serve ses; set AWS_ENDPOINT_URL_PINPOINT_EMAIL or AWS_ENDPOINT_URL_SESV2
    aws lambda: 255 An error occurred (UnknownOperationException) when calling the ListFunctions operation: This endpoint does not serve lambda; set AWS_ENDPOINT_URL_LAMBDA or AWS_ENDPOINT_URL_LAMBDA_CORE or AWS_ENDPOINT_URL_LAMBDA_MICROVMS or AWS_ENDPOINT_URL_LAMBDA_WEB
    aws ec2: 255 An error occurred (InvalidAction) when calling the DescribeInstances operation: This endpoint does not serve ec2; set AWS_ENDPOINT_URL_EC2
    aws resourcegroupstaggingapi: 255 An error occurred (UnknownOperationException) when calling the GetResources operation: This endpoint does not serve tagging; set AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API
    ");
}

#[test]
fn the_error_is_the_same_for_callers_without_a_valid_key() {
    let server = Bowline::start();
    let call = || {
        Request::new("POST", "/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", "AmazonSQS.ListQueues")
            .body("{}")
    };
    let send = |keys: &Keys| {
        Signer::new(keys, "sqs")
            .sign(call(), server.port)
            .send(server.port)
    };
    let valid = send(&Bowline::root());
    let mut wrong = Bowline::root();
    wrong.secret_access_key = "a".repeat(40);
    let mut unknown = wrong.clone();
    unknown.access_key_id = "AKIAUNKNOWNUNKNOWN22".to_owned();
    for keys in [wrong, unknown] {
        let refused = send(&keys);
        assert_eq!(
            (refused.status, refused.text()),
            (valid.status, valid.text())
        );
    }
    assert_snapshot!(valid.verdict(), @r#"400 {"__type":"UnknownOperationException","message":"This endpoint does not serve sqs; set AWS_ENDPOINT_URL_SQS"}"#);
}

#[test]
fn a_service_that_aws_does_not_have_is_still_the_wrong_scope() {
    let server = Bowline::start();
    let signer = Signer::new(&Bowline::root(), "unheard-of");
    let refused = signer
        .sign(Request::get("/"), server.port)
        .send(server.port);
    assert_snapshot!(refused.verdict(), @r#"400 AuthorizationHeaderMalformed: The authorization header is malformed; incorrect service "unheard-of". This endpoint belongs to "s3"."#);
}

#[test]
fn a_call_to_a_service_that_is_not_served_is_explained_to_the_account_of_its_key() {
    let world = World::new();
    let call = Request::get("/2015-03-31/functions");
    let refused = world.send(&Bowline::root(), "lambda", call);
    let explained = world.explain(&refused);
    assert_eq!(explained["caller"], Bowline::root().access_key_id);
    assert_eq!(explained["code"], "UnknownOperationException");
    assert_eq!(explained["reason"], "the request is signed for `lambda`");
}
