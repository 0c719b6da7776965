//! Parameters of the query protocol: any bytes are parsed or rejected, and each parameter is there
//! once.
//!
//! Input: a line with the query, then the body.

use crate::lines_and_body;
use bowline_aws::query::{Params, Scope};

/// Reads every member of a level as every type, and the levels below it.
fn walk(scope: &Scope<'_>, depth: u8) {
    for name in ["A", "L", "M", "Tags"] {
        let _ = (
            scope.integer(name),
            scope.boolean(name),
            scope.timestamp(name),
        );
        if depth == 0 {
            continue;
        }
        if let Some(inner) = scope.structure(name) {
            walk(&inner, depth - 1);
        }
        if let Ok(Some(items)) = scope.list(name) {
            items.iter().for_each(|item| walk(item, depth - 1));
        }
        if let Ok(Some(entries)) = scope.map(name) {
            entries.iter().for_each(|(_, value)| walk(value, depth - 1));
        }
    }
}

/// Parses the query and the body, and reads all parameters.
pub fn run(input: &[u8]) {
    let Some(([query], body)) = lines_and_body(input) else {
        return;
    };
    let query = (!query.is_empty()).then_some(query);
    let Ok(params) = Params::parse(body, query) else {
        return;
    };
    walk(&params.root(), 2);
    let names: Vec<&str> = params.iter().map(|(name, _)| name).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "each name once");
    assert!(params.unconsumed().all(|name| names.contains(&name)));
}
