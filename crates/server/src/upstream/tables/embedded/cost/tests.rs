//! Estimated times of expressions.

use super::*;

fn uses(request: &str) -> Uses {
    let limits = bowline_json::JsonLimits {
        max_bytes: 1 << 20,
        max_depth: 16,
        max_values: 1 << 18,
    };
    let request = bowline_json::parse(request.as_bytes(), &limits).unwrap();
    Uses::of(request.as_object().unwrap())
}

fn condition(expression: &str) -> Uses {
    uses(&format!(
        r##"{{"ConditionExpression": "{expression}", "ExpressionAttributeNames": {{"#b": "b"}},
        "ExpressionAttributeValues": {{":v": {{"S": "v"}}, ":bin": {{"B": "{}"}}}}}}"##,
        "A".repeat(1_000)
    ))
}

/// An item with a large list `b`, a small list `s` and a map `m` with a large list `b`.
fn item() -> Vec<u8> {
    let nulls = vec![r#"{"NULL":true}"#; 100_000].join(",");
    let item = format!(
        r#"{{"pk":{{"S":"a"}},"b":{{"L":[{nulls}]}},"s":{{"L":[{{"N":"1"}}]}},"m":{{"M":{{"b":{{"L":[{nulls}]}},"n":{{"N":"1"}}}}}}}}"#
    );
    item.into_bytes()
}

#[test]
fn every_use_of_a_value_costs_its_copy() {
    let item = item();
    let once = condition("b = :v").cost(&item);
    assert!(once > 1_000_000, "{once}");
    for (expression, times) in [
        ("b <> b", 2),
        ("#b <> b OR size(b) > :v", 3),
        ("b IN (b, b, b, :v)", 4),
        ("pk IN (b, :v, #b)", 2),
        ("m.b = :v", 1),
        ("NOT (b BETWEEN b AND m.#b)", 3),
        ("contains(b, :v)", 1),
    ] {
        let cost = condition(expression).cost(&item);
        let expected = once * times;
        assert!(
            cost.abs_diff(expected) < once / 10,
            "{expression}: {cost} instead of {expected}"
        );
    }
    for small in [
        "s = :v AND pk = :v",
        "m.n = :v",
        "attribute_exists(none)",
        "s[0] = :v",
    ] {
        assert!(condition(small).cost(&item) < 10_000, "{small}");
    }
    assert_eq!(Uses::default().cost(&item), 0);
}

#[test]
fn sets_cost_their_order_and_searches_their_lengths() {
    let elements: Vec<_> = (0..10_000).map(|n| format!("\"{n}\"")).collect();
    let set = |kind: &str| format!(r#"{{"a":{{"{kind}":[{}]}}}}"#, elements.join(",")).into_bytes();
    assert!(condition("a = :v").cost(&set("NS")) > 25_000_000);
    let strings = condition("a = :v").cost(&set("SS"));
    assert!((7_000_000..10_000_000).contains(&strings), "{strings}");
    let add = uses(&format!(
        r#"{{"UpdateExpression": "ADD a :s", "ExpressionAttributeValues": {{":s": {{"SS": [{}]}}}}}}"#,
        elements[..500].join(",")
    ));
    assert!(add.cost(&set("SS")) > strings + 10_000_000);
    let binary = format!(r#"{{"a":{{"B":"{}"}}}}"#, "A".repeat(400_000)).into_bytes();
    assert!(condition("contains(a, :bin)").cost(&binary) > 20_000_000);
    assert!(condition("a = :bin").cost(&binary) < 1_000_000);
}

#[test]
fn what_is_cheap_for_a_length_is_cheap_for_every_item_of_it() {
    let few = condition("pk = :v");
    assert!(few.is_cheap(1_000) && !few.is_cheap(1 << 20));
    assert!(!condition("contains(a, :bin)").is_cheap(1));
    let legacy = uses(
        r#"{"Expected": {"b": {"ComparisonOperator": "IN", "AttributeValueList": [{"S": "a"}, {"S": "b"}]}}}"#,
    );
    let item = item();
    assert!(legacy.cost(&item) > 2 * condition("b = :v").cost(&item));
}
