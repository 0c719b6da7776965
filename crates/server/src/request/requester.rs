//! Who makes a request, as authorization sees it.

use crate::{
    identity::{entity::ServiceResource, index::ProviderEntry},
    oidc::VerifiedToken,
    request::caller::Caller,
};

/// Who makes a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Requester<'a> {
    /// A client that has not signed.
    Anonymous,
    /// A caller whose signature was verified.
    Caller(&'a Caller),
    /// A client with a token that was verified against a key of the provider.
    WebIdentity {
        /// The token.
        token: &'a VerifiedToken<'a>,
        /// The provider.
        provider: &'a ProviderEntry,
    },
    /// The service that this resource belongs to. The server acts for it; no request signs as one.
    Service(&'a ServiceResource),
}
