//! The shape of a record: CloudTrail's ("CloudTrail record contents", AWS `CloudTrail` User Guide, event version 1.11).
//!
//! Parameters come from lists of those that are safe to tell ([`Event`] holds no others), and the answer of an exchange is told
//! without secret and token.

use bowline_aws::xml::iso_seconds;
use bowline_iam::account::AccountId;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    caller::{Caller, Identity},
    event::{Event, Fields, Subject, Who},
    refusal::Explanation,
};

/// Longest user agent that is told.
const MAX_USER_AGENT: usize = 256;

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome<'a> {
    /// As it should.
    Done,
    /// With an error.
    Failed {
        /// AWS's code.
        code: &'a str,
        /// What the client reads.
        message: &'a str,
        /// What the operator may know.
        explanation: Option<&'a Explanation>,
    },
}

/// A record as a line of JSON.
pub(crate) fn render(event: &Event<'_>, outcome: Outcome<'_>) -> Vec<u8> {
    let mut line = Vec::with_capacity(2048);
    let record = Record::new(event, outcome);
    // Into memory, from types that are all text: nothing can fail.
    if serde_json::to_writer(&mut line, &record).is_err() {
        line.clear();
    }
    line.push(b'\n');
    line
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: UserIdentity<'a>,
    event_time: String,
    event_source: &'static str,
    event_name: &'static str,
    aws_region: Option<&'a str>,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: String,
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<Nested<'a>>,
    response_elements: Option<Nested<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<AdditionalEventData<'a>>,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<[Resource<'a>; 1]>,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: Option<AccountText>,
    event_category: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdditionalEventData<'a> {
    explanation: &'a Explanation,
}

#[derive(Serialize)]
struct Resource<'a> {
    #[serde(rename = "ARN")]
    arn: &'a str,
    #[serde(rename = "accountId", skip_serializing_if = "Option::is_none")]
    account: Option<AccountText>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    session_issuer: SessionIssuer<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_id_federation_data: Option<WebIdFederationData<'a>>,
    attributes: Attributes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer<'a> {
    r#type: &'static str,
    principal_id: &'a str,
    arn: &'a str,
    account_id: AccountText,
    user_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WebIdFederationData<'a> {
    federated_provider: &'a str,
    attributes: FederationAttributes<'a>,
}

#[derive(Serialize)]
struct FederationAttributes<'a> {
    aud: &'a str,
    sub: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    creation_date: String,
    mfa_authenticated: &'static str,
}

/// An account id as text.
struct AccountText(AccountId);

impl Serialize for AccountText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'a> Record<'a> {
    fn new(event: &'a Event<'_>, outcome: Outcome<'a>) -> Self {
        let head = event.head;
        let (error_code, error_message, explanation) = match outcome {
            Outcome::Done => (None, None, None),
            Outcome::Failed {
                code,
                message,
                explanation,
            } => (Some(code), Some(message), explanation),
        };
        let about_data = event.is_about_data();
        Self {
            event_version: "1.11",
            user_identity: UserIdentity::of(&event.who),
            event_time: iso_seconds(head.now),
            event_source: event.service.event_source(),
            event_name: event.operation.unwrap_or("Unknown"),
            aws_region: event.region.as_deref(),
            source_ip_address: head.source.address.to_string(),
            user_agent: head.header("user-agent").map(|agent| {
                let end = agent.floor_char_boundary(MAX_USER_AGENT);
                agent.get(..end).unwrap_or_default()
            }),
            error_code,
            error_message,
            request_parameters: Nested::new(&event.parameters),
            response_elements: Nested::new(&event.response),
            additional_event_data: explanation
                .map(|explanation| AdditionalEventData { explanation }),
            request_id: &head.ids.request,
            event_id: &head.ids.record,
            read_only: event.reads_only(),
            resources: event.resource.as_ref().map(|resource| [resource.into()]),
            event_type: "AwsApiCall",
            management_event: !about_data,
            recipient_account_id: recipient(event).map(AccountText),
            event_category: if about_data { "Data" } else { "Management" },
        }
    }
}

