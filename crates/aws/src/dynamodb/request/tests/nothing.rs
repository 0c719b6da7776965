//! Members that ask for nothing, for every operation that is built, made from the published model.

use bowline_json::{Json, JsonLimits};

use super::*;

/// Members that AWS rejects too with a value that asks for nothing, or that have no such value.
const REFUSED: [(Operation, &str); 5] = [
    (Operation::CreateTable, "VectorIndexes"),
    // A list of at least one.
    (Operation::UpdateTable, "ReplicaUpdates"),
    // A default that AWS accepts beside `ReplicaUpdates` alone.
    (Operation::UpdateTable, "MultiRegionConsistency"),
    (Operation::UpdateTable, "GlobalTableWitnessUpdates"),
    (Operation::UpdateTable, "VectorIndexUpdates"),
];

/// The values of enums that are the default.
const DEFAULTS: [&str; 9] = [
    "NONE",
    "AND",
    "ALL_ATTRIBUTES",
    "EVENTUAL",
    "PAY_PER_REQUEST",
    "PROVISIONED",
    "PUT",
    "STANDARD",
    "EQ",
];

struct Model<'a>(&'a Json<'a>);

impl<'a> Model<'a> {
    fn shape(&self, name: &str) -> &'a Json<'a> {
        self.0.get("shapes").unwrap().get(name).unwrap()
    }

    fn input(&self, operation: Operation) -> &'a Json<'a> {
        let operation = self.0.get("operations").unwrap().get(operation.name());
        self.shape(text(operation.unwrap(), "input"))
    }

