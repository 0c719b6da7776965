//! Lists page by page: at most `MaxItems` entries, and a marker for the next page. A page ends
//! earlier if the documents in it are large ("IAM might return fewer than the `MaxItems` number of
//! results, even when there are more results available", IAM API Reference).
//!
//! A marker is sealed for one account and one operation. A made-up marker, or another list's, is
//! refused.

use bowline_aws::{
    error::{AwsError, Protocol},
    iam::Operation,
};

use super::{error::IamError, noun::Listed};
use crate::{
    crypto::page_token,
    request::{call::Call, error::RequestError},
};

/// Entries of a page if the request has no `MaxItems` (IAM API Reference, `MaxItems`).
const DEFAULT_ITEMS: usize = 100;

/// Bytes of the documents in a page, apart from the last one: a hundred roles with the largest
/// trust policies that AWS allows have less.
const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

/// The page that a request asks for.
#[derive(Debug)]
pub(super) struct Page<'a> {
    call: &'a Call<'a>,
    operation: Operation,
    max_items: usize,
    /// The name of the last entry of the page before.
    pub(super) after: Option<String>,
}

/// The entries of a page, and the marker of the next one.
#[derive(Debug)]
pub(super) struct Entries<T> {
    pub(super) items: Vec<T>,
    pub(super) is_truncated: Option<bool>,
    pub(super) marker: Option<String>,
}

impl<'a> Page<'a> {
    /// Reads `Marker` and `MaxItems`.
    ///
    /// # Errors
    /// [`IamError::InvalidMarker`].
    pub(super) fn new(
        call: &'a Call<'a>,
        operation: Operation,
        marker: Option<&str>,
        max_items: Option<i32>,
    ) -> Result<Self, IamError> {
        let after = match marker {
            None => None,
            Some(marker) => {
                let keyring = call.index.keyring();
                let text = page_token::open(marker, call.account(), keyring, call.now)
                    .map_err(|_| IamError::InvalidMarker)?;
                let (of, name) = text.split_once('/').ok_or(IamError::InvalidMarker)?;
                if of != operation.name() {
                    return Err(IamError::InvalidMarker);
                }
                Some(name.to_owned())
            }
        };
        let max_items = max_items.and_then(|items| usize::try_from(items).ok());
        Ok(Self {
            call,
            operation,
            max_items: max_items.unwrap_or(DEFAULT_ITEMS),
            after,
        })
    }

    /// The page of the account's entities of one kind, by name, with this path prefix.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(super) fn list<N: Listed, T>(
        &self,
        path_prefix: Option<&str>,
        to_output: impl Fn(&N) -> T,
    ) -> Result<Entries<T>, RequestError> {
        self.list_documents(path_prefix, to_output, |_| 0)
    }

    /// The same with documents, of which `bytes` returns the size in an entry.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(super) fn list_documents<N: Listed, T>(
        &self,
        path_prefix: Option<&str>,
        to_output: impl Fn(&N) -> T,
        bytes: impl Fn(&T) -> usize,
    ) -> Result<Entries<T>, RequestError> {
        let after = self.after.as_deref();
        let all = N::list(&self.call.index, self.call.account(), path_prefix, after);
        self.take_documents(all, |entry| entry.name(), |entry| to_output(entry), bytes)
    }

    /// Takes the page's entries from all that come after the page before, in the order of their
    /// names.
    ///
    /// # Errors
    /// `InternalFailure` if no marker can be sealed.
    pub(super) fn take<E, T>(
        &self,
        all: impl IntoIterator<Item = E>,
        name: impl Fn(&E) -> &str,
        to_output: impl Fn(&E) -> T,
    ) -> Result<Entries<T>, RequestError> {
        self.take_documents(all, name, to_output, |_| 0)
    }

    /// The same with documents, of which `bytes` returns the size in an entry.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(super) fn take_documents<E, T>(
        &self,
        all: impl IntoIterator<Item = E>,
        name: impl Fn(&E) -> &str,
        to_output: impl Fn(&E) -> T,
        bytes: impl Fn(&T) -> usize,
    ) -> Result<Entries<T>, RequestError> {
        let mut total = 0_usize;
        let mut items = Vec::new();
        let mut last: Option<E> = None;
        for entry in all {
            if items.len() == self.max_items || total >= MAX_DOCUMENT_BYTES {
                let name = last.as_ref().map(name).unwrap_or_default();
                return Ok(Entries {
                    items,
                    is_truncated: Some(true),
                    marker: Some(self.marker(name)?),
                });
            }
            let item = to_output(&entry);
            total = total.saturating_add(bytes(&item));
            items.push(item);
            last = Some(entry);
        }
        Ok(Entries {
            items,
            is_truncated: Some(false),
            marker: None,
        })
    }

    fn marker(&self, name: &str) -> Result<String, AwsError> {
        let text = format!("{}/{name}", self.operation.name());
        let keyring = self.call.index.keyring();
        page_token::seal(&text, self.call.account(), keyring, self.call.now)
            .map_err(|_| AwsError::internal(Protocol::IAM))
    }
}
