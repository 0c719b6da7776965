//! An instance and a function: each has a role that its service assumes for it, and no other.

use anyhow::Result;
use bowline_client::Response;
use http::Method;
use serde_json::json;

use super::{
    pod::{BUCKET, REPORT},
    step::{accepted, is_there_already, refused},
};
use crate::commands::demo::{
    scene::{ACCOUNT, REGION, Scene},
    teller::Teller,
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

/// Plays it.
///
/// # Errors
/// If no answer comes at all.
pub(super) async fn tell(scene: &Scene, teller: &mut Teller) -> Result<()> {
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
        the_role_trusts_the_service(scene, teller, resource).await?;
        the_role_is_attached(scene, teller, resource).await?;
        it_is_used(scene, teller, resource).await?;
    }
    another_service_is_refused(scene, teller, &instance, &function).await
}

async fn the_role_trusts_the_service(
    scene: &Scene,
    teller: &mut Teller,
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
    let mut answer = root.iam("CreateRole", &parameters).await?;
    let permissions = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Reading", "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*") },
    ] })
    .to_string();
    if answer.status == 200 || is_there_already(&answer) {
        let parameters = [
            ("RoleName", role),
            ("PolicyName", "reading"),
            ("PolicyDocument", &permissions),
        ];
        answer = root.iam("PutRolePolicy", &parameters).await?;
    }
    teller.tell(&accepted(
        resource.trusts,
        format!("iam CreateRole RoleName={role} AssumeRolePolicyDocument={trust}, iam PutRolePolicy PolicyDocument={permissions}"),
        &answer,
        format!("only the service may assume it, for a resource of account {ACCOUNT}"),
    ));
    Ok(())
}

async fn the_role_is_attached(
    scene: &Scene,
    teller: &mut Teller,
    resource: &Resource,
) -> Result<()> {
    let answer = attach(scene, resource, resource.role).await?;
    teller.tell(&accepted(
        resource.is_attached,
        attaching(resource, resource.role),
        &answer,
        format!(
            "the caller may pass the role, and the role trusts {}",
            resource.service
        ),
    ));
    Ok(())
}

async fn it_is_used(scene: &Scene, teller: &mut Teller, resource: &Resource) -> Result<()> {
    let sent = format!(
        "bowline GetAttachedCredentials {}, s3 GetObject {REPORT}, signed with them",
        resource.arn
    );
    let input = json!({ "ResourceArn": resource.arn });
    let given = scene
        .root
        .operator("GetAttachedCredentials", &input)
        .await?;
    let Some(credentials) = given.credentials() else {
        teller.tell(&accepted(resource.is_used, sent, &given, String::new()));
        return Ok(());
    };
    let it = scene.root.with_credentials(credentials);
    let answer = it.s3(Method::GET, REPORT, "").await?;
    let user = given.json_text("/AssumedRoleUser/Arn").unwrap_or_default();
    teller.tell(&accepted(
        resource.is_used,
        sent,
        &answer,
        format!("it is {user}, and `reading` allows s3:GetObject"),
    ));
    Ok(())
}

async fn another_service_is_refused(
    scene: &Scene,
    teller: &mut Teller,
    instance: &Resource,
    function: &Resource,
) -> Result<()> {
    let spare = Resource {
        arn: format!("{}1", instance.arn.trim_end_matches('0')),
        ..*instance
    };
    let answer = attach(scene, &spare, function.role).await?;
    let told = refused(
        scene,
        "The function's role is refused to an instance",
        attaching(&spare, function.role),
        &answer,
        "AccessDenied",
        "Principal",
    )
    .await?;
    teller.tell(&told);
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
