//! Whose request it is.
//!
//! A signed request is for the service that its credential scope names, and whatever else names a service or an operation has to agree
//! with that: a signature that covers little must not be turned into another service's call by what somebody adds. Unsigned requests
//! are what their form makes of them, and there is little that they can do.

mod finish;
mod query;

use std::sync::Arc;

use bowline_aws::{
    dynamodb::Api,
    error::{AwsError, Code},
    sigv4::{PresentedSignature, RequestParts, SignatureError, UnverifiedRequest, present},
};
use http::{HeaderValue, Method, Request, header};
use hyper::body::Incoming;

use crate::{
    app::App,
    gateway::{dynamodb, s3},
    http::{
        body::RequestBody,
        head::{AmbiguousRequest, RequestHead},
        listener::Handler,
        peer::Peer,
        response::Response,
    },
    operator,
    request::{
        error::RequestError, record::RequestRecord, request_id::RecordIds, service::Service,
    },
};

/// What stands before the dot of `X-Amz-Target` in a call of DynamoDB's streams, which are signed for the same service.
const STREAMS_PREFIX: &str = "DynamoDBStreams_20120810";

/// Where a request goes.
#[derive(Debug)]
enum Route<'a> {
    /// IAM or STS by form parameters.
    Query(Service, UnverifiedRequest<'a>),
    /// The same, unsigned.
    UnsignedQuery,
    /// The operator API, and the operation that is asked for.
    Operator(&'a str, UnverifiedRequest<'a>),
    /// DynamoDB or its streams, and the operation that is asked for.
    DynamoDb(Api, &'a str, UnverifiedRequest<'a>),
    /// S3, signed or not.
    S3(Option<UnverifiedRequest<'a>>),
}

/// A request that goes nowhere, and the service in whose words it is told so.
#[derive(Debug)]
struct Unroutable(Service, RequestError);

impl Handler for App {
    async fn handle(self: Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response {
        let (parts, body) = request.into_parts();
        let (now, stopwatch) = (self.clock.now(), self.clock.stopwatch());
        let ids = self.request_ids.next();
        let proxies = &self.config.trusted_proxies;
        let head = match RequestHead::read(parts, peer, proxies, now, stopwatch) {
            Ok(head) => head,
            Err(ambiguous) => return self.reject_ambiguous(*ambiguous, &ids),
        };
        let body = RequestBody::new(
            body,
            head.header("expect").is_some(),
            head.peer.address,
            &self.body_budget,
        );
        let unread = body.unread();
        let mut answer = self.serve(&head, &ids, body).await;
        // A length that came beside a transfer coding is gone by now, and whoever stands in front may have gone by that: nothing
        // more is taken from the connection (RFC 9112, 6.3).
        if unread.should_close() || head.header("transfer-encoding").is_some() {
            end_connection(&mut answer);
        }
        answer
    }

    fn unreadable(&self) {
        self.metrics.unreadable();
    }
}

impl App {
    /// Ends a call that could be understood in two ways, in the form that S3 has: nobody knows which API was meant. Where the next
    /// request of the connection begins may be in doubt too.
    fn reject_ambiguous(
        &self,
        AmbiguousRequest { head, why }: AmbiguousRequest,
        ids: &RecordIds,
    ) -> Response {
        let record = RequestRecord::new(&head, ids, Service::S3);
        let mut answer = finish::finish(self, &record, Err(why.into()));
        end_connection(&mut answer);
        answer
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
                s3::serve(self, &mut record, signature.as_ref(), body).await
            }
            Err(Unroutable(service, refused)) => {
                record = RequestRecord::new(head, ids, service);
                Err(refused)
            }
        };
        finish::finish(self, &record, outcome)
    }
}

fn end_connection(answer: &mut Response) {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(header::CONNECTION, close);
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
        PresentedSignature::Header(signature) => signed(head, target, signature),
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
    target: Option<&'a str>,
    signature: UnverifiedRequest<'a>,
) -> Result<Route<'a>, Unroutable> {
    let scope = signature.scope().service();
    let Some(service) = Service::from_scope(scope) else {
        let service = guess_service_for_error_format(head);
        let reason = format!("no service is called `{scope}`");
        return Err(wrong_scope(service, &reason));
    };
    match (service, service.target_prefix(), target) {
        // What an `x-amz-*` header may say is on the list of the operation.
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
                    Err(wrong_scope(service, &reason))
                }
            }
        }
        (Service::Iam | Service::Sts, _, Some(target)) => {
            let reason = format!("the target `{target}` is not one of `{scope}`");
            Err(wrong_scope(service, &reason))
        }
        (Service::Iam | Service::Sts | Service::DynamoDb | Service::Bowline, _, _) => {
            let what = format!("{} {}", head.method(), head.path());
            let reason = format!("`{what}` is no call of `{scope}`");
            Err(wrong_scope(service, &reason))
        }
    }
}

/// `X-Amz-Target`, which may come once.
fn target<'a>(parts: &RequestParts<'a>) -> Result<Option<&'a str>, SignatureError> {
    let value = parts.single_header("x-amz-target")?;
    // What is not text is no operation's name.
    Ok(value.map(|value| std::str::from_utf8(value).unwrap_or_default()))
}

/// What AWS says of a request that is signed for another service than the one it reaches.
fn wrong_scope(service: Service, reason: &str) -> Unroutable {
    let message = format!(
        "Credential should be scoped to correct service: '{}'. ",
        service.name()
    );
    let error = AwsError::new(Code::SignatureDoesNotMatch, message);
    Unroutable(service, RequestError::new(error, reason))
}

/// A guess at whom a request is meant for, when nothing that is signed says so: for the form of the answer alone.
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

/// Whether an unsigned request is a call of the query protocol: a form by POST, or an `Action` in the query.
fn is_query_call(head: &RequestHead) -> bool {
    let names = || head.query().split('&').map(|pair| pair.split('=').next());
    head.path() == "/"
        && match *head.method() {
            Method::POST => head.has_form(),
            Method::GET => names().any(|name| name == Some("Action")),
            _ => false,
        }
}

fn has_query_method(head: &RequestHead) -> bool {
    matches!(*head.method(), Method::GET | Method::POST)
}
