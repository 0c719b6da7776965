//! Requests that could be read in two ways, and requests that are invalid before anything is read.

use super::*;

#[test]
fn a_signature_for_one_service_is_rejected_by_another() {
    let world = World::new();
    let port = world.server.port;
    let root = Bowline::root();
    let create = || query("iam", "CreateUser", &[("UserName", "evil")]);
    let signed = |service: &str, request: Request| {
        Signer::new(&root, service)
            .sign(request, port)
            .send(port)
            .verdict()
    };
    assert_snapshot!(signed("sts", create()), @"400 InvalidAction: Could not find operation CreateUser for version 2010-05-08");
    assert_snapshot!(signed("s3", create()), @"501 NotImplemented: A header or query you provided implies functionality that is not implemented");
    assert_snapshot!(signed("dynamodb", create()), @r#"400 {"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Credential should be scoped to correct service: 'dynamodb'. "}"#);
    assert_snapshot!(signed("bowline", create()), @r#"403 {"__type":"SignatureDoesNotMatch","message":"Credential should be scoped to correct service: 'bowline'. "}"#);
    assert_snapshot!(signed("ec2", create()), @"400 InvalidAction: This endpoint does not serve ec2; set AWS_ENDPOINT_URL_EC2");
    assert_snapshot!(signed("IAM", create()), @"403 SignatureDoesNotMatch: Credential should be scoped to correct service: 'sts'.");
    let users = world.iam("ListUsers", &[]).text();
    assert!(!users.contains("evil"), "{users}");
    assert_eq!(signed("iam", create()), "200");
    let version = Request::form(&[("Action", "ListUsers"), ("Version", "2011-06-15")]);
    assert_snapshot!(signed("iam", version), @"400 InvalidAction: Could not find operation ListUsers for version 2011-06-15");
}

#[test]
fn parameters_added_to_a_signed_request_do_not_change_its_service() {
    let world = World::new();
    let port = world.server.port;
    let root = Bowline::root();
    let unsigned_body = || Signer::new(&root, "s3").payload("UNSIGNED-PAYLOAD");
    let twin = unsigned_body().sign(Request::get("/"), port);
    twin.send(port).accepted();
    let target = twin
        .clone()
        .header("x-amz-target", "Bowline_20261101.RotateKeyring");
    assert_snapshot!(target.send(port).verdict(), @"403 AccessDenied: There were headers present in the request which were not signed");
    let posted = unsigned_body().sign(Request::new("POST", "/"), port);
    let mut action = posted
        .clone()
        .header("content-type", FORM)
        .body("Action=CreateUser&Version=2010-05-08&UserName=evil");
    assert_snapshot!(action.send(port).verdict(), @"501 NotImplemented: A header or query you provided implies functionality that is not implemented");
    action = posted
        .header("x-amz-target", "Bowline_20261101.RotateKeyring")
        .body("{}");
    assert_snapshot!(action.send(port).verdict(), @"403 AccessDenied: There were headers present in the request which were not signed");
    let query = unsigned_body().sign(
        Request::get("/?Action=CreateUser&UserName=evil&Version=2010-05-08"),
        port,
    );
    assert_snapshot!(query.send(port).verdict(), @"501 NotImplemented: A header or query you provided implies functionality that is not implemented");
    let users = world.iam("ListUsers", &[]).text();
    assert!(!users.contains("evil"), "{users}");
}

#[test]
fn a_parameter_sent_twice_is_rejected() {
    let world = World::new();
    let root = Bowline::root();
    let send = |target: &str, body: &str| {
        let request = Request::new("POST", target)
            .header("content-type", FORM)
            .body(body);
        world.send(&root, "iam", request).verdict()
    };
    assert_eq!(send("/", "Action=ListUsers&Version=2010-05-08"), "200");
    assert_snapshot!(send("/", "Action=ListUsers&Action=CreateUser&UserName=evil&Version=2010-05-08"), @"400 MalformedInput: parameter `Action` is given more than once");
    assert_snapshot!(send("/?Action=ListUsers", "Action=CreateUser&UserName=evil&Version=2010-05-08"), @"400 MalformedInput: parameter `Action` is given more than once");
    assert_snapshot!(send("/?Version=2010-05-08", "Action=ListUsers&Version=2010-05-08"), @"400 MalformedInput: parameter `Version` is given more than once");
    assert_snapshot!(send("/", "Action=CreateUser&UserName=evil&UserName=other&Version=2010-05-08"), @"400 MalformedInput: parameter `UserName` is given more than once");
    assert_snapshot!(send("/users", "Action=ListUsers&Version=2010-05-08"), @"403 SignatureDoesNotMatch: Credential should be scoped to correct service: 'iam'.");
    let users = world.iam("ListUsers", &[]).text();
    assert!(!users.contains("evil"), "{users}");
    let get = Request::get("/?Action=ListUsers&Version=2010-05-08");
    assert_eq!(world.send(&root, "iam", get).verdict(), "200");
}

#[test]
fn only_s3_accepts_an_unsigned_body() {
    let world = World::new();
    let port = world.server.port;
    let root = Bowline::root();
    let send = |service: &str, request: Request, payload: &str| {
        Signer::new(&root, service)
            .payload(payload)
            .sign(request, port)
            .send(port)
            .verdict()
    };
    assert_eq!(send("s3", put("a"), "UNSIGNED-PAYLOAD"), "200");
    assert_snapshot!(send("iam", list_users(), "UNSIGNED-PAYLOAD"), @"400 IncompleteSignature: Header `x-amz-content-sha256` is malformed or not allowed here.");
    assert_snapshot!(send("iam", list_users(), "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), @"400 IncompleteSignature: Header `x-amz-content-sha256` is malformed or not allowed here.");
    assert_eq!(send("s3", put("a"), &sha256(b"hello")), "200");
    assert_snapshot!(send("s3", put("b"), &sha256(b"other")), @"400 XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match what was computed.");
    assert_snapshot!(send("s3", put("b"), "anything"), @"400 InvalidArgument: x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
    assert_eq!(world.s3(Request::get("/insights/bot/b")).status, 404);
}

#[test]
fn two_host_headers_or_an_absolute_target_are_rejected() {
    let world = World::new();
    let port = world.server.port;
    let root = Bowline::root();
    let signed = Signer::new(&root, "s3").sign(Request::get("/insights?list-type=2"), port);
    signed.send(port).accepted();
    let twice = signed.clone().header("host", "other.localhost");
    assert_snapshot!(twice.send(port).verdict(), @"400 InvalidRequest: The request must have exactly one Host header");
    let absolute = Request {
        target: format!("http://127.0.0.1:{port}/insights?list-type=2"),
        ..signed.clone()
    };
    assert_snapshot!(absolute.send(port).verdict(), @"400 InvalidRequest: The request target must be a path");
    let authorization = signed.value("authorization").unwrap().to_owned();
    assert_snapshot!(signed.header("authorization", &authorization).send(port).verdict(), @"400 InvalidRequest: Header `authorization` is given more than once.");
    let both = Signer::new(&root, "s3")
        .sign(put("a"), port)
        .header("content-length", "5")
        .header("transfer-encoding", "chunked");
    // A server that uses the length would see a second request in the rest.
    let both = both.body("5\r\nhello\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
    let bytes = String::from_utf8(both.bytes(port)).unwrap();
    let mut stream = connect(port);
    let kept_open = bytes.replace("connection: close\r\n", "");
    stream.write_all(kept_open.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
    assert!(answers.starts_with("HTTP/1.1 411 "), "{answers}");
    let none = exchange(port, b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n");
    assert_eq!(none.status, 400, "{}", none.verdict());
}

#[test]
fn a_request_rejected_for_its_headers_is_audited_counted_and_explained() {
    let world = World::new();
    let port = world.server.port;
    let counted = || {
        let metrics = Request::get("/metrics").send(world.server.ops_port).text();
        let lines = metrics.lines();
        let refused = lines
            .filter(|line| {
                line.contains(r#"service="s3""#) && line.contains(r#"outcome="refused""#)
            })
            .find_map(|line| line.rsplit(' ').next());
        refused.unwrap().parse::<u64>().unwrap()
    };
    let before = counted();
    let refused = Request::get("/")
        .header("host", "a.localhost")
        .header("host", "b.localhost")
        .header("user-agent", "smuggler")
        .send(port);
    assert_snapshot!(refused.verdict(), @"400 InvalidRequest: The request must have exactly one Host header");
    assert_eq!(refused.value("connection"), Some("close"));
    assert_eq!(counted(), before + 1);
    let explained = world.explain(&refused);
    assert_snapshot!(explained["reason"].as_str().unwrap(), @"the request has 2 Host headers");
    let audit = world.audit();
    let record = audit
        .iter()
        .find(|record| record["requestID"] == refused.request_id().as_str());
    let record = record.expect("a record");
    assert_eq!(
        record["additionalEventData"]["explanation"]["reason"],
        explained["reason"]
    );
    let printed = [
        "eventName",
        "errorCode",
        "userAgent",
        "sourceIPAddress",
        "readOnly",
        "userIdentity",
    ];
    let printed: serde_json::Map<_, _> = printed
        .into_iter()
        .map(|name| (name.to_owned(), record[name].clone()))
        .collect();
    assert_snapshot!(serde_json::Value::from(printed), @r#"{"errorCode":"InvalidRequest","eventName":"Unknown","readOnly":false,"sourceIPAddress":"127.0.0.1","userAgent":"smuggler","userIdentity":{"type":"Anonymous"}}"#);
}

#[test]
fn bytes_that_are_not_http_are_counted() {
    let world = World::new();
    let unreadable = || {
        let metrics = Request::get("/metrics").send(world.server.ops_port).text();
        let count = metrics
            .lines()
            .find_map(|line| line.strip_prefix("bowline_unreadable_requests_total "));
        count.unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(unreadable(), 0);
    let port = world.server.port;
    assert_eq!(
        exchange(port, b"GET / HTTP/1.1\r\nno header\r\n\r\n").status,
        400
    );
    let counted = |count| {
        let limit = Duration::from_secs(10);
        wait_for("the count", limit, || (unreadable() == count).then_some(()));
    };
    counted(1);
    let many = "x-many: a\r\n".repeat(200);
    let response = exchange(port, format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes());
    assert_eq!(response.status, 431);
    counted(2);
}
