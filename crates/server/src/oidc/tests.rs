//! Whole verifications: of tokens under uploaded keys, and of keys from an issuer on loopback.

mod keys;
mod limits;
mod tokens;
