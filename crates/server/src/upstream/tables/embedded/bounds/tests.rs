//! Requests that would make the engine recurse deeply or repeat work.

use super::*;

fn checked(operation: Operation, body: &str) -> Result<(), AwsError> {
    check(&Request::read(operation, body.as_bytes()).unwrap())
}

/// The message for an expression, if it is rejected.
fn rejected(member: &str, expression: &str) -> Option<String> {
    check_depth(member, expression)
        .err()
        .map(|error| error.message().to_owned())
}

#[test]
fn the_depth_of_parentheses_is_limited_whether_they_close_or_not() {
    let nested = |levels: usize| format!("{}a = :v{}", "(".repeat(levels), ")".repeat(levels));
    assert_eq!(rejected("FilterExpression", &nested(100)), None);
    insta::assert_snapshot!(rejected("FilterExpression", &nested(101)).unwrap(), @"Invalid FilterExpression: The expression has more than 100 parentheses within each other");
    assert_eq!(rejected("FilterExpression", &"()".repeat(2000)), None);
    for garbage in ["(", "((\u{a0}", "@(", "\u{131}("] {
        assert_ne!(
            rejected("KeyConditionExpression", &garbage.repeat(2000)),
            None
        );
    }
    let update = format!("SET a = {}", "if_not_exists(a, ".repeat(200));
    insta::assert_snapshot!(rejected("UpdateExpression", &update).unwrap(), @"Invalid UpdateExpression: The expression has more than 100 parentheses within each other");
}

#[test]
fn an_update_reads_one_attribute_a_limited_number_of_times() {
    let object = bowline_json::parse(
        br##"{"#b": "big", "#c": "big", "#other": "small"}"##,
        &bowline_json::JsonLimits {
            max_bytes: 1_000,
            max_depth: 4,
            max_values: 10,
        },
    );
    let object = object.unwrap();
    let names = Names::new(object.as_object().unwrap());
    let good = |update: &str| check_copies(update, &names).is_ok();
    let set = |value: &str, times: usize| {
        let all: Vec<_> = (0..times).map(|n| format!("z{n} = {value}")).collect();
        format!("SET {}", all.join(", "))
    };
    for value in ["big", "#b", "#b[3].x", "list_append(big, :v)"] {
        assert!(good(&set(value, 20)), "{value}");
        assert!(!good(&set(value, 21)), "{value}");
    }
    let mixed = format!(
        "{}, {}",
        set("#b", 11),
        set("#c", 11).replace("SET ", "").replace('z', "y")
    );
    assert!(!good(&mixed), "two names of one attribute");
    let nested = format!(
        "SET z = {}big{}",
        "list_append(big, ".repeat(21),
        ")".repeat(21)
    );
    assert!(!good(&nested));
    // Many attributes, each by its own value, and none by that of another.
    let counters: Vec<_> = (0..150)
        .map(|n| format!("c{n} = if_not_exists(c{n}, :z) + :n"))
        .collect();
    assert!(good(&format!("SET {}", counters.join(", "))));
    assert!(good(&set(":v", 200)));
    let removed: Vec<_> = (0..100).map(|n| format!("big[{n}]")).collect();
    assert!(good(&format!("REMOVE {}", removed.join(", "))));
}

/// A JSON list of this many names.
fn names_of(count: usize) -> String {
    let names: Vec<_> = (0..count).map(|n| format!("\"a{n}\"")).collect();
    format!("[{}]", names.join(","))
}

#[test]
fn lists_that_the_engine_searches_repeatedly_are_limited() {
    let is_good = |operation, body: &str| match checked(operation, body) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.code(), Code::ValidationError, "{body:.200}");
            false
        }
    };
    let each_bound = |operation, max: usize, body: &dyn Fn(String) -> String| {
        assert!(is_good(operation, &body(names_of(max))), "{operation}");
        assert!(!is_good(operation, &body(names_of(max + 1))), "{operation}");
    };
    each_bound(Operation::Scan, 256, &|names| {
        format!(r#"{{"TableName": "insights", "AttributesToGet": {names}}}"#)
    });
    each_bound(Operation::BatchGetItem, 256, &|names| {
        format!(
            r#"{{"RequestItems": {{"insights": {{"Keys": [{{}}], "AttributesToGet": {names}}}}}}}"#
        )
    });
    for clause in ["ADD", "delete"] {
        each_bound(Operation::UpdateItem, 1_000, &|names| {
            format!(
                r#"{{"TableName": "insights", "Key": {{}}, "UpdateExpression": "{clause} s :s", "ExpressionAttributeValues": {{":s": {{"SS": {names}}}}}}}"#
            )
        });
        each_bound(Operation::TransactWriteItems, 500, &|names| {
            let update = format!(
                r#"{{"Update": {{"TableName": "insights", "Key": {{}}, "UpdateExpression": "{clause} s :s", "ExpressionAttributeValues": {{":s": {{"SS": {names}}}}}}}}}"#
            );
            format!(r#"{{"TransactItems": [{update}, {update}]}}"#)
        });
    }
    each_bound(Operation::UpdateItem, 1_000, &|names| {
        format!(
            r#"{{"TableName": "insights", "Key": {{}}, "AttributeUpdates": {{"s": {{"Action": "ADD", "Value": {{"SS": {names}}}}}}}}}"#
        )
    });
    // A set that is put as a whole is compared with nothing.
    let names = names_of(2_000);
    let set = format!(
        r#"{{"TableName": "insights", "Key": {{}}, "UpdateExpression": "SET added = :s", "ExpressionAttributeValues": {{":s": {{"SS": {names}}}}}}}"#
    );
    assert!(is_good(Operation::UpdateItem, &set));
    // One large attribute, written many times over.
    let set = |times: usize| {
        let all: Vec<_> = (0..times).map(|n| format!("z{n}=#b")).collect();
        format!(
            r##"{{"TableName": "insights", "Key": {{}}, "UpdateExpression": "SET {}", "ExpressionAttributeNames": {{"#b": "b"}}}}"##,
            all.join(",")
        )
    };
    assert!(is_good(Operation::UpdateItem, &set(20)));
    assert!(!is_good(Operation::UpdateItem, &set(21)));
}
