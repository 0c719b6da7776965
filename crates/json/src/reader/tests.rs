//! Values, positions, rejected texts and limits.

use super::*;

const LIMITS: JsonLimits = JsonLimits {
    max_bytes: 1 << 20,
    max_depth: 32,
    max_values: 65_536,
};

fn error(text: &str) -> String {
    parse(text.as_bytes(), &LIMITS).unwrap_err().to_string()
}

#[test]
fn values_keep_their_order_position_and_spelling() {
    let text = br#"{"b": [1.50, "a\u00e9\ud83d\ude00\n"], "a": {"x": null, "y": true}}"#;
    let value = parse(text, &LIMITS).unwrap();
    let object = value.as_object().unwrap();
    let names: Vec<_> = object.members().iter().map(|m| m.name.as_ref()).collect();
    assert_eq!(names, ["b", "a"]);
    let items = object.get("b").unwrap().as_array().unwrap();
    assert!(matches!(items[0].kind, JsonKind::Number(n) if n.text() == "1.50"));
    assert_eq!(items[1].as_str(), Some("aé😀\n"));
    assert_eq!(&text[items[0].span.start..items[0].span.end], b"1.50");
    assert_eq!(
        object
            .get("a")
            .unwrap()
            .as_object()
            .unwrap()
            .get("y")
            .unwrap()
            .as_bool(),
        Some(true)
    );
}

#[test]
fn a_string_without_escapes_is_borrowed() {
    let value = parse(br#""plain""#, &LIMITS).unwrap();
    assert!(matches!(
        value.kind,
        JsonKind::String(Cow::Borrowed("plain"))
    ));
}

#[test]
fn a_duplicate_member_is_rejected_however_it_is_spelled() {
    insta::assert_snapshot!(error("{\"a\": 1,\n \"\\u0061\": 2}"), @"line 2, column 2: member `a` is given twice; keep one of them");
    let many: Vec<String> = (0..40).map(|n| format!("\"k{n}\": 0")).collect();
    let text = format!("{{{}, \"k7\": 1}}", many.join(","));
    assert!(error(&text).contains("member `k7` is given twice"));
}

#[test]
fn invalid_json_is_rejected_with_its_position() {
    insta::assert_snapshot!(error("{no json"), @"line 1, column 2: expected a member's name, found `n`");
    insta::assert_snapshot!(error("[1 2]"), @"line 1, column 4: expected `,` or `]`, found `2`");
    insta::assert_snapshot!(error("\"é\u{1}\""), @"line 1, column 3: a control character in a string; write it as an escape");
    insta::assert_snapshot!(error("1 1"), @"line 1, column 3: something stands after the end of the value");
    insta::assert_snapshot!(error("\"a"), @"line 1, column 3: the text ends too early");
    insta::assert_snapshot!(error(r#""\ud800""#), @"line 1, column 3: half of a surrogate pair");
    for bad in [
        "",
        " ",
        "01",
        "-",
        "1.",
        "1e",
        "+1",
        ".5",
        "nul",
        "'a'",
        "[1,]",
        "{\"a\":1,}",
        "\"\\x\"",
        "NaN",
        "\u{feff}1",
    ] {
        assert!(parse(bad.as_bytes(), &LIMITS).is_err(), "{bad}");
    }
    assert_eq!(
        parse(b"\"\xff\"", &LIMITS).unwrap_err().problem,
        JsonProblem::NotUtf8
    );
}

#[test]
fn size_depth_and_number_of_values_are_limited() {
    let limits = JsonLimits {
        max_bytes: 20,
        max_depth: 2,
        max_values: 4,
    };
    let problem = |text: &str| parse(text.as_bytes(), &limits).unwrap_err().problem;
    assert_eq!(problem("[[[1]]]"), JsonProblem::TooDeep(2));
    assert_eq!(problem("[1,2,3,4]"), JsonProblem::TooMany(4));
    assert_eq!(
        problem("[1,2,3                         ]"),
        JsonProblem::TooLong(20)
    );
    assert!(parse(b"[[1],2]", &limits).is_ok());
    let deep = "[".repeat(100_000);
    assert!(parse(deep.as_bytes(), &LIMITS).is_err());
}
