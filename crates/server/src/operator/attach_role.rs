//! `AttachRole`: a service is to assume a role for one of its resources.
//!
//! `{"Service": "ec2.amazonaws.com", "ResourceArn": "...", "Role": "NAME or ARN"}`. The caller needs `bowline:AttachRole` on the
//! resource and `iam:PassRole` on the role; resource, role and caller are of one account; the role's trust policy lets the service assume
//! it for this resource. A resource has one role: another is attached once the first is detached.

use bowline_aws::error::{AwsError, Code};
use bowline_iam::account::AccountId;

use super::{
    input::{Members, invalid},
    service_resource,
};
use crate::{
    api::{call::Call, passed_role::Passed},
    entity::{RoleService, ServiceAttachment, ServiceResource},
    event::{Fields, Subject},
    index::{Index, Role},
    refusal::Refused,
    store::Transaction,
    sts::{role_arn::RoleArn, trusted},
};

/// Which role to attach to what.
#[derive(Debug)]
pub(super) struct AttachRole {
    resource: ServiceResource,
    role: Named,
}

/// A role as a request names it.
#[derive(Debug)]
enum Named {
    /// In the caller's account.
    Name(String),
    /// In the account that it says.
    Arn(String),
}

impl AttachRole {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["Service", "ResourceArn", "Role"])?;
        let service = members.required_text("Service")?;
        let Some(service) = RoleService::from_principal(&service) else {
            let all = RoleService::ALL.map(RoleService::principal).join(", ");
            return Err(invalid(&format!(
                "Service: it assumes no roles here; those that do are {all}"
            )));
        };
        let resource = service_resource::read(members)?;
        if resource.service() != service {
            let (of, asked) = (resource.service().principal(), service.principal());
            return Err(invalid(&format!(
                "ResourceArn: it is a resource of {of}, not of {asked}"
            )));
        }
        let role = members.required_text("Role")?;
        let role = if role.starts_with("arn:") {
            RoleArn::parse(&role)?;
            Named::Arn(role)
        } else if is_name(&role) {
            Named::Name(role)
        } else {
            return Err(invalid("Role: it is no name and no ARN of a role"));
        };
        Ok(Self { resource, role })
    }

    pub(super) fn tell(&self, told: &mut Fields<'_>) {
        told.add("service", self.resource.service().principal());
        told.add("resourceArn", self.resource.as_str().to_owned());
        let (Named::Name(role) | Named::Arn(role)) = &self.role;
        told.add("role", role.clone());
    }

    pub(super) fn subject(&self) -> Subject {
        service_resource::subject(&self.resource)
    }

    /// The role that is handed over, whether it exists or not.
    pub(super) fn passed(&self, index: &Index, caller: AccountId) -> Passed {
        let (role_arn, account) = match &self.role {
            Named::Name(name) => {
                let role = index.role(caller, name);
                let arn = role.map_or_else(
                    || format!("arn:aws:iam::{caller}:role/{name}"),
                    |role| role.arn.to_string(),
                );
                (arn, caller)
            }
            Named::Arn(arn) => {
                let account = RoleArn::parse(arn).map_or(caller, |arn| arn.account);
                (arn.clone(), account)
            }
        };
        Passed {
            role_arn,
            account,
            service: self.resource.service().principal(),
            resource: Some(self.resource.to_string()),
        }
    }

    pub(super) async fn carry_out(&self, call: &Call<'_>) -> Result<String, Refused> {
        let account = call.account();
        let passed = self.passed(&call.index, account).role_arn;
        // Decided on the role as it is: whoever changes it meanwhile is in the way of the transaction, and it is decided anew.
        let mut refused = None;
        let updated = call
            .update(|index| {
                let role = find(index, &passed)?;
                if let Err(why) = trusted(role, &self.resource, call.now, ()) {
                    let error = why.error.clone();
                    refused = Some(why);
                    return Err(error);
                }
                let attachment = ServiceAttachment {
                    account,
                    resource: self.resource.clone(),
                    role: role.record.id.clone(),
                    created: call.now,
                };
                let transaction = match index.service_attachment(account, self.resource.as_str()) {
                    None => Transaction::new()
                        .touch(&*role.record, role.revision)
                        .create(&attachment),
                    Some(same) if same.record.role == role.record.id => Transaction::new(),
                    Some(_) => {
                        let message = format!(
                            "The resource {} has another role attached. Detach that first.",
                            self.resource
                        );
                        return Err(AwsError::new(Code::EntityAlreadyExists, message));
                    }
                };
                Ok((transaction, ()))
            })
            .await;
        match (updated, refused) {
            (Ok(()), _) => Ok("{}".to_owned()),
            // With the trace.
            (Err(error), Some(why)) if error.error == why.error => Err(why),
            (Err(error), _) => Err(error),
        }
    }
}

/// The role with this ARN.
fn find<'i>(index: &'i Index, arn: &str) -> Result<&'i Role, AwsError> {
    let role = RoleArn::parse(arn)?.find(index);
    role.map(|role| &**role).ok_or_else(|| {
        let message = format!("The role {arn} cannot be found.");
        AwsError::new(Code::NoSuchEntity, message)
    })
}

/// `[\w+=,.@-]{1,64}` (shape `roleNameType` of IAM).
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}
