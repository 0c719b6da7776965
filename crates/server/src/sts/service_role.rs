//! A service assumes the role that is attached to one of its resources.
//!
//! The server acts for the service; no request can authenticate as one. It does so for callers who
//! are permitted to attach a role to the resource or to fetch its credentials, and the role's trust
//! policy decides as for any other principal. The principal, `aws:SourceArn` and
//! `aws:SourceAccount` follow from the resource's ARN.

use std::sync::Arc;

use bowline_aws::{error::Protocol, sts::Operation, xml::iso_seconds};
use bowline_iam::decision::Permit;
use jiff::Timestamp;

use super::IssuedCredentials;
use crate::{
    audit::Outcome,
    explain::Explanation,
    identity::session::{self, AssumeRole},
    identity::{
        entity::ServiceResource,
        index::{Index, RoleEntry},
    },
    request::{
        authorize::Authorizer,
        call::Call,
        error::RequestError,
        record::{AuditedResource, RecordedIdentity, RequestRecord},
        request_id::RecordIds,
        service::Service,
    },
};

/// The proof that a role's trust policy lets the service assume it for this resource.
///
/// # Errors
/// `AccessDenied`, with the trace.
pub(crate) fn check_service_trust<A>(
    index: &Index,
    role: &RoleEntry,
    resource: &ServiceResource,
    now: Timestamp,
    action: A,
) -> Result<Permit<A>, RequestError> {
    let keys = [("sts:RoleSessionName".into(), resource.session_name().into())];
    Authorizer::for_service(index, now, resource).permit_service(role, &keys, action)
}

/// Assumes a role for the resource that it is attached to. The service's request has an audit
/// record of its own.
///
/// # Errors
/// As [`check_service_trust`]; `InternalFailure` if the session cannot be sealed or the record
/// cannot be written.
pub(crate) fn assume_for_service(
    call: &Call<'_>,
    record: &RequestRecord<'_>,
    role: &RoleEntry,
    resource: &ServiceResource,
) -> Result<IssuedCredentials, RequestError> {
    let seconds = resource.service().session_seconds();
    let ids = RecordIds {
        request: record.ids.request.clone(),
        event: call.app.request_ids.next().event,
    };
    let mut audit_record = RequestRecord::new(record.head, &ids, Service::Sts);
    audit_record.operation = Some(Operation::AssumeRole.into());
    audit_record.region.clone_from(&record.region);
    audit_record.identity = RecordedIdentity::Service(resource.service());
    audit_record.parameters.add("roleArn", role.arn.to_string());
    audit_record
        .parameters
        .add("roleSessionName", resource.session_name().to_owned());
    audit_record
        .parameters
        .add("durationSeconds", seconds.to_string());
    audit_record
        .parameters
        .add("sourceArn", resource.as_str().to_owned());
    audit_record.resource = Some(AuditedResource {
        arn: role.arn.to_string(),
        account: Some(role.record.account),
    });

    let session = AssumeRole {
        role: Arc::clone(&role.record),
        session_name: resource.session_name().to_owned(),
        session_policy: None,
        web_identity: None,
        service_resource: Some(resource.clone()),
        chained_from: None,
        issued: call.now,
    };
    let issued =
        check_service_trust(&call.index, role, resource, call.now, session).and_then(|permit| {
            let keyring = call.index.keyring();
            let minted = session::mint(
                permit,
                seconds,
                keyring,
                call.index.feature_level(),
                &call.app.random,
            )?;
            Ok(IssuedCredentials::from(minted))
        });
    let explanation = issued
        .as_ref()
        .err()
        .map(|error| Explanation::new(&audit_record, error, Protocol::STS));
    let outcome = match &issued {
        Ok(issued) => {
            let (credentials, user) = (&issued.credentials, &issued.user);
            let audited = &mut audit_record.response;
            audited.add("credentials.accessKeyId", credentials.access_key_id.clone());
            audited.add(
                "credentials.expiration",
                iso_seconds(credentials.expiration),
            );
            audited.add(
                "assumedRoleUser.assumedRoleId",
                user.assumed_role_id.clone(),
            );
            audited.add("assumedRoleUser.arn", user.arn.clone());
            Outcome::Done
        }
        Err(error) => Outcome::Failed {
            code: error.client.wire_code(Protocol::STS),
            kind: error.client.code().kind(),
            message: error.client.message(),
            explanation: explanation.as_ref(),
        },
    };
    call.app
        .audit
        .record(&audit_record, outcome)
        .map_err(|error| RequestError::new(error.to_aws(Service::Bowline), &error))?;
    issued
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        crypto::master_key::MasterKey,
        identity::{
            entity::{self, ServerId, TrustDocument},
            index::IdentityState,
            store::{MemoryStore, Transaction},
        },
    };

    const INSTANCE: &str = "arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718";

    /// A role of this account that trusts this service, under this condition.
    async fn role(account: &str, service: &str, condition: &str) -> (Arc<Index>, Arc<RoleEntry>) {
        let record = entity::Role::new(
            "AROAJQABLZS4A3QDU576Q".parse().unwrap(),
            account.parse().unwrap(),
            "web".to_owned(),
            TrustDocument {
                text: format!(
                    r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole","Condition":{condition}}}}}"#
                ),
                principals: Vec::new(),
            },
            Timestamp::UNIX_EPOCH,
        );
        let master_key = Arc::new(MasterKey::generate().unwrap());
        let state = IdentityState::start(
            Arc::new(MemoryStore::new()),
            master_key,
            ServerId::new([0; 16]),
        )
        .await
        .unwrap();
        let create = Transaction::new().create(&record);
        state.commit(create).await.unwrap();
        let index = state.current();
        let role = Arc::clone(index.role_by_id(record.id.as_str()).unwrap());
        (index, role)
    }

    /// Why the service may not assume it for the instance, if it may not.
    async fn refused(account: &str, service: &str, condition: &str) -> Option<RequestError> {
        let (index, role) = role(account, service, condition).await;
        let resource = INSTANCE.parse().unwrap();
        check_service_trust(&index, &role, &resource, Timestamp::UNIX_EPOCH, ()).err()
    }

    #[tokio::test]
    async fn a_service_is_trusted_for_its_own_resource() {
        let (own, ec2) = ("432797229265", "ec2.amazonaws.com");
        assert!(refused(own, ec2, "{}").await.is_none());
        let this = format!(
            r#"{{"StringEquals":{{"aws:SourceArn":"{INSTANCE}","aws:SourceAccount":"{own}","aws:PrincipalServiceName":"{ec2}","sts:RoleSessionName":"i-0a1b2c3d4e5f60718"}}}}"#
        );
        assert!(refused(own, ec2, &this).await.is_none());
        let other = this.replace("0718", "0719");
        assert!(refused(own, ec2, &other).await.is_some());
        assert!(refused(own, "lambda.amazonaws.com", "{}").await.is_some());
    }

    #[tokio::test]
    async fn a_role_of_another_account_is_refused_whatever_it_trusts() {
        let refused = refused("111122223333", "ec2.amazonaws.com", "{}").await;
        let refused = refused.unwrap();
        insta::assert_snapshot!(refused.client.message(), @"The role arn:aws:iam::111122223333:role/web cannot be assumed by ec2.amazonaws.com.");
        insta::assert_snapshot!(refused.internal.unwrap(), @"`arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718` is of another account than the role");
    }
}
