//! The world of most tests: a server, an issuer that it trusts, and a role that one service account
//! may assume.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::bowline::{ACCOUNT, Bowline, Launch};
use super::http::{Request, Response};
use super::issuer::Issuer;
use super::keys::Keys;
use super::sign::Signer;
use super::token::SUBJECT;
use super::wait::now;

/// A server and its issuer. While it lives, snapshots have words in place of ids, times and ports.
pub(crate) struct World {
    pub(crate) server: Bowline,
    pub(crate) issuer: Issuer,
    _shown: insta::internals::SettingsBindDropGuard,
}

impl World {
    /// Server, issuer, provider, and the role `bot` with permissions on the bucket `insights`,
    /// which exists.
    pub(crate) fn new() -> Self {
        let world = Self::without_roles(Launch::default(), Issuer::start());
        world.add_role("bot");
        world
    }

    /// The same over the embedded store, so that the server can be killed and started again.
    pub(crate) fn on_disk() -> Self {
        let world = Self::without_roles(Launch::sqlite(), Issuer::start());
        world.add_role("bot");
        world
    }

    /// Server, issuer and provider alone.
    pub(crate) fn without_roles(launch: Launch, issuer: Issuer) -> Self {
        let world = Self {
            server: Bowline::launch(launch),
            issuer,
            _shown: show_ids_as_words(),
        };
        world.add_provider(&world.issuer.url());
        world
    }

    /// Creates a provider for an issuer.
    pub(crate) fn add_provider(&self, url: &str) {
        self.send(&Bowline::root(), "iam", provider(url)).accepted();
    }

