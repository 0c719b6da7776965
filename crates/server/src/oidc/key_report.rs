//! What the server knows of a provider's keys, and what a fetch of them shows, for the operator.

use jiff::Timestamp;

use super::jwk::{KeyLeftOut, KeySet};

/// What the server knows of a provider's keys.
#[derive(Debug, Default)]
pub struct KeyReport {
    /// The keys that verify tokens: their `kid`, or nothing, and their algorithms.
    pub usable: Vec<(String, Vec<&'static str>)>,
    /// The other keys of the set.
    pub left_out: Vec<KeyLeftOut>,
    /// When the keys were fetched, if they were.
    pub fetched: Option<Fetched>,
    /// Why the latest fetch failed, if it did.
    pub failure: Option<Failure>,
}

/// The times of keys that were fetched.
#[derive(Clone, Copy, Debug)]
pub struct Fetched {
    /// When they came.
    pub at: Timestamp,
    /// Until when they are fresh.
    pub fresh_until: Timestamp,
    /// Until when they are used if no newer ones can be fetched.
    pub usable_until: Timestamp,
}

/// A fetch that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// What the operator can do about it.
    pub hint: Option<&'static str>,
}

impl Failure {
    pub(super) fn new(at: Timestamp, reason: String) -> Self {
        Self {
            at,
            hint: hint(&reason),
            reason,
        }
    }
}

impl KeyReport {
    pub(super) fn add_keys(&mut self, keys: &KeySet) {
        self.usable = keys.usable().collect();
        self.left_out = keys.left_out().to_vec();
    }
}

/// A step of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The discovery document is fetched and read.
    Document,
    /// It names the issuer.
    Issuer,
    /// The key set that it names is fetched and read.
    KeySet,
}

impl Step {
    /// All steps, in their order.
    const ALL: [Self; 3] = [Self::Document, Self::Issuer, Self::KeySet];

    /// What the step is about.
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "discovery document",
            Self::Issuer => "issuer",
            Self::KeySet => "key set",
        }
    }
}

/// The steps of a fetch that were done, each with the URL that it was about.
#[derive(Debug, Default)]
pub struct Steps {
    done: Vec<(Step, String)>,
}

impl Steps {
    pub(super) fn done(&mut self, step: Step, url: impl Into<String>) {
        self.done.push((step, url.into()));
    }

    /// The steps that were done.
    pub fn iter(&self) -> impl Iterator<Item = (Step, &str)> {
        self.done.iter().map(|(step, url)| (*step, url.as_str()))
    }

    /// The step that failed, if not all were done.
    pub fn next(&self) -> Option<Step> {
        Step::ALL.get(self.done.len()).copied()
    }
}

/// What the operator can do about a failure that has this reason.
pub(super) fn hint(reason: &str) -> Option<&'static str> {
    // As rustls names the certificate of an authority that it does not know.
    let unknown = ["UnknownIssuer", "CaUsedAsEndEntity"];
    unknown.iter().any(|name| reason.contains(name)).then_some(
        "if an authority of your own signed the certificate, upload the authority with `bowline provider configure ARN --ca-bundle FILE`",
    )
}
