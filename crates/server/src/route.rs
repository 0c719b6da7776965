//! Routing: leads each request to its service, and each outcome to [`finish`].
//!
//! The credential scope of a signed request selects the service. Other headers and parameters that
//! name a service or an operation must agree with it, so that parts which the signature does not
//! cover cannot redirect the request. An unsigned request is the exchange of a token, or an
//! anonymous request to S3.

mod finish;
mod query;

use std::sync::Arc;

use bowline_aws::{
    dynamodb::Api,
    error::{AwsError, Code},
    other_service::OtherService,
    sigv4::{
        PresentedSignature, RequestParts, SignatureError, Unsupported, UnverifiedRequest, present,
    },
};
use http::{Method, Request};
use hyper::body::Incoming;

use crate::{
    app::App,
    gateway::{dynamodb, s3},
    http::{
        body::RequestBody,
        connections::OpenConnection,
        head::{AmbiguousRequest, RequestHead},
        listener::Handler,
        peer::Peer,
        response::{self, Response, WholeBody},
    },
    operator,
    request::{
        authenticate::record_claimed_identity, error::RequestError, record::RequestRecord,
        request_id::RecordIds, service::Service,
    },
};

/// The prefix of `X-Amz-Target` for DynamoDB's streams, which are signed for DynamoDB.
const STREAMS_PREFIX: &str = "DynamoDBStreams_20120810";