    /// Creates a role with the trust and permissions of most tests, and its bucket if that is
    /// missing.
    pub(crate) fn add_role(&self, name: &str) {
        let trust = self.trust().to_string();
        self.iam(
            "CreateRole",
            &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)],
        )
        .accepted();
        let permissions = json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::insights/*" },
                { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::insights", "Condition": { "StringLike": { "s3:prefix": "bot/*" } } },
                { "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::insights/secret/*" },
            ],
        });
        self.iam(
            "PutRolePolicy",
            &[
                ("RoleName", name),
                ("PolicyName", "data"),
                ("PolicyDocument", &permissions.to_string()),
            ],
        )
        .accepted();
        if self.s3(Request::new("HEAD", "/insights")).status == 404 {
            self.s3(Request::new("PUT", "/insights")).accepted();
        }
    }

    /// The trust policy of a Kubernetes service account.
    pub(crate) fn trust(&self) -> Value {
        let host = &self.issuer.host;
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Federated": self.provider() },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": { "StringEquals": {
                    format!("{host}:aud"): "sts.amazonaws.com",
                    format!("{host}:sub"): SUBJECT,
                } },
            }],
        })
    }

    /// The ARN of the issuer's provider.
    pub(crate) fn provider(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{}", self.issuer.host)
    }

    /// Exchanges a token for credentials of the role `bot`.
    pub(crate) fn exchange(&self, token: &str) -> Response {
        self.exchange_for("bot", token)
    }

    pub(crate) fn exchange_for(&self, role: &str, token: &str) -> Response {
        self.exchange_with(role, token, &[])
    }

    pub(crate) fn exchange_with(&self, role: &str, token: &str, more: &[(&str, &str)]) -> Response {
        let role = role_arn(role);
        web_identity(&role, "test", token, more).send(self.server.port)
    }

    /// Credentials of the role `bot`, for a valid token.
    pub(crate) fn bot(&self) -> Keys {
        credentials(&self.exchange(&self.issuer.valid_token()))
    }

    /// Calls IAM as root.
    pub(crate) fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Response {
        self.call(&Bowline::root(), "iam", action, parameters)
    }

    /// Calls STS with these keys.
    pub(crate) fn sts(&self, keys: &Keys, action: &str, parameters: &[(&str, &str)]) -> Response {
        self.call(keys, "sts", action, parameters)
    }

    pub(crate) fn call(
        &self,
        keys: &Keys,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Response {
        let request = query(service, action, parameters);
        self.send(keys, service, request)
    }

    /// Calls the operator API.
    pub(crate) fn operate(&self, keys: &Keys, operation: &str, input: &Value) -> Response {
        self.send(keys, "bowline", operator(operation, input))
    }

    /// Sends an S3 request as root.
    pub(crate) fn s3(&self, request: Request) -> Response {
        self.send(&Bowline::root(), "s3", request)
    }

    /// Signs a request for a service and sends it.
    pub(crate) fn send(&self, keys: &Keys, service: &str, request: Request) -> Response {
        Signer::new(keys, service)
            .sign(request, self.server.port)
            .send(self.server.port)
    }

    /// Creates a user with one access key, and with this policy if there is one.
    pub(crate) fn user(&self, name: &str, policy: Option<Value>) -> Keys {
        self.iam("CreateUser", &[("UserName", name)]).accepted();
        if let Some(policy) = policy {
            self.iam(
                "PutUserPolicy",
                &[
                    ("UserName", name),
                    ("PolicyName", "own"),
                    ("PolicyDocument", &policy.to_string()),
                ],
            )
            .accepted();
        }
        let answer = self
            .iam("CreateAccessKey", &[("UserName", name)])
            .accepted();
        Keys {
            access_key_id: answer.element("AccessKeyId").unwrap(),
            secret_access_key: answer.element("SecretAccessKey").unwrap(),
            session_token: None,
        }
    }

    /// All records of the audit.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let file = self.server.data().join("audit/audit.jsonl");
        let text = fs::read_to_string(file).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The operator's explanation of a denied request.
    #[track_caller]
    pub(crate) fn explain(&self, refused: &Response) -> Value {
        let id = refused.request_id();
        let text = self
            .server
            .ran(&Bowline::root(), &["explain", &id, "--output", "json"]);
        serde_json::from_str(&text).unwrap()
    }
}

/// The creation of a provider for an issuer, not yet signed.
pub(crate) fn provider(url: &str) -> Request {
    query(
        "iam",
        "CreateOpenIDConnectProvider",
        &[
            ("Url", url),
            ("ClientIDList.member.1", "sts.amazonaws.com"),
            ("ThumbprintList.member.1", &"a".repeat(40)),
        ],
    )
}

/// The exchange of a token.
pub(crate) fn web_identity(role: &str, name: &str, token: &str, more: &[(&str, &str)]) -> Request {
    let mut parameters = vec![
        ("RoleArn", role),
        ("RoleSessionName", name),
        ("WebIdentityToken", token),
    ];
    parameters.extend_from_slice(more);
    query("sts", "AssumeRoleWithWebIdentity", &parameters)
}

/// A call of the query protocol, not yet signed.
pub(crate) fn query(service: &str, action: &str, parameters: &[(&str, &str)]) -> Request {
    let version = if service == "sts" {
        "2011-06-15"
    } else {
        "2010-05-08"
    };
    let mut all = vec![("Action", action), ("Version", version)];
    all.extend_from_slice(parameters);
    Request::form(&all)
}

/// A call of the operator API, not yet signed.
pub(crate) fn operator(operation: &str, input: &Value) -> Request {
    Request::new("POST", "/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", &format!("Bowline_20261101.{operation}"))
        .body(input.to_string())
}

/// The ARN of a role in the tests' account.
pub(crate) fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// The credentials in a response of STS.
#[track_caller]
pub(crate) fn credentials(answer: &Response) -> Keys {
    let answer = answer.clone().accepted();
    Keys {
        access_key_id: answer.element("AccessKeyId").unwrap(),
        secret_access_key: answer.element("SecretAccessKey").unwrap(),
        session_token: Some(answer.element("SessionToken").unwrap()),
    }
}

/// A policy of one statement that allows these actions on these resources.
pub(crate) fn allow(actions: &[&str], resources: &[&str]) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": resources }],
    })
}

/// Replaces values that differ from run to run, in every snapshot of this thread until the guard is
/// dropped.
pub(crate) fn show_ids_as_words() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    // Seconds since 1970 are known by their first digits, which change every eleven days.
    let [past, future] = [-86_400, 86_400].map(|away| (now() + away) / 1_000_000);
    let seconds = format!(r"\b({past}|{future})\d{{6}}\b");
    let folder = format!(r"{}/\.tmp\w+", literal(&std::env::temp_dir()));
    for (pattern, word) in [
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[uuid]",
        ),
        (
            r"<RequestId>[^<]*</RequestId>",
            "<RequestId>[id]</RequestId>",
        ),
        (r"<HostId>[^<]*</HostId>", "<HostId>[id]</HostId>"),
        (
            r"<SessionToken>[^<]*</SessionToken>",
            "<SessionToken>[token]</SessionToken>",
        ),
        (
            r"<SecretAccessKey>[^<]*</SecretAccessKey>",
            "<SecretAccessKey>[secret]</SecretAccessKey>",
        ),
        (
            r"\b(AKIA|ASIA|AROA|AIDA|AIPA|ANPA)[A-Z2-7]{16,17}\b",
            "[$1]",
        ),
        (
            r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)",
            "[time]",
        ),
        // boto3 shows some times in the time zone of the machine.
        (
            r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d",
            "[time]",
        ),
        (r"\b\d{8}T\d{6}Z\b", "[time]"),
        // The day in a credential scope.
        (r"/\d{8}/", "/[day]/"),
        (&seconds, "[seconds]"),
        (r"\b(localhost|127\.0\.0\.1):\d{4,5}\b", "$1:[port]"),
        (&folder, "[folder]"),
    ] {
        settings.add_filter(pattern, word);
    }
    settings.bind_to_scope()
}

/// A pattern that matches this path and nothing else.
fn literal(path: &Path) -> String {
    let text = path.to_str().unwrap().trim_end_matches('/');
    text.chars()
        .flat_map(|c| {
            [
                (!c.is_alphanumeric() && c != '/' && c != ' ').then_some('\\'),
                Some(c),
            ]
        })
        .flatten()
        .collect()
}
