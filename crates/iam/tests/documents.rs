//! Runs the table of documents that AWS accepts and refuses: `cases/documents.txt`.

use std::{fs, path::Path};

use bowline_iam::policy::{Policy, PolicyKind};

#[test]
fn documents_are_accepted_and_refused_as_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/documents.txt");
    let text = fs::read_to_string(file).unwrap();
    let mut kind = PolicyKind::Inline;
    let mut expected = "accepted";
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(outcome) = line.strip_prefix("= ") {
            expected = outcome;
            continue;
        }
        if let Some(name) = line.strip_prefix("kind ") {
            kind = match name {
                "inline" => PolicyKind::Inline,
                "managed" => PolicyKind::Managed,
                "session" => PolicyKind::Session,
                "trust" => PolicyKind::Trust,
                "resource" => PolicyKind::Resource,
                other => panic!("`{other}` is no kind of policy"),
            };
            continue;
        }
        count += 1;
        let document = complete(line);
        let outcome = match Policy::parse(&document, kind) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.aws_message(),
        };
        if outcome != expected {
            wrong.push(format!(
                "{kind:?} {document}\n  the table: {expected}\n  here: {outcome}"
            ));
        }
        // What may be saved can be loaded.
        assert!(
            outcome != "accepted" || Policy::load(&document, kind).is_ok(),
            "{document} is saved and does not load"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 80, "only {count} documents were found");
}

/// A line is a whole document, a list of statements, one statement, or members that are put into a
/// statement that is complete without them.
fn complete(line: &str) -> String {
    if line.contains("\"Statement\"") || line.starts_with('!') {
        return line.trim_start_matches('!').to_owned();
    }
    let statements = if line.starts_with(['{', '[']) {
        line.to_owned()
    } else {
        let mut members = line.to_owned();
        for (name, other, default) in [
            ("Effect", "Effect", "\"Allow\""),
            ("Action", "NotAction", "\"s3:ListBucket\""),
            ("Resource", "NotResource", "\"arn:aws:s3:::docs\""),
        ] {
            let has = |name: &str| line.contains(&format!("\"{name}\":"));
            if !has(name) && !has(other) {
                members.extend([",\"", name, "\":", default]);
            }
        }
        format!("{{{members}}}")
    };
    format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#)
}
