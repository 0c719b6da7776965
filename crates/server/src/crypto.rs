//! Keys, and everything that is sealed under them. Only this folder encrypts or decrypts.

pub mod keyring;
pub mod master_key;
pub mod page_token;
pub mod seal;
pub mod session;
