//! The condition keys of a request, and when each is set.
//!
//! [`context`] fills the context of one decision in a fixed order, and the first value of a key
//! stays: first the keys of the request, the principal and the resource, which the server derives
//! itself; then the keys of the requirement, which come from the request's parameters; and last the
//! keys under a provider's prefix, which come from its tokens. `docs/condition-keys.md` has a row
//! for each key in [`ALL`]; a test holds the two together.

use std::borrow::Cow;

use bowline_aws::requirement::{ConditionEntry, Requirement, ResourceOwner};
use bowline_iam::{
    account::AccountId,
    context::{ConditionContext, ConditionValue},
};
use jiff::Timestamp;

use crate::{
    http::head::RequestHead,
    identity::index::{Index, ProviderEntry},
    oidc::VerifiedToken,
    request::{
        authorize::Requester,
        caller::{Caller, Identity},
        service::Service,
    },
};

/// Every key that a request may have. A key that ends with `/` is the start of a family of keys.
pub(crate) const ALL: [&str; 46] = [
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:PrincipalType",
    "aws:RequestTag/",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:userid",
    "aws:username",
