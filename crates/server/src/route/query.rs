//! The query protocol: requests to IAM and STS as form parameters.
//!
//! A signed request is authenticated, parsed, validated, authorized and executed, in this order.
//! The only unsigned operation is the exchange of a token.

use bowline_aws::{
    audited_parameters::AUDITED_PARAMETERS,
    error::{AwsError, Code},
    iam,
    query::{MAX_FORM_BYTES, Params, list_index},
    sigv4::UnverifiedRequest,
    sts,
};
use bytes::Bytes;

use crate::{
    app::App,
    http::{
        body::{self, RequestBody},
        response::{self, Response},
    },
    iam as iam_api,
    request::{
        authenticate::{Signed, signed_body},
        authorize::Authorizer,
        call::Call,
        error::RequestError,
        record::{AuditedResource, RequestRecord},
        service::Service,
    },
    sts as exchange,
};

/// Serves a signed request to IAM or STS.
pub(crate) async fn signed(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: &UnverifiedRequest<'_>,
    body: RequestBody,
) -> Result<Response, RequestError> {
    let signed = signed_body(record, signature, &app.state, body, MAX_FORM_BYTES).await?;
    Box::pin(authenticated(app, record, signature, signed)).await
}

async fn authenticated(
    app: &App,
    record: &mut RequestRecord<'_>,
    signature: &UnverifiedRequest<'_>,
    signed: Signed,
) -> Result<Response, RequestError> {
    let head = record.head;
    let Signed {
        body,
        caller,
        index,
    } = signed;
    let (caller, region) = (&*caller, signature.scope().region());

    let params = read(record, &body, signature.parameters())?;
    let ActionAndVersion { action, version } = action_and_version(&params)?;
    let call = Call {
        app,
        index: std::sync::Arc::clone(&index),
        caller,
        now: head.now,
        envelope: record.envelope(),
    };
    let authorizer = Authorizer::new(&index, head, record.service, Some(region), Some(caller));
    let unknown = || AwsError::unknown_operation(action, version);
    let body = match record.service {
        Service::Iam => {
            let operation = iam::Operation::from_name(action).filter(|_| version == iam::VERSION);
            let operation = operation.ok_or_else(unknown)?;
            record.operation = Some(operation.into());
            audit_parameters(record, &params);
            let request = iam::Request::parse(operation, &params).map_err(AwsError::from)?;
            let requirements = iam_api::resource::requirements(operation, &params, caller, &index)
                .map_err(AwsError::from)?;
            let permit = authorizer.permit(&requirements, request).await;
            record.resource = requirements.into_iter().next().map(AuditedResource::from);
            let permit = permit?;
            app.audit.check_before(record)?;
            iam_api::carry_out(permit, &call).await?
        }
        Service::Sts => {
            let operation = sts::Operation::from_name(action).filter(|_| version == sts::VERSION);
            let operation = operation.ok_or_else(unknown)?;
            record.operation = Some(operation.into());
            audit_parameters(record, &params);
            exchange::signed(operation, &params, &call, &authorizer, record).await?
        }
        Service::S3 | Service::DynamoDb | Service::Bowline => return Err(unknown().into()),
    };
    Ok(response::ok(record.envelope().format.content_type(), body))
}

/// Serves an unsigned request: the exchange of a token, and nothing else.
pub(crate) async fn unsigned(
    app: &App,
    record: &mut RequestRecord<'_>,
    mut body: RequestBody,
) -> Result<Response, RequestError> {
    let body = body::read(&mut body, MAX_FORM_BYTES, record.service.protocol()).await?;
    Box::pin(unauthenticated(app, record, body)).await
}

async fn unauthenticated(
    app: &App,
    record: &mut RequestRecord<'_>,
    body: Bytes,
) -> Result<Response, RequestError> {
    let params = read(record, &body, record.head.query())?;
    let version = params.get("Version").unwrap_or_default();
    if version == iam::VERSION {
        record.service = Service::Iam;
    }
    let operation = params.get("Action").and_then(sts::Operation::from_name);
    match operation {
        Some(operation @ sts::Operation::AssumeRoleWithWebIdentity) if version == sts::VERSION => {
            record.operation = Some(operation.into());
            let input =
                sts::AssumeRoleWithWebIdentityRequest::parse(&params).map_err(AwsError::from)?;
            audit_parameters(record, &params);
            let body = exchange::with_web_identity(app, record, &params, input).await?;
            Ok(response::ok(record.envelope().format.content_type(), body))
        }
        // The other operation that is unsigned by design. It is not built.
        Some(operation @ sts::Operation::AssumeRoleWithSAML) if version == sts::VERSION => {
            record.operation = Some(operation.into());
            sts::Request::parse(operation, &params).map_err(AwsError::from)?;
            Err(AwsError::unknown_operation(operation.name(), version).into())
        }
        _ => {
            let protocol = record.service.protocol();
            Err(AwsError::missing_authentication(protocol).into())
        }
    }
}

/// Reads the parameters, from a form by POST or from the query.
fn read(record: &RequestRecord<'_>, body: &Bytes, query: &str) -> Result<Params, AwsError> {
    let head = record.head;
    // Clients without an SDK send forms without a type.
    let other_type = head.has_content_type() && !head.has_form();
    if !body.is_empty() && other_type {
        let message = "The request body must be of the type application/x-www-form-urlencoded";
        return Err(AwsError::new(Code::MalformedInput, message));
    }
    Ok(Params::parse(body, Some(query))?)
}

struct ActionAndVersion<'a> {
    action: &'a str,
    version: &'a str,
}

fn action_and_version(params: &Params) -> Result<ActionAndVersion<'_>, AwsError> {
    let missing = |message: &'static str| AwsError::new(Code::MissingAction, message);
    Ok(ActionAndVersion {
        action: params
            .get("Action")
            .filter(|action| !action.is_empty())
            .ok_or_else(|| missing("Missing Action parameter"))?,
        version: params.get("Version").unwrap_or_default(),
    })
}

/// Records the parameters that the audit may contain.
fn audit_parameters(record: &mut RequestRecord<'_>, params: &Params) {
    let audited = |name: &str| AUDITED_PARAMETERS.iter().find(|(wire, _)| *wire == name);
    let mut lists: Vec<(&str, usize, &str)> = Vec::new();
    for (name, value) in params.iter() {
        if let Some((_, audited)) = audited(name) {
            record.parameters.add(*audited, value.to_owned());
        } else if let Some((list, number)) = name.split_once(".member.")
            && let Some((_, audited)) = audited(list)
            && let Some(number) = list_index(number)
        {
            lists.push((audited, number, value));
        }
    }
    lists.sort_unstable();
    for (list, number, value) in lists {
        record
            .parameters
            .add(format!("{list}.{number}"), value.to_owned());
    }
}
