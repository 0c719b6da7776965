//! Query-protocol parameters: any bytes are refused or read, once each, with every list whole.
#![no_main]

use bowline_aws::query::{Params, Scope};
use libfuzzer_sys::fuzz_target;

/// Reads a level as every type, and goes down into what it holds.
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

fuzz_target!(|input: (&[u8], Option<&str>)| {
    let (body, query) = input;
    let Ok(params) = Params::parse(body, query) else {
        return;
    };
    walk(&params.root(), 2);
    let names: Vec<&str> = params.iter().map(|(name, _)| name).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "each name once");
    assert!(params.unconsumed().all(|name| names.contains(&name)));
});
