//! Secret texts of a request, which never reach a log or a message by accident.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// A password, token or private key of a request. Cleared on drop; its `Debug` output hides it.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
