//! DynamoDB request bodies: a body is forwarded as it was parsed, and every table in it has a
//! requirement.
//!
//! Input: a body, which is parsed for every operation.

use bowline_aws::dynamodb::{AccountRegion, KeySchema, Operation, Request, TableResource};

/// Every table and index has the same key.
struct Schema;

impl KeySchema for Schema {
    fn partition_key(&self, _: &TableResource) -> Option<&str> {
        Some("pk")
    }
}

/// Parses the body for every operation, writes it again and lists its requirements.
pub fn run(input: &[u8]) {
    let account = "432797229265".parse().expect("an account id");
    let account_region = AccountRegion::new(account, "us-east-1").expect("a region");
    for operation in Operation::ALL {
        let Ok(request) = Request::read(*operation, input) else {
            continue;
        };
        let wire = request.to_wire();
        let again = Request::read(*operation, wire.as_bytes()).expect("a forwarded body is valid");
        assert_eq!(again.to_wire(), wire);
        let Ok(requirements) = request.requirements(&account_region, &Schema) else {
            continue;
        };
        for table in request.tables(&account_region) {
            let mut about = requirements.iter().filter_map(|r| r.table());
            assert!(
                about.any(|r| r.account_region == table.account_region && r.table == table.table)
            );
        }
    }
}
