//! Tables.

use std::collections::BTreeMap;

use bowline_aws::dynamodb::{AccountRegion, TableName};
use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counted, Entity, InvalidEntity, Lease, ensure};
use crate::identity::store::{RecordKey, record};

/// Maximum number of tags of a table ("Tagging restrictions in `DynamoDB`", Amazon `DynamoDB`
/// Developer Guide).
pub const MAX_TAGS: usize = 50;

/// A table: where its items are, and what decisions need to know. A table without a record does not
/// exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// 3 to 255 characters, unique in the account and region.
    pub name: String,
    /// The account that it belongs to.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// Its region.
    pub region: String,
    /// The upstream that holds its items, by its configured name.
    pub upstream: String,
    /// Names that the upstream uses instead of the client's.
    #[serde(default, skip_serializing_if = "UpstreamNames::is_empty")]
    pub upstream_names: UpstreamNames,
    /// How far a change of it has come.
    pub state: TableState,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
    /// The attribute that is its partition key, once it is created.
    pub partition_key: Option<String>,
    /// The attribute that is an index's partition key, by the index's name. Indexes with several
    /// such attributes are absent, and so are those that are being changed: decisions use no stale
    /// keys.
    pub index_partition_keys: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The server that is creating, changing or deleting it. Absent once that is done, and in
    /// stores whose feature level is older than leases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// An upstream's names of a table and its indexes, where they differ from the client's. They are
/// empty in records of earlier builds, which used the client's names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamNames {
    /// The table's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Those of indexes, by the client's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub indexes: BTreeMap<String, String>,
}

impl UpstreamNames {
    /// Whether all names are the client's.
    pub fn is_empty(&self) -> bool {
        self.table.is_none() && self.indexes.is_empty()
    }
}

/// How far a change of a table has come. As with buckets, the record is written first and deleted
/// last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableState {
    /// The name is reserved. The upstream may not have the table yet.
    Creating,
    /// It can be used.
    Active,
    /// It can be used, and the upstream may be changing its indexes.
    Updating,
    /// The upstream may not have the table any more.
    Deleting,
}

impl Table {
    /// Where it is. `None` if the region is not valid.
    pub fn account_region(&self) -> Option<AccountRegion> {
        AccountRegion::new(self.account, &self.region)
    }

    /// Its name in the upstream.
    pub fn upstream_name(&self) -> &str {
        self.upstream_names.table.as_deref().unwrap_or(&self.name)
    }

    /// The name of one of its indexes in the upstream.
    pub fn upstream_index_name<'n>(&'n self, index: &'n str) -> &'n str {
        let name = self.upstream_names.indexes.get(index);
        name.map_or(index, String::as_str)
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:dynamodb:{}:{}:table/{}",
            self.region, self.account, self.name
        )
    }

    /// Whether two records are of the same table, whatever changed between them.
    pub fn is(&self, other: &Self) -> bool {
        (&self.name, self.account, &self.region, self.created)
            == (&other.name, other.account, &other.region, other.created)
    }

    /// Whether it is the same table, can be used, has the same names in the upstream, and the
    /// condition keys of its items are derived in the same way.
    pub fn is_for_decisions(&self, other: &Self) -> bool {
        self.is(other)
            && matches!(self.state, TableState::Active | TableState::Updating)
            && self.partition_key == other.partition_key
            && self.index_partition_keys == other.index_partition_keys
            && self.upstream_names == other.upstream_names
    }
}

impl Entity for Table {
    const KIND: &'static str = "table";
    const LEVEL: u32 = 0;

    fn format(&self) -> u32 {
        if self.lease.is_some() || !self.upstream_names.is_empty() {
            record::NEWEST_FORMAT
        } else {
            record::BASE_FORMAT
        }
    }

    fn key(&self) -> RecordKey {
        RecordKey::table(self.account, &self.region, &self.name)
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted {
            region: Some(self.region.clone()),
            ..Counted::in_account::<Self>(self.account)
        })
    }

    fn document_bytes(&self) -> usize {
        let tags = self.tags.iter();
        tags.map(|(key, value)| key.len() + value.len()).sum()
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            self.name.parse::<TableName>().is_ok(),
            "table name",
            "is not 3 to 255 letters, digits, underscores, hyphens and dots",
        )?;
        ensure(self.account_region().is_some(), "region", "is no region")?;
        ensure(!self.upstream.is_empty(), "upstream", "is empty")?;
        let upstream_names = self.upstream_names.table.iter();
        let mut upstream_names = upstream_names.chain(self.upstream_names.indexes.values());
        ensure(
            upstream_names.all(|name| !name.is_empty()),
            "upstream name",
            "is empty",
        )?;
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
            upstream_names: UpstreamNames::default(),
            state: TableState::Active,
            created: Timestamp::UNIX_EPOCH,
            partition_key: Some("pk".to_owned()),
            index_partition_keys: BTreeMap::new(),
            tags: BTreeMap::new(),
            lease: None,
        }
    }

    #[test]
    fn a_decision_is_valid_only_for_the_same_table_with_the_same_keys() {
        let known = table();
        let is_valid = |now: Table| now.is_for_decisions(&known);
        let tags = BTreeMap::from([("team".to_owned(), "red".to_owned())]);
        let updating = TableState::Updating;
        assert!(is_valid(Table { tags, ..table() }));
        assert!(is_valid(Table {
            state: updating,
            ..table()
        }));
        let (deleting, later) = (TableState::Deleting, "2026-11-28T00:00:00Z");
        assert!(!is_valid(Table {
            state: deleting,
            ..table()
        }));
        assert!(!is_valid(Table {
            created: later.parse().unwrap(),
            ..table()
        }));
        let other_key = Some("owner".to_owned());
        assert!(!is_valid(Table {
            partition_key: other_key,
            ..table()
        }));
        let index_partition_keys = BTreeMap::from([("by-day".to_owned(), "day".to_owned())]);
        assert!(!is_valid(Table {
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
