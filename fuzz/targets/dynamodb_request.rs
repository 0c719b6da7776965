//! Bodies of DynamoDB: what is read is sent on as it was read, and every table that it names is asked about.
#![no_main]

use bowline_aws::dynamodb::{AccountRegion, KeySchema, Operation, Request, TableResource};
use libfuzzer_sys::fuzz_target;

/// Every table and index has the same key.
struct Schema;

impl KeySchema for Schema {
    fn partition_key(&self, _: &TableResource) -> Option<&str> {
        Some("pk")
    }
}

fuzz_target!(|bytes: &[u8]| {
    let account = "432797229265".parse().expect("an account id");
    let account_region = AccountRegion::new(account, "us-east-1").expect("a region");
    for operation in Operation::ALL {
        let Ok(request) = Request::read(*operation, bytes) else {
            continue;
        };
        let wire = request.to_wire();
        let again = Request::read(*operation, wire.as_bytes()).expect("what was sent on is read");
        assert_eq!(again.to_wire(), wire);
        let Ok(requirements) = request.requirements(&account_region, &Schema) else {
            continue;
        };
        for table in request.tables(&account_region) {
            let mut about = requirements.iter().filter_map(|r| r.resource.as_ref());
            assert!(
                about.any(|r| r.account_region == table.account_region && r.table == table.table)
            );
        }
    }
});
