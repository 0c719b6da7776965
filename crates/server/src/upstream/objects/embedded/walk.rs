//! Lists a bucket by walking its tree in key order, one folder's names in memory per level.

use std::{
    collections::BTreeMap,
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    damage::Damage,
    footer,
    name::{self, Name},
    tree::Tree,
};
use crate::upstream::objects::{
    ETag, ListPage, ListPosition, ListQuery, ListedEntry, ObjectError, ObjectInfo,
};

/// What a listing says of an object whose metadata is damaged.
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

/// Lists the keys in `bucket`, whose name is `name`.
pub(super) fn list(
    bucket: &Tree,
    name: &str,
    damage: &Damage,
    query: &ListQuery,
) -> Result<ListPage, ObjectError> {
    let mut walk = Walk {
        bucket,
        name,
        damage,
        query,
        skip: None,
        page: ListPage::default(),
    };
    if query.max > 0 {
        let _ = walk.folder(Path::new(""), &[])?;
    }
    Ok(walk.page)
}

struct Walk<'a> {
    bucket: &'a Tree,
    /// The name of the bucket.
    name: &'a str,
    damage: &'a Damage,
    query: &'a ListQuery,
    /// The common prefix that was listed last; its keys are not listed again.
    skip: Option<String>,
    page: ListPage,
}

impl Walk<'_> {
    /// Visits a folder in which all keys begin with `stem`.
    fn folder(&mut self, path: &Path, stem: &[u8]) -> Result<ControlFlow<()>, ObjectError> {
        let names = match self.bucket.names(path) {
            Ok(names) => names,
            // Pruned meanwhile, because it was empty.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        // All keys in a folder begin with its bytes, so ordering names by the bytes that they add
        // orders the keys.
        let mut children: Vec<(Vec<u8>, bool, String)> = names
            .into_iter()
            .filter_map(|name| match name::read(&name)? {
                Name::File(bytes) => Some((bytes, false, name)),
                Name::Folder(bytes) => Some((bytes, true, name)),
            })
            .collect();
        children.sort_unstable();
        for (bytes, is_folder, name) in children {
            let key = [stem, &bytes].concat();
            let path: PathBuf = path.join(name);
            let flow = if is_folder {
                if self.may_contain(&key) {
                    self.folder(&path, &key)?
                } else {
                    ControlFlow::Continue(())
                }
            } else {
                self.file(&path, key)?
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether a key that begins with `stem` can be on the page.
    fn may_contain(&self, stem: &[u8]) -> bool {
        let prefix = self.query.prefix.as_bytes();
        let before = |mark: &str| stem < mark.as_bytes() && !mark.as_bytes().starts_with(stem);
        (stem.starts_with(prefix) || prefix.starts_with(stem))
            && !self
                .skip
                .as_ref()
                .is_some_and(|skip| stem.starts_with(skip.as_bytes()))
            && match &self.query.after {
                None => true,
                Some(ListPosition::AfterKey(mark)) => !before(mark),
                Some(ListPosition::AfterPrefix(mark)) => {
                    !before(mark) && !stem.starts_with(mark.as_bytes())
                }
            }
    }

    fn file(&mut self, path: &Path, key: Vec<u8>) -> Result<ControlFlow<()>, ObjectError> {
        let Ok(key) = String::from_utf8(key) else {
            return Ok(ControlFlow::Continue(()));
        };
        let past = match &self.query.after {
            None => true,
            Some(ListPosition::AfterKey(mark)) => key > *mark,
            Some(ListPosition::AfterPrefix(mark)) => key > *mark && !key.starts_with(mark.as_str()),
        };
        let skipped = self
            .skip
            .as_ref()
            .is_some_and(|skip| key.starts_with(skip.as_str()));
        let Some(rest) = key
            .strip_prefix(self.query.prefix.as_str())
            .filter(|_| past && !skipped)
        else {
            return Ok(ControlFlow::Continue(()));
        };
        let delimiter = self.query.delimiter.as_str();
        let cut = if delimiter.is_empty() {
            None
        } else {
            rest.find(delimiter)
        };
        let opened = match self.bucket.file(path) {
            // Deleted meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(ControlFlow::Continue(()));
            }
            opened => opened.map_err(ObjectError::from),
        };
        let name = footer::Name {
            bucket: self.name,
            key: &key,
        };
        let info = match opened.and_then(|file| Ok(footer::read(&file, name)?.info)) {
            Ok(info) => info,
            // It exists, so it is listed. Reading it fails; deleting or replacing it repairs the
            // bucket.
            Err(ObjectError::Damaged) => {
                self.damage.report(self.name, &key);
                unknown()
            }
            Err(error) => return Err(error),
        };
        if self.page.entries.len() == self.query.max {
            self.page.truncated = true;
            return Ok(ControlFlow::Break(()));
        }
        let entry = match cut {
            Some(at) => {
                let end = self.query.prefix.len() + at + delimiter.len();
                let common: String = key.get(..end).unwrap_or(&key).to_owned();
                self.skip = Some(common.clone());
                ListedEntry::CommonPrefix(common)
            }
            None => ListedEntry::Object(key, info),
        };
        self.page.entries.push(entry);
        Ok(ControlFlow::Continue(()))
    }
}