/// The service of a request.
#[derive(Debug)]
enum Route<'a> {
    /// IAM or STS by form parameters.
    Query(Service, UnverifiedRequest<'a>),
    /// Unsigned form parameters.
    UnsignedQuery,
    /// The operator API, with the operation's name.
    Operator(&'a str, UnverifiedRequest<'a>),
    /// DynamoDB or its streams, with the operation's name.
    DynamoDb(Api, &'a str, UnverifiedRequest<'a>),
    /// S3, signed or not.
    S3(Option<UnverifiedRequest<'a>>),
    /// A service of AWS that this endpoint does not serve.
    NotServed(OtherService, UnverifiedRequest<'a>),
}

/// A request that no service takes, and the service whose error format the client gets.
#[derive(Debug)]
struct Unroutable(Service, RequestError);

impl Handler for App {
    async fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
        connection: Arc<OpenConnection>,
    ) -> Response {
        let (parts, body) = request.into_parts();
        let (now, stopwatch) = (self.clock.now(), self.clock.stopwatch());
        let ids = self.request_ids.next();
        let live = self.live.load();
        let head = RequestHead::read(parts, peer, &live.trusted_proxies, now, stopwatch);
        drop(live);
        let head = match head {
            Ok(head) => head,
            Err(ambiguous) => return self.reject_ambiguous(*ambiguous, &ids),
        };
        if self
            .connections
            .forward(&connection, head.peer.address)
            .is_err()
        {
            return self.reject_forwarded(&head, &ids);
        }
        let body = RequestBody::new(
            body,
            head.header("expect").is_some(),
            head.peer.source(),
            &self.body_budget,
            connection,
        );
        let unread = body.unread();
        let mut response = self.serve(&head, &ids, body).await;
        if let Some(WholeBody(length)) = response.extensions_mut().remove() {
            response = if unread.reserve_response(length) {
                response.map(|body| response::owned_by(body, unread.clone()))
            } else {
                response::no_memory()
            };
        }
        // A `Content-Length` beside a transfer coding was dropped by now, and a proxy in front may
        // have gone by it: the connection carries no further request (RFC 9112, 6.3).
        if unread.should_close() || head.header("transfer-encoding").is_some() {
            response::end_connection(&mut response);
        }
        response
    }

    fn unreadable(&self) {
        self.metrics.unreadable();
    }
}

impl App {
    /// Rejects a request that can be parsed in two ways, in the format of S3 since its API is
    /// unknown. The next request on the connection may begin at either of two places, so the
    /// connection ends.
    fn reject_ambiguous(
        &self,
        AmbiguousRequest { head, why }: AmbiguousRequest,
        ids: &RecordIds,
    ) -> Response {
        let record = RequestRecord::new(&head, ids, Service::S3);
        let mut response = finish::finish(self, &record, Err(why.into()));
        response::end_connection(&mut response);
        response
    }

    /// Rejects a request of an address that has its part of the connections, through a proxy. The
    /// proxy's connection stays open: it carries the requests of others too.
    fn reject_forwarded(&self, head: &RequestHead, ids: &RecordIds) -> Response {
        let service = guess_service_for_error_format(head);
        let record = RequestRecord::new(head, ids, service);
        let error = AwsError::unavailable(service.protocol());
        let reason = "the address has its part of the connections";
        finish::finish(self, &record, Err(RequestError::new(error, reason)))
    }

    async fn serve(&self, head: &RequestHead, ids: &RecordIds, body: RequestBody) -> Response {
        let headers = head.headers();
        let parts = RequestParts {
            method: head.method().as_str(),
            path: head.path(),
            query: head.query(),
            headers: &headers,
        };
        let mut record;
        // Each service's work is boxed once the body is read: otherwise every request would take
        // the memory of the largest, and so would one whose body never comes.
        let outcome = match route(head, &parts) {
            Ok(Route::Query(service, signature)) => {
                record = RequestRecord::new(head, ids, service);
                query::signed(self, &mut record, &signature, body).await
            }
            Ok(Route::UnsignedQuery) => {
                record = RequestRecord::new(head, ids, Service::Sts);
                query::unsigned(self, &mut record, body).await
            }
            Ok(Route::Operator(operation, signature)) => {
                record = RequestRecord::new(head, ids, Service::Bowline);
                operator::serve(self, &mut record, &signature, operation, body).await
            }
            Ok(Route::DynamoDb(target, name, signature)) => {
                record = RequestRecord::new(head, ids, Service::DynamoDb);
                let operation = (target, name);
                dynamodb::serve(self, &mut record, &signature, operation, body).await
            }
            Ok(Route::S3(signature)) => {
                record = RequestRecord::new(head, ids, Service::S3);
                Box::pin(s3::serve(self, &mut record, signature.as_ref(), body)).await
            }
            Ok(Route::NotServed(other, signature)) => {
                record = RequestRecord::new(head, ids, Service::Bowline);
                record_claimed_identity(&mut record, &signature, &self.state.current());
                let reason = format!("the request is signed for `{}`", other.name);
                Err(RequestError::new(AwsError::not_served(&other), &reason))
            }
            Err(Unroutable(service, refused)) => {
                record = RequestRecord::new(head, ids, service);
                if let Ok(
                    PresentedSignature::Header(signature) | PresentedSignature::Query(signature),
                ) = present(&parts)
                {
                    record_claimed_identity(&mut record, &signature, &self.state.current());
                }
                Err(refused)
            }
        };
        finish::finish(self, &record, outcome)
    }
}

fn route<'a>(head: &'a RequestHead, parts: &RequestParts<'a>) -> Result<Route<'a>, Unroutable> {
    let target = target(parts).map_err(|error| {
        let service = guess_service_for_error_format(head);
        Unroutable(
            service,
            AwsError::from_signature(&error, service.protocol()).into(),
        )
    })?;
    let presented = present(parts).map_err(|error| {
        let service = guess_service_for_error_format(head);
        let aws = AwsError::from_signature(&error, service.protocol());
        Unroutable(service, RequestError::new(aws, &error))
    })?;
    match presented {
        PresentedSignature::Header(signature) => signed(head, parts, target, signature),
        PresentedSignature::Query(signature) => presigned(head, parts, target, signature),
        PresentedSignature::Unsigned => match target {
            Some(_) => {
                let service = guess_service_for_error_format(head);
                let error = AwsError::missing_authentication(service.protocol());
                Err(Unroutable(service, error.into()))
            }
            None if is_query_call(head) => Ok(Route::UnsignedQuery),
            None => Ok(Route::S3(None)),
        },
    }
}

fn signed<'a>(
    head: &'a RequestHead,
    parts: &RequestParts<'a>,
    target: Option<&'a str>,
    signature: UnverifiedRequest<'a>,
) -> Result<Route<'a>, Unroutable> {
    let scope = signature.scope().service();
    let Some(service) = Service::from_scope(scope) else {
        if let Some(other) = OtherService::find(scope, parts) {
            return Ok(Route::NotServed(other, signature));
        }
        let service = guess_service_for_error_format(head);
        let reason = format!("no service is called `{scope}`");
        return Err(wrong_scope(service, scope, &reason));
    };
    match (service, service.target_prefix(), target) {
        // Each S3 operation has a list of the `x-amz-*` headers that it takes.
        (Service::S3, _, _) => Ok(Route::S3(Some(signature))),
        (Service::Iam | Service::Sts, _, None) if head.path() == "/" && has_query_method(head) => {
            Ok(Route::Query(service, signature))
        }
        (Service::DynamoDb | Service::Bowline, Some(prefix), Some(target)) => {
            match target.split_once('.') {
                Some((before, operation)) if before == prefix => {
                    Ok(if service == Service::Bowline {
                        Route::Operator(operation, signature)
                    } else {
                        Route::DynamoDb(Api::DynamoDb, operation, signature)
                    })
                }
                Some((STREAMS_PREFIX, operation)) if service == Service::DynamoDb => {
                    Ok(Route::DynamoDb(Api::Streams, operation, signature))
                }
                _ => {
                    let reason = format!("the target `{target}` is not one of `{scope}`");
                    Err(wrong_scope(service, scope, &reason))
                }
            }
        }
        (Service::Iam | Service::Sts, _, Some(target)) => {
            let reason = format!("the target `{target}` is not one of `{scope}`");
            Err(wrong_scope(service, scope, &reason))
        }
        (Service::Iam | Service::Sts | Service::DynamoDb | Service::Bowline, _, _) => {
            let what = format!("{} {}", head.method(), head.path());
            let reason = format!("`{what}` is no call of `{scope}`");
            // Only S3 has requests with other paths.
            let service = if head.path() == "/" || head.has_form() {
                service
            } else {
                Service::S3
            };
            Err(wrong_scope(service, scope, &reason))
        }
    }
}

