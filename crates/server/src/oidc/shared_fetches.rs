//! Fetches in flight, which all that need the same document share: the same URL, with the same
//! certificate authorities. A request contains no secret and nothing of the account, so accounts
//! share them too. Documents are not kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};

use super::fetch::{FetchError, FetchedDocument};

/// What is fetched: the URL, and the digest of the certificate authorities unless they are the
/// public ones.
pub(super) type Document = (Box<str>, Option<[u8; 32]>);

type Fetched = Result<FetchedDocument, FetchError>;
type Fetching = BoxFuture<'static, Fetched>;

/// The fetches in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedFetches(Arc<Mutex<InFlight>>);

#[derive(Debug, Default)]
struct InFlight {
    started: u64,
    fetches: HashMap<Document, (u64, WeakShared<Fetching>)>,
}

impl SharedFetches {
    /// The fetch of this document in flight, if there is one.
    pub(super) fn join(&self, document: &Document) -> Option<Shared<Fetching>> {
        let in_flight = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, fetching) = in_flight.fetches.get(document)?;
        fetching.upgrade()
    }

    /// Starts a fetch that others can join. It ends with the last of them.
    pub(super) fn start(
        &self,
        document: Document,
        fetch: impl Future<Output = Fetched> + Send + 'static,
    ) -> Shared<Fetching> {
        let mut in_flight = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.started = in_flight.started.wrapping_add(1);
        let number = in_flight.started;
        let ends = RemoveAtEnd {
            shared: self.clone(),
            document: document.clone(),
            number,
        };
        let fetching = async move {
            let fetched = fetch.await;
            drop(ends);
            fetched
        };
        let fetching = fetching.boxed().shared();
        if let Some(weak) = fetching.downgrade() {
            in_flight.fetches.insert(document, (number, weak));
        }
        fetching
    }
}

/// Removes a fetch that ended, or that nothing waits for any more.
struct RemoveAtEnd {
    shared: SharedFetches,
    document: Document,
    number: u64,
}

impl Drop for RemoveAtEnd {
    fn drop(&mut self) {
        let mut in_flight = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = in_flight.fetches.get(&self.document);
        // Another fetch may have started since.
        if found.is_some_and(|(number, _)| *number == self.number) {
            in_flight.fetches.remove(&self.document);
        }
    }
}
