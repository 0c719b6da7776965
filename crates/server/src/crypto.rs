//! Encryption: sealing, the keys to seal with, and page tokens.
//!
//! Only this folder encrypts or decrypts. It knows nothing of identity data.

pub mod keyring;
pub mod master_key;
pub mod page_token;
pub mod seal;
