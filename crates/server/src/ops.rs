//! The second listener: health and metrics, for the server's operator. It says nothing about
//! accounts.

mod sharing;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

use crate::{
    app::App,
    audit::AuditProblem,
    http::{connections::OpenConnection, listener::Handler, peer::Peer, response::Response},
    metrics::{Reading, Value},
};

/// Serves health and metrics of a server.
#[derive(Debug)]
pub(crate) struct Ops(pub(crate) Arc<App>);

impl Handler for Ops {
    async fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        _peer: Peer,
        _connection: Arc<OpenConnection>,
    ) -> Response {
        if *request.method() != Method::GET {
            return text(StatusCode::METHOD_NOT_ALLOWED, "GET alone\n".to_owned());
        }
        match request.uri().path() {
            // The process is alive.
            "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
            "/readyz" => self.readiness(),
            "/metrics" => match self.0.metrics.to_text(&self.readings()) {
                Ok(metrics) => {
                    let mut response = text(StatusCode::OK, metrics);
                    response.headers_mut().insert(
                        header::CONTENT_TYPE,
                        HeaderValue::from_static(
                            "application/openmetrics-text; version=1.0.0; charset=utf-8",
                        ),
                    );
                    response
                }
                Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
            },
            _ => text(
                StatusCode::NOT_FOUND,
                "There are /healthz, /readyz and /metrics here\n".to_owned(),
            ),
        }
    }
}

impl Ops {
    /// Whether requests can be authorized on current data, and recorded.
    fn readiness(&self) -> Response {
        let problem = if self.0.state.is_live() {
            self.0.audit.problem()
        } else {
            let problem = "the index is no longer fed from the store; restart the server\n";
            Some(AuditProblem::Broken(problem))
        };
        match problem {
            None => text(StatusCode::OK, format!("ready\n{}", self.warnings())),
            Some(AuditProblem::Warning(warning)) => {
                let warnings = self.warnings();
                text(
                    StatusCode::OK,
                    format!("ready\nwarning: {warning}{warnings}"),
                )
            }
            Some(AuditProblem::Broken(problem)) => {
                text(StatusCode::SERVICE_UNAVAILABLE, problem.to_owned())
            }
        }
    }

    /// What its operator must look at, although the server serves requests: a line for each.
    fn warnings(&self) -> String {
        let (state, upstreams) = (&self.0.state, &self.0.upstreams);
        let (objects, tables) = upstreams.damage();
        let mut warnings = String::new();
        let mut warn = |warning: &str| {
            warnings.push_str("warning: ");
            warnings.push_str(warning);
            warnings.push('\n');
        };
        if objects > 0 {
            warn("objects are damaged; the log names them");
        }
        if tables > 0 {
            warn("files of tables are damaged; the log names them");
        }
        for problem in [state.problem(), upstreams.problem()].into_iter().flatten() {
            warn(problem);
        }
        warnings
    }

    fn readings(&self) -> Vec<Reading> {
        let app = &self.0;
        let (damaged_objects, damaged_tables) = app.upstreams.damage();
        let (index, oidc) = (app.state.current(), app.oidc.stats());
        let counter = |name, help, value| Reading {
            name,
            help,
            value: Value::Counter(value),
        };
        let gauge = |name, help, value: u64| Reading {
            name,
            help,
            value: Value::Gauge(i64::try_from(value).unwrap_or(i64::MAX)),
        };
        let mut readings = app.audit.readings();
        readings.extend([
            counter(
                "damaged_objects",
                "Reads of objects whose data is damaged",
                damaged_objects,
            ),
            gauge(
                "damaged_table_files",
                "Files of tables that are damaged and not served",
                damaged_tables,
            ),
            counter(
                "oidc_fetches",
                "Discoveries of issuers' keys",
                oidc.fetches(),
            ),
            counter(
                "oidc_failed_fetches",
                "Discoveries of issuers' keys that failed",
                oidc.failed_fetches(),
            ),
            counter(
                "oidc_limited_fetches",
                "Documents of issuers that were not fetched because too much was fetched lately",
                oidc.limited_fetches(),
            ),
            counter(
                "oidc_refetches",
                "Discoveries for the sake of a key id that was not known",
                oidc.refetches(),
            ),
            counter(
                "oidc_negative_hits",
                "Tokens refused for an unknown key id without asking the issuer",
                oidc.negative_hits(),
            ),
            counter(
                "oidc_stale_uses",
                "Uses of keys beyond their time because newer ones could not be had",
                oidc.stale_uses(),
            ),
            counter(
                "oidc_verifications",
                "Signatures of tokens that were verified",
                oidc.verifications(),
            ),
            counter(
                "oidc_memory_hits",
                "Signatures of tokens that were remembered",
                oidc.memory_hits(),
            ),
            gauge(
                "index_revision",
                "The commit that the index stands at",
                index.revision().number(),
            ),
            gauge(
                "index_skipped_records",
                "Records of kinds that this version does not know",
                index.skipped().map(|(_, count)| count).sum(),
            ),
            gauge(
                "accounts_near_quota",
                "Accounts that use at least nine tenths of one of their quotas",
                index.accounts_near_quota() as u64,
            ),
            gauge("roles", "Roles of all accounts", index.role_count() as u64),
        ]);
        readings.extend(sharing::readings(app));
        readings
    }
}

fn text(status: StatusCode, text: String) -> Response {
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}
