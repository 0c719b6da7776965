//! Names and ARNs of tables and indexes.

use std::{fmt, str::FromStr};

use bowline_iam::account::AccountId;

/// Maximum length of a region: the longest of AWS has 14 characters.
const MAX_REGION_BYTES: usize = 32;

/// The name of a table or an index: 3 to 255 letters, digits, underscores, hyphens and dots (shape
/// `TableName`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName(Box<str>);

/// The text is not the name of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"
)]
pub struct InvalidTableName;

/// An account in a region: the namespace of tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountRegion {
    account: AccountId,
    region: Box<str>,
}

/// How a request names a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableRef {
    /// A table of the caller's account, in the region of the request.
    Name(TableName),
    /// A table of any account and region.
    Arn(TableResource),
}

/// A table or one of its indexes, with its account and region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableResource {
    /// Where the table is.
    pub account_region: AccountRegion,
    /// Its name.
    pub table: TableName,
    /// The index, if it is one.
    pub index: Option<TableName>,
}

impl TableName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TableName {
    type Err = InvalidTableName;

    fn from_str(text: &str) -> Result<Self, InvalidTableName> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if (3..=255).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidTableName)
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AccountRegion {
    /// An account in a region. `None` if the text is not a valid region. Regions are parts of file
    /// names.
    pub fn new(account: AccountId, region: &str) -> Option<Self> {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let valid = (1..=MAX_REGION_BYTES).contains(&region.len())
            && region.bytes().all(|b| word(b) || b == b'-')
            && region.bytes().next().is_some_and(word);
        valid.then(|| Self {
            account,
            region: region.into(),
        })
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The ARN of a table in this account and region.
    pub fn table_arn(&self, table: &str) -> String {
        format!(
            "arn:aws:dynamodb:{}:{}:table/{table}",
            self.region, self.account
        )
    }
}

impl TableRef {
    /// Parses a table's name or ARN. An index's ARN is rejected.
    ///
    /// # Errors
    /// [`InvalidTableName`].
    pub fn parse(text: &str) -> Result<Self, InvalidTableName> {
        if !text.starts_with("arn:") {
            return text.parse().map(Self::Name);
        }
        let resource: TableResource = text.parse()?;
        if resource.index.is_some() {
            return Err(InvalidTableName);
        }
        Ok(Self::Arn(resource))
    }

    /// Its name without account and region.
    pub fn name(&self) -> &TableName {
        match self {
            Self::Name(name) => name,
            Self::Arn(resource) => &resource.table,
        }
    }

    /// The table that it names in a request to this account and region.
    pub fn from(self, account_region: &AccountRegion) -> TableResource {
        match self {
            Self::Name(table) => TableResource {
                account_region: account_region.clone(),
                table,
                index: None,
            },
            Self::Arn(resource) => resource,
        }
    }
}

impl FromStr for TableResource {
    type Err = InvalidTableName;

    fn from_str(text: &str) -> Result<Self, InvalidTableName> {
        let read = || {
            let (region, rest) = text.strip_prefix("arn:aws:dynamodb:")?.split_once(':')?;
            let (account, rest) = rest.split_once(':')?;
            let account_region = AccountRegion::new(account.parse().ok()?, region)?;
            let (table, index) = match rest.strip_prefix("table/")?.split_once("/index/") {
                Some((table, index)) => (table, Some(index.parse().ok()?)),
                None => (rest.strip_prefix("table/")?, None),
            };
            Some(Self {
                account_region,
                table: table.parse().ok()?,
                index,
            })
        };
        read().ok_or(InvalidTableName)
    }
}

impl fmt::Display for TableResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.account_region.table_arn(self.table.as_str()))?;
        match &self.index {
            Some(index) => write!(f, "/index/{index}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:dynamodb:eu-west-1:432797229265:table/insights";

    #[test]
    fn an_arn_names_a_table_or_an_index() {
        let read = |text: &str| {
            text.parse::<TableResource>()
                .map(|resource| resource.to_string())
        };
        assert_eq!(read(ARN).as_deref(), Ok(ARN));
        let index = format!("{ARN}/index/by-day");
        assert_eq!(read(&index).as_deref(), Ok(&*index));
        for bad in [
            "arn:aws:dynamodb:eu-west-1:432797229265:table/in",
            "arn:aws:dynamodb:eu-west-1:432797229265:table/insights/stream/2026",
            "arn:aws:dynamodb:eu-west-1:432797229265:table/insights/index/a/b",
            "arn:aws:dynamodb:eu-west-1:432797229265:table/*",
            "arn:aws:dynamodb:../..:432797229265:table/insights",
            "arn:aws:dynamodb::432797229265:table/insights",
            "arn:aws:dynamodb:eu-west-1:43279722926:table/insights",
            "arn:aws-cn:dynamodb:eu-west-1:432797229265:table/insights",
            "arn:aws:s3:eu-west-1:432797229265:table/insights",
            "ARN:aws:dynamodb:eu-west-1:432797229265:table/insights",
        ] {
            assert_eq!(read(bad), Err(InvalidTableName), "{bad}");
        }
        assert_eq!(TableRef::parse(&index), Err(InvalidTableName));
    }

    #[test]
    fn a_name_belongs_to_the_callers_account_and_region_and_an_arn_to_its_own() {
        let account_region =
            AccountRegion::new("111122223333".parse().unwrap(), "us-east-1").unwrap();
        let of = |text: &str| {
            TableRef::parse(text)
                .unwrap()
                .from(&account_region)
                .to_string()
        };
        assert_eq!(
            of("insights"),
            "arn:aws:dynamodb:us-east-1:111122223333:table/insights"
        );
        assert_eq!(of(ARN), ARN);
    }

    #[test]
    fn a_region_is_a_valid_part_of_a_file_name() {
        let account = "111122223333".parse().unwrap();
        for bad in ["", "..", "a/b", "-a", "EU", "a\0b", &"a".repeat(33)] {
            assert_eq!(AccountRegion::new(account, bad), None, "{bad}");
        }
        assert!(AccountRegion::new(account, "ap-southeast-1").is_some());
    }
}
