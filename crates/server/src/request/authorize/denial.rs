//! What a client reads of a denial.

use bowline_aws::error::AwsError;
use bowline_iam::{
    authorize::AuthorizationRequest,
    decision::{Denied, plain_text},
};

use super::Authorizer;
use crate::request::{requester::Requester, service::Service};

impl Authorizer<'_> {
    /// AWS's text. It has the reason if the resource belongs to the caller's account.
    pub(super) fn denial(&self, request: &AuthorizationRequest<'_>, denied: &Denied) -> AwsError {
        match (self.requester, self.service) {
            (Requester::WebIdentity { .. } | Requester::Service(_), _) => {
                self.plain_denial(Some(request.resource.arn))
            }
            (Requester::Anonymous | Requester::Caller(_), Service::S3) if !self.owns(request) => {
                AwsError::access_denied("Access Denied")
            }
            (Requester::Anonymous | Requester::Caller(_), _) if !self.owns(request) => {
                AwsError::access_denied(plain_text(request))
            }
            // S3 puts the resource into quotes.
            (Requester::Anonymous | Requester::Caller(_), Service::S3) => {
                AwsError::access_denied(format!(
                    "User: {} is not authorized to perform: {} on resource: \"{}\" {}",
                    request.principal,
                    request.action,
                    request.resource.arn,
                    denied.because(request)
                ))
            }
            (
                Requester::Anonymous | Requester::Caller(_),
                Service::Iam | Service::Sts | Service::DynamoDb | Service::Bowline,
            ) => AwsError::access_denied(denied.enhanced_text(request)),
        }
    }

    /// The denial without a decision, for the resource with this ARN.
    pub(super) fn plain_denial(&self, arn: Option<&str>) -> AwsError {
        AwsError::access_denied(match (self.requester, arn) {
            (Requester::WebIdentity { .. }, _) => {
                format!("Not authorized to perform {}", self.assume_role_action())
            }
            (Requester::Service(resource), Some(arn)) => {
                let service = resource.service().principal();
                format!("The role {arn} cannot be assumed by {service}.")
            }
            (Requester::Anonymous | Requester::Caller(_), _) | (Requester::Service(_), None) => {
                "Access Denied".to_owned()
            }
        })
    }

    /// Whether the resource belongs to the caller's account.
    pub(super) fn owns(&self, request: &AuthorizationRequest<'_>) -> bool {
        let Requester::Caller(caller) = self.requester else {
            return false;
        };
        let owner = request.resource.account;
        owner.is_none_or(|owner| owner == caller.account())
    }
}
