//! Lists a bucket from the index: a page costs its entries and not the bucket.

use std::{collections::BTreeMap, ops::ControlFlow};

use jiff::Timestamp;

use super::{
    damage::{Damage, Fault},
    index::{Next, Rows, row::Row},
};
use crate::upstream::objects::{
    ETag, ListPage, ListPosition, ListQuery, ListedEntry, ObjectError, ObjectInfo,
};

/// Lists the keys in `bucket`.
pub(super) fn list(
    rows: &Rows,
    bucket: &str,
    damage: &Damage,
    query: &ListQuery,
) -> Result<ListPage, ObjectError> {
    let mut listing = Listing {
        bucket,
        damage,
        query,
        page: ListPage::default(),
    };
    if query.max > 0
        && let Some(from) = first_key(query)
    {
        rows.scan(bucket, from, |key, row| listing.visit(key, row))?;
    }
    Ok(listing.page)
}

/// Below this key, none is on the page. `None` if none is at all.
fn first_key(query: &ListQuery) -> Option<Vec<u8>> {
    let after = match &query.after {
        None => Vec::new(),
        // The first key that is greater.
        Some(ListPosition::AfterKey(key)) => [key.as_bytes(), b"\0"].concat(),
        Some(ListPosition::AfterPrefix(prefix)) => behind(prefix)?,
    };
    Some(after.max(query.prefix.clone().into_bytes()))
}

/// The first text of bytes behind all keys with this prefix. `None` if all keys have it.
fn behind(prefix: &str) -> Option<Vec<u8>> {
    let (last, rest) = prefix.as_bytes().split_last()?;
    // The bytes of UTF-8 are below 0xff.
    Some([rest, &[last.saturating_add(1)]].concat())
}

/// What a listing says of an object whose row is damaged.
fn unknown() -> ObjectInfo {
    ObjectInfo {
        length: 0,
        etag: ETag::new("damaged"),
        modified: Timestamp::UNIX_EPOCH,
        headers: BTreeMap::new(),
        user: BTreeMap::new(),
        checksum: None,
    }
}

struct Listing<'a> {
    bucket: &'a str,
    damage: &'a Damage,
    query: &'a ListQuery,
    page: ListPage,
}

impl Listing<'_> {
    fn visit(&mut self, key: &str, row: Option<Row>) -> Next {
        let Some(rest) = key.strip_prefix(self.query.prefix.as_str()) else {
            return Next::End;
        };
        let delimiter = self.query.delimiter.as_str();
        let cut = if delimiter.is_empty() {
            None
        } else {
            rest.find(delimiter)
        };
        if let Some(at) = cut {
            let end = self.query.prefix.len() + at + delimiter.len();
            let common = key.get(..end).unwrap_or(key).to_owned();
            let next = behind(&common);
            return match self.push(ListedEntry::CommonPrefix(common)) {
                ControlFlow::Continue(()) => next.map_or(Next::End, Next::From),
                ControlFlow::Break(()) => Next::End,
            };
        }
        let info = if let Some(row) = row {
            row.info()
        } else {
            // It exists, so it is listed. Deleting or replacing it repairs the bucket.
            self.damage.report(self.bucket, key, Fault::Row);
            unknown()
        };
        match self.push(ListedEntry::Object(key.to_owned(), info)) {
            ControlFlow::Continue(()) => Next::Row,
            ControlFlow::Break(()) => Next::End,
        }
    }

    /// Adds an entry, or ends a page that is full.
    fn push(&mut self, entry: ListedEntry) -> ControlFlow<()> {
        if self.page.entries.len() == self.query.max {
            self.page.truncated = true;
            return ControlFlow::Break(());
        }
        self.page.entries.push(entry);
        ControlFlow::Continue(())
    }
}
