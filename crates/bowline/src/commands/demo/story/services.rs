//! An instance and a function: a service assumes a role for each, and no other role.

use anyhow::Result;
use bowline_client::Response;
use http::Method;
use serde_json::json;

use super::{
    pod::{BUCKET, REPORT},
    step::{accepted, denied, exists_already},
};
use crate::commands::demo::{
    reporter::Reporter,
    scene::{ACCOUNT, REGION, Scene},
};

/// A resource whose service assumes a role for it.
struct Resource {
    what: &'static str,
    /// The service, as trust policies name it.
    service: &'static str,
    arn: String,
    role: &'static str,
    trusts: &'static str,
    is_attached: &'static str,
    is_used: &'static str,
}

/// Plays the steps.
///
/// # Errors
/// If no response comes.
pub(super) async fn play(scene: &Scene, reporter: &mut Reporter) -> Result<()> {
    let instance = Resource {
        what: "instance",
        service: "ec2.amazonaws.com",
        arn: format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0"),
        role: "report-instance",
        trusts: "A role trusts EC2",
        is_attached: "The role is attached to an instance",
        is_used: "The instance has credentials, and reads the object",
    };
    let function = Resource {
        what: "function",
        service: "lambda.amazonaws.com",
        arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:report"),
        role: "report-function",
        trusts: "A role trusts Lambda",
        is_attached: "The role is attached to a function",
        is_used: "The function has credentials, and reads the object",
    };
    for resource in [&instance, &function] {
        the_role_trusts_the_service(scene, reporter, resource).await?;
        the_role_is_attached(scene, reporter, resource).await?;
        it_is_used(scene, reporter, resource).await?;
    }
    another_service_is_denied(scene, reporter, &instance, &function).await
}

async fn the_role_trusts_the_service(
    scene: &Scene,
    reporter: &mut Reporter,
    resource: &Resource,
) -> Result<()> {
    let (root, role) = (&scene.root, resource.role);
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": resource.service },
        "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "aws:SourceAccount": ACCOUNT } },
    }] })
    .to_string();
    let parameters = [
        ("RoleName", role),
        ("AssumeRolePolicyDocument", trust.as_str()),
    ];
    let mut response = root.iam("CreateRole", &parameters).await?;
    let permissions = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Reading", "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*") },
    ] })
    .to_string();
    if response.status == 200 || exists_already(&response) {
        let parameters = [
            ("RoleName", role),
            ("PolicyName", "reading"),
            ("PolicyDocument", &permissions),
        ];
        response = root.iam("PutRolePolicy", &parameters).await?;
    }
    reporter.report(&accepted(
        resource.trusts,
        format!("iam CreateRole RoleName={role} AssumeRolePolicyDocument={trust}, iam PutRolePolicy PolicyDocument={permissions}"),
        &response,
        format!("only the service may assume it, for a resource of account {ACCOUNT}"),
    ));
    Ok(())
}

async fn the_role_is_attached(
    scene: &Scene,
    reporter: &mut Reporter,
    resource: &Resource,
) -> Result<()> {
    let response = attach(scene, resource, resource.role).await?;
    reporter.report(&accepted(
        resource.is_attached,
        attaching(resource, resource.role),
        &response,
        format!(
            "the caller may pass the role, and the role trusts {}",
            resource.service
        ),
    ));
    Ok(())
}

async fn it_is_used(scene: &Scene, reporter: &mut Reporter, resource: &Resource) -> Result<()> {
    let sent = format!(
        "bowline GetAttachedCredentials {}, s3 GetObject {REPORT}, signed with them",
        resource.arn
    );
    let input = json!({ "ResourceArn": resource.arn });
    let issued = scene
        .root
        .operator("GetAttachedCredentials", &input)
        .await?;
    let Some(credentials) = issued.credentials() else {
        reporter.report(&accepted(resource.is_used, sent, &issued, String::new()));
        return Ok(());
    };
    let client = scene.root.with_credentials(credentials);
    let response = client.s3(Method::GET, REPORT, "").await?;
    let user = issued.json_text("/AssumedRoleUser/Arn").unwrap_or_default();
    reporter.report(&accepted(
        resource.is_used,
        sent,
        &response,
        format!("the caller is {user}, and `reading` allows s3:GetObject"),
    ));
    Ok(())
}

async fn another_service_is_denied(
    scene: &Scene,
    reporter: &mut Reporter,
    instance: &Resource,
    function: &Resource,
) -> Result<()> {
    let spare = Resource {
        arn: format!("{}1", instance.arn.trim_end_matches('0')),
        ..*instance
    };
    let response = attach(scene, &spare, function.role).await?;
    let step = denied(
        scene,
        "The function's role is refused to an instance",
        attaching(&spare, function.role),
        &response,
        "AccessDenied",
        "Principal",
    )
    .await?;
    reporter.report(&step);
    Ok(())
}

async fn attach(scene: &Scene, resource: &Resource, role: &str) -> Result<Response> {
    let input = json!({ "Service": resource.service, "ResourceArn": resource.arn, "Role": role });
    Ok(scene.root.operator("AttachRole", &input).await?)
}

fn attaching(resource: &Resource, role: &str) -> String {
    let Resource {
        what, service, arn, ..
    } = resource;
    format!("bowline AttachRole, of {service}, to the {what} {arn}: {role}")
}
