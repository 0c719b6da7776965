//! What S3's clients rely on beside the operations: interim responses, members that ask for nothing,
//! and the words of errors.

use std::fs;
use std::io::{Read as _, Write as _};

use insta::assert_snapshot;

use serde_json::json;

use crate::support::bowline::{ACCOUNT, Bowline};
use crate::support::http::{Request, connect};
use crate::support::keys::Keys;
use crate::support::sign::Signer;
use crate::support::world::{World, query};

#[test]
fn an_empty_upload_that_expects_100_continue_gets_it() {
    let world = World::new();
    let port = world.server.port;
    let bot = world.bot();
    let empty = |key: &str| {
        let put = Request::put(&format!("/insights/{key}"), "").header("expect", "100-continue");
        Signer::new(&bot, "s3").sign(put, port).bytes(port)
    };
    let statuses = |bytes: &[u8]| {
        let mut responses = String::new();
        let mut stream = connect(port);
        stream.write_all(bytes).unwrap();
        stream.read_to_string(&mut responses).unwrap();
        let statuses = responses.split("HTTP/1.1 ").skip(1);
        statuses
            .map(|text| text[..3].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(statuses(&empty("bot/a")), ["100", "200"]);
    assert_eq!(statuses(&empty("secret/a")), ["100", "403"]);
    let get = Signer::new(&bot, "s3").sign(Request::get("/insights/bot/a"), port);
    assert_eq!(statuses(&get.bytes(port)), ["200"]);
}

#[test]
fn what_says_no_or_asks_for_the_default_or_the_present_state_is_accepted() {
    let world = World::new();
    world.s3(Request::put("/insights/a", "x")).accepted();
    let send = |method: &str, target: &str, header: (&str, &str)| {
        let request = Request::new(method, target).header(header.0, header.1);
        world.s3(request).verdict()
    };
    let owner = ("x-amz-expected-bucket-owner", ACCOUNT);
    let payer = ("x-amz-request-payer", "requester");
    let accepted = [
        (
            "PUT",
            "/lock",
            ("x-amz-bucket-object-lock-enabled", "false"),
        ),
        (
            "PUT",
            "/ownership",
            ("x-amz-object-ownership", "BucketOwnerEnforced"),
        ),
        ("PUT", "/namespace", ("x-amz-bucket-namespace", "global")),
        ("HEAD", "/insights", owner),
        ("GET", "/insights?location", owner),
        ("GET", "/insights?list-type=2", owner),
        ("GET", "/insights?list-type=2", payer),
        (
            "GET",
            "/insights?list-type=2",
            ("x-amz-optional-object-attributes", "RestoreStatus"),
        ),
        (
            "GET",
            "/?prefix=&bucket-region=&max-buckets=&continuation-token=",
            ("x-amz-api-version", "2006-03-01"),
        ),
        ("PUT", "/insights/b", owner),
        ("PUT", "/insights/b", payer),
        ("PUT", "/insights/b", ("x-amz-tagging", "")),
        (
            "PUT",
            "/insights/b",
            ("x-amz-server-side-encryption-bucket-key-enabled", "false"),
        ),
        ("GET", "/insights/a", owner),
        ("GET", "/insights/a", payer),
        ("HEAD", "/insights/a?versionId=null", owner),
        (
            "GET",
            "/insights/a?versionId=null",
            ("x-amz-api-version", "2006-03-01"),
        ),
        (
            "DELETE",
            "/insights/b",
            ("x-amz-bypass-governance-retention", "false"),
        ),
        ("DELETE", "/insights/b", owner),
        ("DELETE", "/insights/b?versionId=null", payer),
        ("DELETE", "/lock", owner),
    ];
    for (method, target, header) in accepted {
        let verdict = send(method, target, header);
        assert!(
            verdict.starts_with('2'),
            "{method} {target} {header:?}: {verdict}"
        );
    }
    let refused = [
        (
            "PUT",
            "/other",
            ("x-amz-bucket-object-lock-enabled", "true"),
        ),
        ("PUT", "/other", ("x-amz-object-ownership", "ObjectWriter")),
        ("PUT", "/other", owner),
        (
            "GET",
            "/insights?list-type=2",
            ("x-amz-request-payer", "owner"),
        ),
        ("PUT", "/insights/b", ("x-amz-tagging", "a=b")),
        (
            "PUT",
            "/insights/b",
            ("x-amz-server-side-encryption", "AES256"),
        ),
        ("GET", "/insights/a?versionId=1", payer),
        (
            "DELETE",
            "/insights/a",
            ("x-amz-bypass-governance-retention", "true"),
        ),
    ];
    for (method, target, header) in refused {
        let verdict = send(method, target, header);
        assert!(
            verdict.starts_with("501 NotImplemented: "),
            "{method} {target} {header:?}: {verdict}"
        );
    }
    assert_snapshot!(send("PUT", "/insights/b", ("x-amz-object-lock-legal-hold", "OFF")), @"400 InvalidRequest: Bucket is missing Object Lock Configuration");
}

#[test]
fn a_bucket_of_another_than_its_expected_owner_is_denied() {
    let world = World::new();
    world.s3(Request::put("/insights/a", "x")).accepted();
    let get = |target: &str, owner: &str| {
        let request = Request::get(target).header("x-amz-expected-bucket-owner", owner);
        world.s3(request).verdict()
    };
    assert_eq!(get("/insights/a", ACCOUNT), "200");
    assert_snapshot!(get("/insights/a", "123456789012"), @"403 AccessDenied: Access Denied");
    assert_snapshot!(get("/insights/a", "insights"), @"400 InvalidBucketOwnerAWSAccountID: The value of the expected bucket owner parameter must be an AWS Account ID... [insights]");
    assert_snapshot!(get("/nowhere/a", ACCOUNT), @"404 NoSuchBucket: The specified bucket does not exist");
    let put =
        Request::put("/insights/a", "y").header("x-amz-expected-bucket-owner", "123456789012");
    assert_eq!(world.s3(put).status, 403);
    assert_eq!(world.s3(Request::get("/insights/a")).text(), "x");
}

#[test]
fn a_denied_head_bucket_tells_the_region_of_the_bucket() {
    let world = World::new();
    let body = "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    world.s3(Request::put("/abroad", body)).accepted();
    let stranger = world.user("stranger", None);
    let head = |target: &str, keys: Option<&Keys>| {
        let request = Request::new("HEAD", target);
        let response = match keys {
            Some(keys) => world.send(keys, "s3", request),
            None => request.send(world.server.port),
        };
        let region = response.value("x-amz-bucket-region").map(str::to_owned);
        (response.status, region)
    };
    let abroad = Some("eu-west-1".to_owned());
    assert_eq!(
        head("/abroad", Some(&Bowline::root())),
        (200, abroad.clone())
    );
    assert_eq!(head("/abroad", Some(&stranger)), (403, abroad.clone()));
    assert_eq!(head("/abroad", None), (403, abroad));
    assert_eq!(head("/nowhere", Some(&stranger)), (403, None));
    assert_eq!(head("/abroad/a", Some(&stranger)), (403, None));
}

#[test]
fn whether_a_key_is_missing_is_told_to_callers_that_may_list_it() {
    let world = World::new();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
            { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": { "StringLike": { "s3:prefix": "home/*" } } },
        ],
    });
    let user = world.user("tenant", Some(policy));
    let get = |key: &str| {
        let request = Request::get(&format!("/insights/{key}"));
        world.send(&user, "s3", request).verdict()
    };
    assert_snapshot!(get("home/none"), @"404 NoSuchKey: The specified key does not exist.");
    assert_snapshot!(get("other/none"), @"403 AccessDenied: Access Denied");
}

#[test]
fn a_bucket_is_created_again_in_us_east_1_alone() {
    let world = World::new();
    let create = |region: &str, named: Option<&str>| {
        let body = named.map_or_else(String::new, |named| {
            format!("<CreateBucketConfiguration><LocationConstraint>{named}</LocationConstraint></CreateBucketConfiguration>")
        });
        let signer = Signer::new(&Bowline::root(), "s3").region(region);
        let port = world.server.port;
        move |bucket: &str| {
            let put = Request::put(&format!("/{bucket}"), body.as_str());
            signer.sign(put, port).send(port).verdict()
        }
    };
    let (home, abroad) = (
        create("us-east-1", None),
        create("eu-west-1", Some("eu-west-1")),
    );
    assert_eq!(home("home"), "200");
    world.s3(Request::put("/home/a", "kept")).accepted();
    assert_eq!(home("home"), "200");
    assert_eq!(world.s3(Request::get("/home/a")).text(), "kept");
    assert_eq!(abroad("abroad"), "200");
    assert_snapshot!(abroad("abroad"), @"409 BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.");
    assert_snapshot!(home("abroad"), @"409 BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.");
    assert_snapshot!(abroad("home"), @"409 BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.");
    assert_snapshot!(create("us-east-1", Some("eu-west-1"))("home"), @"409 BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.");
    assert_snapshot!(create("eu-west-1", None)("new"), @"400 IllegalLocationConstraintException: The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.");
    assert_snapshot!(create("eu-west-1", Some("us-west-2"))("new"), @"400 IllegalLocationConstraintException: The us-west-2 location constraint is incompatible for the region specific endpoint this request was sent to.");
    assert_snapshot!(create("us-east-1", Some("us-east-1"))("new"), @"400 InvalidLocationConstraint: The specified location-constraint is not valid");
    assert_snapshot!(create("us-east-1", Some("eu-wset-1"))("new"), @"400 InvalidLocationConstraint: The specified location-constraint is not valid");
}

#[test]
fn an_object_that_has_not_changed_is_told_with_its_etag() {
    let world = World::new();
    let put = Request::put("/insights/a", "x").header("cache-control", "no-cache");
    let etag = world.s3(put).accepted().value("etag").unwrap().to_owned();
    let get = |name: &str, value: &str| world.s3(Request::get("/insights/a").header(name, value));
    let unchanged = get("if-none-match", &etag);
    assert_eq!(unchanged.status, 304);
    assert!(unchanged.body.is_empty());
    assert_eq!(unchanged.value("etag"), Some(&*etag));
    assert_eq!(unchanged.value("cache-control"), Some("no-cache"));
    let modified = unchanged.value("last-modified").unwrap();
    let since = get("if-modified-since", modified);
    assert_eq!((since.status, since.value("etag")), (304, Some(&*etag)));
    assert_eq!(get("if-none-match", "\"other\"").status, 200);
    // A date that has not come yet is none.
    assert_eq!(
        get("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT").status,
        200
    );
    // The list has the same whole second.
    let list = world.s3(Request::get("/insights?list-type=2"));
    let listed = list.element("LastModified").unwrap();
    assert!(listed.contains(".000Z"), "{listed}");
}

#[test]
fn buckets_are_listed_in_pages_by_prefix_and_region() {
    let world = World::new();
    for name in ["logs-b", "logs-a", "logs-c"] {
        world
            .s3(Request::new("PUT", &format!("/{name}")))
            .accepted();
    }
    let body = "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    world.s3(Request::put("/logs-d", body)).accepted();
    let list = |query: &str| {
        let listed = world.s3(Request::get(&format!("/?{query}"))).accepted();
        let text = listed.text();
        let names = text.split("<Name>").skip(1);
        let names: Vec<_> = names.filter_map(|rest| rest.split_once('<')).collect();
        let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
        (names.join(" "), listed.element("ContinuationToken"))
    };
    assert_eq!(
        list(""),
        ("insights logs-a logs-b logs-c logs-d".to_owned(), None)
    );
    let (first, token) = list("prefix=logs-&max-buckets=2");
    assert_eq!(first, "logs-a logs-b");
    let next = format!(
        "prefix=logs-&max-buckets=2&continuation-token={}",
        token.unwrap()
    );
    assert_eq!(list(&next), ("logs-c logs-d".to_owned(), None));
    assert_eq!(list("bucket-region=eu-west-1").0, "logs-d");
    let refused = |query: &str| world.s3(Request::get(&format!("/?{query}"))).verdict();
    assert_snapshot!(refused("max-buckets=0"), @"400 InvalidArgument: Invalid value for max-buckets");
    assert_snapshot!(refused("continuation-token=%21"), @"400 InvalidArgument: The continuation token provided is incorrect");
}

#[test]
fn an_access_key_id_of_any_shape_is_an_unknown_key_in_the_words_of_each_service() {
    let world = World::new();
    let port = world.server.port;
    let of = |id: &str, service: &str, request: Request| {
        let keys = Keys {
            access_key_id: id.to_owned(),
            ..Bowline::root()
        };
        let response = Signer::new(&keys, service).sign(request, port).send(port);
        response.verdict()
    };
    let tables = || {
        Request::new("POST", "/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", "DynamoDB_20120810.ListTables")
            .body("{}")
    };
    let long = "A".repeat(300);
    for id in [
        "test",
        "minioadmin1",
        "key with spaces",
        "GK31c2f218a2e44f485b94239e",
        "AKIA-not.one",
        &long,
    ] {
        let sts = of(id, "sts", query("sts", "GetCallerIdentity", &[]));
        assert_eq!(
            sts, "403 InvalidClientTokenId: The security token included in the request is invalid.",
            "{id}"
        );
        let iam = of(id, "iam", query("iam", "GetUser", &[]));
        assert_eq!(iam, sts, "{id}");
        let s3 = of(id, "s3", Request::get("/insights/a"));
        assert_eq!(
            s3,
            "403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.",
            "{id}"
        );
        let dynamodb = of(id, "dynamodb", tables());
        assert_eq!(
            dynamodb,
            r#"400 {"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}"#,
            "{id}"
        );
    }
    let audit = fs::read_to_string(world.server.data().join("audit/audit.jsonl")).unwrap();
    assert!(audit.contains("minioadmin1") && !audit.contains(&long));
}

#[test]
fn s3_says_what_is_wrong_with_an_authorization_header() {
    let world = World::new();
    let port = world.server.port;
    let get = Request::get("/insights/a");
    let signed = Signer::new(&Bowline::root(), "s3").sign(get, port);
    let with = |from: &str, to: &str| {
        let value = signed.value("authorization").unwrap();
        assert!(value.contains(from), "{value}");
        let changed = value.replacen(from, to, 1);
        signed
            .clone()
            .replaced("authorization", &changed)
            .send(port)
            .verdict()
    };
    assert_snapshot!(with("SignedHeaders=", "Signed="), @"400 AuthorizationHeaderMalformed: The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature.");
    assert_snapshot!(with("/aws4_request", ""), @r#"400 AuthorizationHeaderMalformed: The authorization header is malformed; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#);
    assert_snapshot!(with("aws4_request", "aws4"), @r#"400 AuthorizationHeaderMalformed: The authorization header is malformed; incorrect terminal "aws4". This endpoint uses "aws4_request"."#);
    assert_snapshot!(with("/s3/", "/sts/"), @r#"400 AuthorizationHeaderMalformed: The authorization header is malformed; incorrect service "sts". This endpoint belongs to "s3"."#);
    assert_snapshot!(with("/s3/", "/S3/"), @r#"400 AuthorizationHeaderMalformed: The authorization header is malformed; incorrect service "S3". This endpoint belongs to "s3"."#);
    assert_snapshot!(with("/us-east-1/", "//"), @"400 AuthorizationHeaderMalformed: The authorization header is malformed; a non-empty region must be provided in the credential.");
    assert_snapshot!(with("/us-east-1/", "/us east 1/"), @"400 AuthorizationHeaderMalformed: The authorization header is malformed; the region 'us east 1' is wrong; expecting 'us-east-1'");
    assert_snapshot!(with("/20", "/"), @r#"400 AuthorizationHeaderMalformed: The authorization header is malformed; incorrect date format "261201". This date in the credential must be in the format "yyyyMMdd"."#);
    assert_snapshot!(with(", Signature=", ", Signature=0"), @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.");
}

#[test]
fn s3_errors_name_what_they_are_about_in_the_elements_that_aws_has() {
    let world = World::new();
    world
        .s3(Request::put("/insights/a", "0123456789"))
        .accepted();
    let body = |request: Request| {
        let text = world.s3(request).text();
        let (_, details) = text.split_once("</Message>").unwrap();
        let (details, _) = details.split_once("<RequestId>").unwrap();
        details.to_owned()
    };
    let long = format!("/insights/{}", "a".repeat(1025));
    let range = Request::get("/insights/a").header("range", "bytes=10-");
    let shown = [
        body(Request::get("/insights/none")),
        body(Request::get("/nowhere/a")),
        body(Request::get(&long)),
        body(range),
        body(Request::get("/insights?list-type=2&max-keys=x")),
        body(Request::get("/insights/a").header("if-match", "\"x\"")),
        body(Request::put("/Insights", "")),
        body(Request::put("/insights/a", "").header("x-amz-tagging", "a=b")),
        body(Request::get("/insights/a?acl")),
        body(Request::new("POST", "/insights/a")),
    ];
    assert_snapshot!(shown.join("\n"), @"
    <Key>none</Key>
    <BucketName>nowhere</BucketName>
    <Size>1025</Size><MaxSizeAllowed>1024</MaxSizeAllowed>
    <RangeRequested>bytes=10-</RangeRequested><ActualObjectSize>10</ActualObjectSize>
    <ArgumentName>max-keys</ArgumentName><ArgumentValue>x</ArgumentValue>
    <Condition>If-Match</Condition>
    <BucketName>Insights</BucketName>
    <Header>x-amz-tagging</Header>
    <QueryParameter>acl</QueryParameter>
    ");
}

#[test]
fn an_explanation_names_the_header_or_query_parameter_that_is_not_supported() {
    let world = World::new();
    let reason = |request: Request| {
        let refused = world.s3(request);
        assert_eq!(refused.status, 501);
        let explained = world.explain(&refused);
        explained["reason"].as_str().unwrap_or_default().to_owned()
    };
    let put = Request::put("/insights/a", "").header("x-amz-tagging", "a=b");
    assert_snapshot!(reason(put), @"the header `x-amz-tagging` is not supported here, or not with its value");
    assert_snapshot!(reason(Request::get("/insights/a?acl")), @"the query parameter `acl` is not supported here, or not with its value");
    assert_snapshot!(reason(Request::new("POST", "/insights/a")), @"no operation that is supported is POST of `/insights/a` without a query");
}
