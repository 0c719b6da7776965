//! Envelopes, lists and escaping.

use proptest::prelude::*;

use super::*;

const NS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

#[test]
fn a_query_response_wraps_the_result_and_the_request_id() {
    let body = query_response("GetCallerIdentity", NS, "7a62c49f", |xml| {
        xml.element("Account", "111122223333");
        xml.timestamp("At", "2026-11-24T01:02:03.9Z".parse().unwrap());
    });
    insta::assert_snapshot!(body, @r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>111122223333</Account><At>2026-11-24T01:02:03Z</At></GetCallerIdentityResult><ResponseMetadata><RequestId>7a62c49f</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#);
}

#[test]
fn the_response_of_an_operation_without_a_result_has_only_the_request_id() {
    insta::assert_snapshot!(
        query_response_empty("DeleteRole", "https://iam.amazonaws.com/doc/2010-05-08/", "1"),
        @r#"<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DeleteRoleResponse>"#
    );
}

#[test]
fn lists_are_members_and_an_empty_list_is_an_empty_element() {
    let mut xml = XmlWriter::with_declaration();
    xml.open("R");
    xml.member_texts("Ids", ["a", "b&c"]);
    xml.members("Tags", [("k", true)], |xml, (key, flag)| {
        xml.element("Key", key);
        xml.bool("Flag", flag);
    });
    xml.member_texts("None", [""; 0]);
    xml.empty("Marker");
    xml.s3_timestamp("LastModified", "2026-11-24T01:02:03.004Z".parse().unwrap());
    xml.close("R");
    insta::assert_snapshot!(xml.finish(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <R><Ids><member>a</member><member>b&amp;c</member></Ids><Tags><member><Key>k</Key><Flag>true</Flag></member></Tags><None></None><Marker/><LastModified>2026-11-24T01:02:03.000Z</LastModified></R>
    "#);
}

#[test]
fn text_cannot_leave_its_element_or_break_a_parser() {
    let mut xml = XmlWriter::new();
    xml.element("K", "</K><Admin>\"x\" & y\r\n\t\u{0}\u{1b}\u{ffff}é𝄞");
    insta::assert_snapshot!(xml.finish().escape_debug(),
        @r#"<K>&lt;/K&gt;&lt;Admin&gt;&quot;x&quot; &amp; y&#xD;\n\t���é𝄞</K>"#);
}

proptest! {
    /// quick-xml, an independent parser, returns the text, except for characters that XML does not
    /// allow.
    #[test]
    fn an_independent_parser_returns_the_text(text in any::<String>()) {
        let mut xml = XmlWriter::new();
        xml.element("K", &text);
        let document = xml.finish();
        let inner = document.strip_prefix("<K>").unwrap().strip_suffix("</K>").unwrap();
        let read = quick_xml::escape::unescape(inner).unwrap();
        let expected: String = text.chars().map(|c| if c != '\r' && !matches!(c, '&' | '<' | '>' | '"') && needs_escape(c) { '\u{FFFD}' } else { c }).collect();
        prop_assert_eq!(read, expected);
    }
}
