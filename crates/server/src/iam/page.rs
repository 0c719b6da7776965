//! Lists page by page: at most `MaxItems` entries, and a marker that says where to go on.
//!
//! A marker is sealed for one account and one operation: one made up, or of another list, is refused.

use bowline_aws::error::{AwsError, Code, Protocol};

use crate::{crypto::page_token, request::call::Call};

/// Entries of a page whose size nobody asked for (IAM API Reference, `MaxItems`).
const DEFAULT: usize = 100;

/// What a request says of the page that it asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) operation: &'static str,
    pub(super) marker: Option<&'a str>,
    pub(super) max_items: Option<i32>,
}

/// Which page is asked for.
#[derive(Debug)]
pub(super) struct Page<'a> {
    call: &'a Call<'a>,
    operation: &'static str,
    most: usize,
    /// The name of the last entry of the page before.
    pub(super) after: Option<String>,
}

/// Entries, and where the next page begins.
#[derive(Debug)]
pub(super) struct Entries<T> {
    pub(super) items: Vec<T>,
    pub(super) is_truncated: Option<bool>,
    pub(super) marker: Option<String>,
}

impl<'a> Page<'a> {
    /// Reads `Marker` and `MaxItems` of an operation.
    ///
    /// # Errors
    /// `ValidationError` for a marker that is none of this list.
    pub(super) fn new(call: &'a Call<'a>, asked: Asked<'_>) -> Result<Self, AwsError> {
        let Asked {
            operation,
            marker,
            max_items,
        } = asked;
        let invalid = || AwsError::new(Code::ValidationError, "Invalid Marker.");
        let after = match marker {
            None => None,
            Some(marker) => {
                let keyring = call.index.keyring();
                let text = page_token::open(marker, call.account(), keyring, call.now)
                    .map_err(|_| invalid())?;
                let (of, name) = text.split_once('/').ok_or_else(invalid)?;
                if of != operation {
                    return Err(invalid());
                }
                Some(name.to_owned())
            }
        };
        Ok(Self {
            call,
            operation,
            most: max_items.map_or(DEFAULT, |n| usize::try_from(n).unwrap_or(DEFAULT)),
            after,
        })
    }

    /// Takes the page's entries from all that come after the page before, in order of their names.
    ///
    /// # Errors
    /// `InternalFailure` if no marker can be sealed.
    pub(super) fn take<E, T>(
        &self,
        all: impl IntoIterator<Item = E>,
        name: impl Fn(&E) -> &str,
        show: impl Fn(&E) -> T,
    ) -> Result<Entries<T>, AwsError> {
        let mut items = Vec::new();
        let mut last: Option<E> = None;
        for entry in all {
            if items.len() == self.most {
                let name = last.as_ref().map(name).unwrap_or_default();
                return Ok(Entries {
                    items,
                    is_truncated: Some(true),
                    marker: Some(self.marker(name)?),
                });
            }
            items.push(show(&entry));
            last = Some(entry);
        }
        Ok(Entries {
            items,
            is_truncated: Some(false),
            marker: None,
        })
    }

    fn marker(&self, name: &str) -> Result<String, AwsError> {
        let text = format!("{}/{name}", self.operation);
        let keyring = self.call.index.keyring();
        page_token::seal(&text, self.call.account(), keyring, self.call.now)
            .map_err(|_| AwsError::internal(Protocol::IAM))
    }
}
