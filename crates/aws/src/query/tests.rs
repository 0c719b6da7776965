//! Strictness of the parser, lists, structures and maps, and properties.

use proptest::prelude::*;

use super::*;

fn parse(body: &str) -> Params {
    Params::parse(body.as_bytes(), None).unwrap()
}

fn rejected(body: &[u8], query: Option<&str>) -> String {
    Params::parse(body, query).unwrap_err().to_string()
}

#[test]
fn a_duplicate_parameter_is_rejected_in_body_and_query() {
    insta::assert_snapshot!(rejected(b"Action=A&Action=B", None), @"parameter `Action` is given more than once");
    insta::assert_snapshot!(rejected(b"Action=A", Some("Action=A")), @"parameter `Action` is given more than once");
    insta::assert_snapshot!(rejected(b"Action=A&%41ction=B", None), @"parameter `Action` is given more than once");
}

#[test]
fn broken_encodings_are_rejected() {
    insta::assert_snapshot!(rejected(b"a=%4", None), @"a percent escape is incomplete");
    insta::assert_snapshot!(rejected(b"a=%zz", None), @"a percent escape is incomplete");
    insta::assert_snapshot!(rejected(b"a=%ff", None), @"a parameter is not UTF-8");
    insta::assert_snapshot!(rejected(b"\xff=1", None), @"a parameter is not UTF-8");
    insta::assert_snapshot!(rejected(b"=1", None), @"a parameter name is empty or longer than 256 bytes");
}

#[test]
fn size_and_number_are_limited() {
    assert_eq!(
        Params::parse(&vec![b'a'; MAX_FORM_BYTES + 1], None).unwrap_err(),
        ParamsError::TooLong
    );
    let many = (0..=MAX_PARAMETERS)
        .map(|i| format!("p{i}="))
        .collect::<Vec<_>>()
        .join("&");
    assert_eq!(
        Params::parse(many.as_bytes(), None).unwrap_err(),
        ParamsError::TooMany
    );
    let long = "n".repeat(MAX_NAME_BYTES + 1);
    assert_eq!(
        Params::parse(long.as_bytes(), None).unwrap_err(),
        ParamsError::BadName
    );
}

#[test]
fn body_and_query_are_one_set_of_parameters() {
    let params = Params::parse(
        b"RoleName=a+b%2Bc",
        Some("Action=GetRole&&Version=2010-05-08"),
    )
    .unwrap();
    let pairs: Vec<_> = params.iter().collect();
    assert_eq!(
        pairs,
        [
            ("Action", "GetRole"),
            ("RoleName", "a b+c"),
            ("Version", "2010-05-08")
        ]
    );
}

#[test]
fn list_members_are_in_the_order_of_their_numbers() {
    let body = (1..=11)
        .rev()
        .map(|i| format!("L.member.{i}=v{i}"))
        .collect::<Vec<_>>()
        .join("&");
    let params = parse(&body);
    let values: Vec<_> = params
        .root()
        .list("L")
        .unwrap()
        .unwrap()
        .iter()
        .map(|item| item.value().unwrap())
        .collect();
    assert_eq!(
        values,
        [
            "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11"
        ]
    );
    assert_eq!(params.unconsumed().count(), 0);
}

#[test]
fn a_list_with_gaps_or_malformed_numbers_is_rejected() {
    for body in [
        "L.member.2=x",
        "L.member.1=x&L.member.3=y",
        "L.member.0=x",
        "L.member.01=x",
        "L.member.+1=x",
        "L.member.1=x&L.member.one=y",
        "L.member.99999999999999999999=x",
        "L=x",
        "L=&L.member.1=x",
    ] {
        assert_eq!(
            parse(body).root().list("L").unwrap_err(),
            ParamsError::BadList("L".to_owned()),
            "{body}"
        );
    }
}

#[test]
fn an_absent_list_and_an_empty_one_differ() {
    assert!(parse("A=1").root().list("L").unwrap().is_none());
    assert!(parse("L=").root().list("L").unwrap().unwrap().is_empty());
}

#[test]
fn structures_lists_and_maps_nest() {
    let params = parse(
        "P.Q.R=1&P.L.member.1.K=a&P.L.member.1.N.member.1=b&M.entry.1.key=k&M.entry.1.value=v&M.entry.2.key=l&M.entry.2.value=w",
    );
    let root = params.root();
    let p = root.structure("P").unwrap();
    assert_eq!(p.structure("Q").unwrap().integer("R").unwrap(), Some(1));
    let item = p.list("L").unwrap().unwrap().remove(0);
    assert_eq!(item.text("K"), Some("a"));
    assert_eq!(
        item.list("N").unwrap().unwrap().first().unwrap().value(),
        Some("b")
    );
    let map = root.map("M").unwrap().unwrap();
    let map: Vec<_> = map
        .iter()
        .map(|(key, value)| (*key, value.value().unwrap()))
        .collect();
    assert_eq!(map, [("k", "v"), ("l", "w")]);
    assert!(root.structure("Z").is_none());
    assert_eq!(params.unconsumed().count(), 0);
}

#[test]
fn a_map_with_a_duplicate_key_is_rejected() {
    let params = parse("M.entry.1.key=k&M.entry.1.value=v&M.entry.2.key=k&M.entry.2.value=w");
    assert_eq!(
        params.root().map("M").unwrap_err(),
        ParamsError::BadList("M".to_owned())
    );
}

#[test]
fn parameters_that_were_not_read_are_named() {
    let params = parse("Action=GetRole&RoleName=x&Tags.member.1.Key=k&Surprise=1");
    let root = params.root();
    root.text("Action");
    root.text("RoleName");
    assert_eq!(
        params.unconsumed().collect::<Vec<_>>(),
        ["Surprise", "Tags.member.1.Key"]
    );
}

#[test]
fn values_of_another_type_are_rejected() {
    let params = parse("I=12x&B=True&T=yesterday&J=-5&C=false&U=2026-11-24T01:02:03Z");
    let root = params.root();
    insta::assert_snapshot!(root.integer("I").unwrap_err(), @"`12x` at `I` is not an integer");
    insta::assert_snapshot!(root.boolean("B").unwrap_err(), @"`True` at `B` is not `true` or `false`");
    insta::assert_snapshot!(root.timestamp("T").unwrap_err(), @"`yesterday` at `T` is not a timestamp");
    assert_eq!(root.integer("J").unwrap(), Some(-5));
    assert_eq!(root.boolean("C").unwrap(), Some(false));
    assert_eq!(
        root.timestamp("U").unwrap().unwrap().as_second(),
        1_795_482_123
    );
    assert_eq!(root.integer("absent").unwrap(), None);
}

proptest! {
    /// Whatever the standard's writer encodes reads back as it was.
    #[test]
    fn forms_of_the_url_standard_are_parsed(pairs in proptest::collection::btree_map("[a-zA-Z0-9.]{1,20}", any::<String>(), 0..10)) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let params = Params::parse(body.as_bytes(), None).unwrap();
        let read: Vec<_> = params.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(read, pairs.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn no_input_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(params) = Params::parse(&body, None) {
            let root = params.root();
            let _ = (root.list("L"), root.map("M"), root.structure("S").is_some());
        }
    }
}
