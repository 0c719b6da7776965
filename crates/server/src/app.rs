//! Everything that a running server has, once. There are no globals: two servers in one process share nothing.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;

use crate::{
    clock::Clock, config::Config, gateway::upstream::ObjectStore, index::State, oidc::Oidc,
};

/// A server's parts.
#[derive(Debug)]
pub(crate) struct App {
    /// How it was started.
    pub(crate) config: Config,
    /// The time.
    pub(crate) clock: Clock,
    /// Randomness.
    pub(crate) random: SystemRandom,
    /// Identity data.
    pub(crate) state: State,
    /// Token verification.
    pub(crate) oidc: Oidc,
    /// The embedded object store.
    pub(crate) objects: Arc<dyn ObjectStore>,
}