impl<'a> From<&'a Subject> for Resource<'a> {
    fn from(subject: &'a Subject) -> Self {
        Self {
            arn: &subject.arn,
            account: subject.account.map(AccountText),
        }
    }
}

/// The account whose call it is: that of the resource, or else the caller's.
fn recipient(event: &Event<'_>) -> Option<AccountId> {
    let of_resource = event.resource.as_ref().and_then(|subject| subject.account);
    of_resource.or(match &event.who {
        Who::Anonymous => None,
        Who::Claimed { account, .. } | Who::Unproven { account, .. } => *account,
        Who::Holder { account, .. } => Some(*account),
        Who::Caller(caller) => Some(caller.account()),
    })
}

impl<'a> UserIdentity<'a> {
    fn of(who: &'a Who) -> Self {
        match who {
            Who::Anonymous => Self {
                r#type: "Anonymous",
                ..Self::default()
            },
            Who::Claimed { access_key_id, .. } => Self {
                r#type: "Unknown",
                access_key_id: Some(access_key_id.as_str()),
                ..Self::default()
            },
            Who::Unproven { issuer, .. } => Self {
                r#type: "Unknown",
                identity_provider: issuer.as_deref(),
                ..Self::default()
            },
            Who::Holder {
                provider,
                audience,
                subject,
                ..
            } => Self {
                r#type: "WebIdentityUser",
                principal_id: Some(format!("{provider}:{audience}:{subject}")),
                user_name: Some(subject),
                identity_provider: Some(provider),
                ..Self::default()
            },
            Who::Caller(caller) => Self::of_caller(caller),
        }
    }

    fn of_caller(caller: &'a Caller) -> Self {
        let (r#type, user_name, session_context) = match caller.identity() {
            Identity::Root(_) => ("Root", None, None),
            Identity::User(user) => ("IAMUser", Some(user.record.name.as_str()), None),
            Identity::Session { session, role } => {
                let federation = session.web_identity.as_ref();
                let context = SessionContext {
                    session_issuer: SessionIssuer {
                        r#type: "Role",
                        principal_id: session.role_id.as_str(),
                        arn: &role.arn,
                        account_id: AccountText(session.account),
                        user_name: &role.record.name,
                    },
                    web_id_federation_data: federation.map(|claims| WebIdFederationData {
                        federated_provider: &claims.provider_arn,
                        attributes: FederationAttributes {
                            aud: &claims.audience,
                            sub: &claims.subject,
                        },
                    }),
                    attributes: Attributes {
                        creation_date: iso_seconds(session.issued),
                        mfa_authenticated: if session.mfa_authenticated_at.is_some() {
                            "true"
                        } else {
                            "false"
                        },
                    },
                };
                ("AssumedRole", None, Some(context))
            }
        };
        Self {
            r#type,
            principal_id: Some(caller.user_id()),
            arn: Some(caller.arn()),
            account_id: Some(AccountText(caller.account())),
            access_key_id: Some(caller.access_key_id().as_str()),
            user_name,
            identity_provider: None,
            session_context,
        }
    }
}

/// Fields, those with a dot in their name as objects inside. Such fields stand together.
struct Nested<'a>(&'a Fields<'a>);

impl<'a> Nested<'a> {
    fn new(fields: &'a Fields<'_>) -> Option<Self> {
        (!fields.is_empty()).then_some(Self(fields))
    }
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut fields = self.0.iter().peekable();
        while let Some((name, value)) = fields.next() {
            let Some((outer, inner)) = name.split_once('.') else {
                map.serialize_entry(name, value)?;
                continue;
            };
            let mut object = vec![(inner, value)];
            while let Some((inner, value)) = fields.peek().and_then(|(name, value)| {
                let (other, inner) = name.split_once('.')?;
                (other == outer).then_some((inner, *value))
            }) {
                object.push((inner, value));
                fields.next();
            }
            map.serialize_entry(outer, &Object(&object))?;
        }
        map.end()
    }
}

struct Object<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