    /// A value that the model allows, with required members alone.
    fn least(&self, name: &str) -> String {
        let shape = self.shape(name);
        match text(shape, "type") {
            "structure" if name == "AttributeValue" => r#"{"S":"a"}"#.to_owned(),
            "structure" => {
                let required = members(shape).filter(|member| is_required(member));
                let members = required.map(|member| {
                    let least = self.least(text(member, "shape"));
                    format!("{:?}:{least}", text(member, "name"))
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            "list" => format!("[{}]", self.least(text(shape, "member"))),
            "map" => format!(r#"{{"insights":{}}}"#, self.least(text(shape, "value"))),
            "boolean" => "true".to_owned(),
            "integer" | "long" | "double" => "1".to_owned(),
            _ => match shape.get("enum").and_then(Json::as_array) {
                Some(values) => format!("{:?}", values[0].as_str().unwrap()),
                None if name.ends_with("Arn") && name != "TableArn" => {
                    r#""arn:aws:dynamodb:us-east-1:432797229265:table/insights""#.to_owned()
                }
                None => r#""insights""#.to_owned(),
            },
        }
    }

    /// The value that asks for nothing, if there is one.
    fn nothing(&self, name: &str) -> Option<String> {
        let shape = self.shape(name);
        match text(shape, "type") {
            "boolean" => Some("false".to_owned()),
            "map" => Some("{}".to_owned()),
            "list" => Some("[]".to_owned()),
            // Limits: -1 is none.
            "long" if name == "LongObject" => Some("-1".to_owned()),
            "structure" => {
                let members = members(shape).filter_map(|member| {
                    let nothing = self.nothing(text(member, "shape"));
                    let nothing = nothing.filter(|nothing| !nothing.starts_with('"'))?;
                    Some(format!("{:?}:{nothing}", text(member, "name")))
                });
                let members: Vec<_> = members.collect();
                (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
            }
            _ => {
                let values = shape.get("enum").and_then(Json::as_array)?;
                let mut values = values.iter().filter_map(Json::as_str);
                let default = values.find(|value| DEFAULTS.contains(value));
                default.map(|default| format!("{default:?}"))
            }
        }
    }
}

fn text<'a>(json: &'a Json<'_>, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap()
}

fn members<'a>(shape: &'a Json<'a>) -> impl Iterator<Item = &'a Json<'a>> {
    shape.get("members").unwrap().as_array().unwrap().iter()
}

fn is_required(member: &Json<'_>) -> bool {
    member.get("required").is_some()
}

#[test]
fn every_member_may_ask_for_nothing_where_aws_accepts_it() {
    let limits = JsonLimits {
        max_bytes: 1 << 20,
        max_depth: 16,
        max_values: 1 << 20,
    };
    let facts = include_str!("../../../../../../tools/facts/dynamodb.json");
    let facts = bowline_json::parse(facts.as_bytes(), &limits).unwrap();
    let model = Model(&facts);
    let mut refused = Vec::new();
    let mut checked = 0;
    for &operation in Operation::ALL.iter().filter(|o| o.is_built()) {
        let input = model.input(operation);
        let required: Vec<_> = members(input)
            .filter(|member| is_required(member))
            .map(|member| {
                let least = model.least(text(member, "shape"));
                format!("{:?}:{least}", text(member, "name"))
            })
            .collect();
        let read = |more: &[String]| {
            let body = format!("{{{}}}", [&required[..], more].concat().join(","));
            Request::read(operation, body.as_bytes())
                .map(drop)
                .map_err(|error| format!("{body}: {error}"))
        };
        assert_eq!(read(&[]), Ok(()), "{operation}");
        let mut all = Vec::new();
        for member in members(input).filter(|member| !is_required(member)) {
            let name = text(member, "name");
            let Some(nothing) = model.nothing(text(member, "shape")) else {
                continue;
            };
            let member = format!("{name:?}:{nothing}");
            if read(std::slice::from_ref(&member)).is_ok() {
                checked += 1;
                all.push(member);
            } else {
                refused.push((operation, name));
            }
        }
        assert_eq!(read(&all), Ok(()), "{operation}");
    }
    assert_eq!(refused, REFUSED);
    assert!(checked > 60, "{checked}");
}

#[test]
fn a_member_that_asks_for_something_is_rejected_and_one_that_asks_for_nothing_is_not_sent_on() {
    let table = |more: &str| format!(r#"{{"TableName":"insights",{more}}}"#);
    let send = |more: &str| {
        let body = table(more);
        match Request::read(Operation::CreateTable, body.as_bytes()) {
            Ok(request) => request.to_wire(),
            Err(error) => error.message().to_owned(),
        }
    };
    let mut shown = Vec::new();
    for more in [
        r#""StreamSpecification":{"StreamEnabled":false}"#,
        r#""StreamSpecification":{"StreamEnabled":true}"#,
        r#""StreamSpecification":{"StreamEnabled":false,"StreamViewType":"NEW_IMAGE"}"#,
        r#""StreamSpecification":{}"#,
        r#""SSESpecification":{"Enabled":false}"#,
        r#""SSESpecification":{"Enabled":true}"#,
        r#""SSESpecification":{"Enabled":false,"KMSMasterKeyId":"a"}"#,
        r#""WarmThroughput":{}"#,
        r#""WarmThroughput":{"ReadUnitsPerSecond":1}"#,
        r#""OnDemandThroughput":{"MaxReadRequestUnits":-1,"MaxWriteRequestUnits":5}"#,
        r#""OnDemandThroughput":{"MaxReadRequestUnits":-1,"MaxWriteRequestUnits":-1}"#,
        r#""ResourcePolicy":"{}""#,
    ] {
        shown.push(format!("{more}: {}", send(more)));
    }
    insta::assert_snapshot!(shown.join("\n"), @r#"
    "StreamSpecification":{"StreamEnabled":false}: {"TableName":"insights"}
    "StreamSpecification":{"StreamEnabled":true}: The parameter StreamSpecification is not supported.
    "StreamSpecification":{"StreamEnabled":false,"StreamViewType":"NEW_IMAGE"}: The parameter StreamSpecification is not supported.
    "StreamSpecification":{}: 1 validation error detected: Value null at 'streamSpecification.streamEnabled' failed to satisfy constraint: Member must not be null
    "SSESpecification":{"Enabled":false}: {"TableName":"insights"}
    "SSESpecification":{"Enabled":true}: The parameter SSESpecification is not supported.
    "SSESpecification":{"Enabled":false,"KMSMasterKeyId":"a"}: The parameter SSESpecification is not supported.
    "WarmThroughput":{}: {"TableName":"insights"}
    "WarmThroughput":{"ReadUnitsPerSecond":1}: The parameter WarmThroughput is not supported.
    "OnDemandThroughput":{"MaxReadRequestUnits":-1,"MaxWriteRequestUnits":5}: {"TableName":"insights","OnDemandThroughput":{"MaxWriteRequestUnits":5}}
    "OnDemandThroughput":{"MaxReadRequestUnits":-1,"MaxWriteRequestUnits":-1}: {"TableName":"insights","OnDemandThroughput":{}}
    "ResourcePolicy":"{}": The parameter ResourcePolicy is not supported.
    "#);
}
