//! The parts of a request that a signature covers.

use super::error::SignatureError;

/// The parts of a request that a signature covers, as received.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    /// The method, such as `GET`.
    pub method: &'a str,
    /// The path before the `?`, percent-encoded as received. [`verify`](super::verify()) alone
    /// brings it into the form that the service signs.
    pub path: &'a str,
    /// The query string after the `?`, percent-encoded as received; empty if there is none.
    pub query: &'a str,
    /// Header names, in any case, and values, in the order received.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> RequestParts<'a> {
    /// The values of a header, in the order received.
    pub fn header_values(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The value of a header that must not be repeated.
    ///
    /// # Errors
    /// [`SignatureError::DuplicateHeader`] if it is.
    pub fn single_header(&self, name: &'static str) -> Result<Option<&'a [u8]>, SignatureError> {
        let mut values = self.header_values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(SignatureError::DuplicateHeader(name)),
        }
    }
}
