//! Tables.

use std::collections::BTreeMap;

use bowline_aws::dynamodb::{AccountRegion, TableName};
use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entity, InvalidEntity, Lease, ensure};
use crate::identity::store::{RecordKey, record};

/// Most tags of a table ("Tagging restrictions in `DynamoDB`", Amazon `DynamoDB` Developer Guide).
pub const MAX_TAGS: usize = 50;

/// A table: where its items are, and what is decided by. A table without a record does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// 3 to 255 characters, unique in the account's part of the region.
    pub name: String,
    /// The account that it belongs to.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// Its region.
    pub region: String,
    /// The upstream that holds its items, by its configured name.
    pub upstream: String,
    /// How far a change to it has come.
    pub state: TableState,
    /// When it was made.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
    /// The attribute that is its partition key, once it is made.
    pub partition_key: Option<String>,
    /// The attribute that is an index's partition key, by the index's name. One whose key has several is absent, and so is one that is
    /// being changed: nothing is decided by what may no longer hold.
    pub index_partition_keys: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The server that is creating, changing or deleting it. Absent once that is done, and in
    /// stores whose feature level is older than leases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// How far a change to a table has come. As with buckets, the record comes first and goes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableState {
    /// The name is taken; the upstream may not have it yet.
    Creating,
    /// It can be used.
    Active,
    /// It can be used, and the upstream may be changing its indexes.
    Updating,
    /// The upstream may not have it any more.
    Deleting,
}

impl Table {
    /// Where it is. None for a record that was never valid.
    pub fn account_region(&self) -> Option<AccountRegion> {
        AccountRegion::new(self.account, &self.region)
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:dynamodb:{}:{}:table/{}",
            self.region, self.account, self.name
        )
    }

    /// Whether it is the same table as another record shows, however that has changed since.
    pub fn is(&self, other: &Self) -> bool {
        (&self.name, self.account, &self.region, self.created)
            == (&other.name, other.account, &other.region, other.created)
    }

    /// Whether it is the same table, can be used, and what policies ask about its items is derived in the same way.
    pub fn is_for_decisions(&self, other: &Self) -> bool {
        self.is(other)
            && matches!(self.state, TableState::Active | TableState::Updating)
            && self.partition_key == other.partition_key
            && self.index_partition_keys == other.index_partition_keys
    }
}

impl Entity for Table {
    const KIND: &'static str = "table";

    fn format(&self) -> u32 {
        if self.lease.is_some() {
            record::NEWEST_FORMAT
        } else {
            record::BASE_FORMAT
        }
    }

    fn key(&self) -> RecordKey {
        RecordKey::table(self.account, &self.region, &self.name)
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            self.name.parse::<TableName>().is_ok(),
            "table name",
            "is not 3 to 255 letters, digits, underscores, hyphens and dots",
        )?;
        ensure(self.account_region().is_some(), "region", "is no region")?;
        ensure(!self.upstream.is_empty(), "upstream", "is empty")?;
        ensure(self.tags.len() <= MAX_TAGS, "tags", "are too many")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            name: "insights".to_owned(),
            account: "432797229265".parse().unwrap(),
            region: "us-east-1".to_owned(),
            upstream: "embedded".to_owned(),
            state: TableState::Active,
            created: Timestamp::UNIX_EPOCH,
            partition_key: Some("pk".to_owned()),
            index_partition_keys: BTreeMap::new(),
            tags: BTreeMap::new(),
            lease: None,
        }
    }

    #[test]
    fn a_decision_holds_for_the_table_that_it_was_about_with_the_keys_that_it_had() {
        let known = table();
        let holds = |now: Table| now.is_for_decisions(&known);
        let tags = BTreeMap::from([("team".to_owned(), "red".to_owned())]);
        let updating = TableState::Updating;
        assert!(holds(Table { tags, ..table() }));
        assert!(holds(Table {
            state: updating,
            ..table()
        }));
        let (deleting, later) = (TableState::Deleting, "2026-11-28T00:00:00Z");
        assert!(!holds(Table {
            state: deleting,
            ..table()
        }));
        assert!(!holds(Table {
            created: later.parse().unwrap(),
            ..table()
        }));
        let other_key = Some("owner".to_owned());
        assert!(!holds(Table {
            partition_key: other_key,
            ..table()
        }));
        let index_partition_keys = BTreeMap::from([("by-day".to_owned(), "day".to_owned())]);
        assert!(!holds(Table {
            index_partition_keys,
            ..table()
        }));
    }

    #[test]
    fn a_record_that_names_no_table_or_region_is_invalid() {
        assert_eq!(table().validate(), Ok(()));
        let region = "../eu".to_owned();
        let invalid = Table { region, ..table() }.validate().unwrap_err();
        assert_eq!(invalid.field, "region");
        let name = "a/b".to_owned();
        let invalid = Table { name, ..table() }.validate().unwrap_err();
        assert_eq!(invalid.field, "table name");
    }
}
