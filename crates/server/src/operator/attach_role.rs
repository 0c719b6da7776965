//! `AttachRole`: attaches a role to a resource of a service, which then assumes the role for it.
//!
//! `{"Service": "ec2.amazonaws.com", "ResourceArn": "...", "Role": "NAME or ARN"}`. The caller
//! needs `bowline:AttachRole` on the resource and `iam:PassRole` on the role. Resource, role and
//! caller belong to one account, and the role's trust policy lets the service assume the role for
//! this resource. A resource has one role: another is attached once the first is detached.

use bowline_aws::requirement::ResourceOwner;
use bowline_iam::account::AccountId;

use super::{
    error::OperatorError,
    input::{Members, invalid},
    operation::{Operation, to_json},
    service_resource,
};
use crate::{
    http::response::Response,
    iam::pass_role::PassRole,
    identity::{
        entity::{RoleService, ServiceAttachment, ServiceResource},
        index::{Index, RoleEntry},
        store::Transaction,
    },
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
    sts::{check_service_trust, role_arn::RoleArn},
};

/// The resource and the role.
#[derive(Debug)]
pub(super) struct AttachRole {
    resource: ServiceResource,
    role: RoleReference,
}

/// A role as a request names it.
#[derive(Debug)]
enum RoleReference {
    /// In the caller's account.
    Name(String),
    /// In the account of the ARN.
    Arn(String),
}

impl Operation for AttachRole {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
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
            RoleArn::parse(&role).map_err(|error| invalid(&error.to_string()))?;
            RoleReference::Arn(role)
        } else if is_name(&role) {
            RoleReference::Name(role)
        } else {
            return Err(invalid("Role: it is no name and no ARN of a role"));
        };
        Ok(Self { resource, role })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("service", self.resource.service().principal());
        parameters.add("resourceArn", self.resource.as_str().to_owned());
        let (RoleReference::Name(role) | RoleReference::Arn(role)) = &self.role;
        parameters.add("role", role.clone());
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        service_resource::target(&self.resource)
    }

    fn pass_role(&self, index: &Index, caller: AccountId) -> Option<PassRole> {
        let account = match &self.role {
            RoleReference::Name(_) => caller,
            RoleReference::Arn(arn) => RoleArn::parse(arn).map_or(caller, |arn| arn.account),
        };
        Some(PassRole {
            role_arn: self.role_arn(index, caller),
            account,
            service: self.resource.service().principal(),
            resource: Some(self.resource.to_string()),
        })
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        self.attach(call).await?;
        to_json(&serde_json::json!({}))
    }
}

impl AttachRole {
    async fn attach(&self, call: &Call<'_>) -> Result<(), RequestError> {
        let account = call.account();
        let authorized = find(&call.index, &self.role_arn(&call.index, account))?;
        // Trust is decided on the role as it is in the transaction: a change to the role meanwhile
        // is a conflict, and it is decided anew.
        call.update(|index| {
            let role = find_unchanged(index, authorized)?;
            let attachment = ServiceAttachment {
                account,
                resource: self.resource.clone(),
                role: role.record.id.clone(),
                created: call.now,
            };
            let permit = check_service_trust(index, role, &self.resource, call.now, attachment)?;
            let attachment = permit.into_action();
            let transaction = match index.service_attachment(account, self.resource.as_str()) {
                None => Transaction::new()
                    .touch(&*role.record, role.revision)
                    .create(&attachment),
                Some(same) if same.record.role == role.record.id => Transaction::new(),
                Some(_) => {
                    return Err(OperatorError::OtherRoleAttached(self.resource.clone()).into());
                }
            };
            Ok((transaction, ()))
        })
        .await
    }

    /// The ARN of the role that the request names, whether the role exists or not.
    fn role_arn(&self, index: &Index, caller: AccountId) -> String {
        match &self.role {
            RoleReference::Name(name) => index.role(caller, name).map_or_else(
                || format!("arn:aws:iam::{caller}:role/{name}"),
                |role| role.arn.to_string(),
            ),
            RoleReference::Arn(arn) => arn.clone(),
        }
    }
}

/// The role with this ARN.
fn find<'i>(index: &'i Index, arn: &str) -> Result<&'i RoleEntry, OperatorError> {
    let role = RoleArn::parse(arn).ok().and_then(|arn| arn.find(index));
    role.map(|role| &**role)
        .ok_or_else(|| OperatorError::NoSuchRole(arn.to_owned()))
}

/// The role that the request was authorized on, as it is in `index`. Another role that has taken
/// its name since is not it.
fn find_unchanged<'i>(
    index: &'i Index,
    authorized: &RoleEntry,
) -> Result<&'i RoleEntry, OperatorError> {
    let role = index.role_by_id(authorized.record.id.as_str());
    role.filter(|role| role.arn == authorized.arn)
        .map(|role| &**role)
        .ok_or_else(|| OperatorError::NoSuchRole(authorized.arn.to_string()))
}

/// `[\w+=,.@-]{1,64}` (shape `roleNameType` of IAM).
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bowline_aws::error::Code;
    use jiff::Timestamp;

    use super::*;
    use crate::{
        identity::entity::{self, TrustDocument},
        request::caller::{Caller, Identity},
        server::testing::TestServer,
    };

    fn role(account: AccountId, number: u8) -> entity::Role {
        entity::Role::new(format!("AROAOVERTAKEN0000000{number}").parse().unwrap(), account, "web".to_owned(), TrustDocument {
                text: r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#.to_owned(),
                principals: Vec::new(),
            }, Timestamp::UNIX_EPOCH)
    }

    #[tokio::test]
    async fn a_role_that_took_the_name_after_authorization_is_not_attached() {
        let server = TestServer::start().await;
        let state = &server.app().state;
        let account = state.current().accounts().next().unwrap().record.id;
        let made = Transaction::new().create(&role(account, 1));
        let at = state.commit(made).await.unwrap();
        let decided = state.current();
        let deleted = Transaction::new().delete(&role(account, 1), at);
        state.commit(deleted).await.unwrap();
        let again = Transaction::new().create(&role(account, 2));
        state.commit(again).await.unwrap();

        let root_key = decided.root_access_keys(account).next().unwrap();
        let caller = Caller::new(root_key.record.id.clone(), Identity::Root(account));
        let arn = format!("arn:aws:ec2:us-east-1:{account}:instance/i-0a1b2c3d4e5f60718");
        let attach = async |index: &Arc<Index>| {
            let call = Call {
                app: server.app(),
                index: Arc::clone(index),
                caller: &caller,
                now: Timestamp::UNIX_EPOCH,
                envelope: bowline_aws::output::Envelope::default(),
            };
            let input = AttachRole {
                resource: arn.parse().unwrap(),
                role: RoleReference::Name("web".to_owned()),
            };
            let attached = input.attach(&call).await;
            attached.map_err(|error| error.client.code())
        };
        assert_eq!(attach(&decided).await, Err(Code::NoSuchEntity));
        assert!(state.current().service_attachment(account, &arn).is_none());
        assert_eq!(attach(&state.current()).await, Ok(()));
    }
}