/// A presigned request. Only the query protocol has them, and services that are not served.
fn presigned<'a>(
    head: &'a RequestHead,
    parts: &RequestParts<'a>,
    target: Option<&'a str>,
    signature: UnverifiedRequest<'a>,
) -> Result<Route<'a>, Unroutable> {
    match signed(head, parts, target, signature)? {
        route @ (Route::Query(..) | Route::NotServed(..)) => Ok(route),
        Route::Operator(..) | Route::DynamoDb(..) | Route::S3(_) | Route::UnsignedQuery => {
            let service = guess_service_for_error_format(head);
            let error = SignatureError::from(Unsupported::PresignedQuery);
            let error = AwsError::from_signature(&error, service.protocol());
            Err(Unroutable(service, error.into()))
        }
    }
}

/// `X-Amz-Target`, which may appear once.
fn target<'a>(parts: &RequestParts<'a>) -> Result<Option<&'a str>, SignatureError> {
    let value = parts.single_header("x-amz-target")?;
    // No operation has a name that is not text.
    Ok(value.map(|value| std::str::from_utf8(value).unwrap_or_default()))
}

/// AWS's error for a request that is signed for another service.
fn wrong_scope(service: Service, scope: &str, reason: &str) -> Unroutable {
    let error = if service == Service::S3 {
        AwsError::s3_wrong_service(scope)
    } else {
        let message = format!(
            "Credential should be scoped to correct service: '{}'. ",
            service.name()
        );
        AwsError::new(Code::SignatureDoesNotMatch, message)
    };
    Unroutable(service, RequestError::new(error, reason))
}

/// Guesses the service of a request without a usable signature, for the format of the error alone.
fn guess_service_for_error_format(head: &RequestHead) -> Service {
    let prefix = head
        .header("x-amz-target")
        .map(|target| target.split_once('.').map_or(target, |(prefix, _)| prefix));
    if let Some(prefix) = prefix {
        return if Service::Bowline.target_prefix() == Some(prefix) {
            Service::Bowline
        } else {
            Service::DynamoDb
        };
    }
    if is_query_call(head) {
        Service::Sts
    } else {
        Service::S3
    }
}

/// Whether an unsigned request uses the query protocol: a form by POST, or an `Action` in the
/// query. S3 has no operation with such a query, and takes no form of this type.
fn is_query_call(head: &RequestHead) -> bool {
    let mut names = head.query().split('&').map(|pair| pair.split('=').next());
    let names_action = names.any(|name| name == Some("Action"));
    head.path() == "/"
        && match *head.method() {
            Method::POST => names_action || head.has_form(),
            Method::GET => names_action,
            _ => false,
        }
}

fn has_query_method(head: &RequestHead) -> bool {
    matches!(*head.method(), Method::GET | Method::POST)
}
