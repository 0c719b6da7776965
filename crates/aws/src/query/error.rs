//! The limits of query parameters, and why parameters are rejected.

/// The most bytes of body and query string together. A web identity token has up to 20,000
/// characters and a policy document up to 131,072, each percent-encoded to up to three bytes.
pub const MAX_FORM_BYTES: usize = 512 * 1024;
/// The most parameters of a request. The largest IAM request, with 50 tags, has about a hundred.
pub const MAX_PARAMETERS: usize = 1_000;
/// The most bytes of the name of a parameter.
pub(super) const MAX_NAME_BYTES: usize = 256;

/// Why the parameters of a request are rejected. [`crate::error`] maps the reasons to AWS's codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// More than [`MAX_FORM_BYTES`].
    #[error("the parameters have more than {MAX_FORM_BYTES} bytes")]
    TooLong,
    /// More than [`MAX_PARAMETERS`].
    #[error("the request has more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// A name is empty or longer than 256 bytes.
    #[error("a parameter name is empty or longer than {MAX_NAME_BYTES} bytes")]
    BadName,
    /// A percent sign without two hexadecimal digits.
    #[error("a percent escape is incomplete")]
    BadEscape,
    /// A name or value is not UTF-8.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// A duplicate parameter.
    #[error("parameter `{0}` is given more than once")]
    Duplicate(String),
    /// A list or map whose indices are not 1, 2, 3 and so on, or that also has a value itself.
    #[error("the members of `{0}` are not numbered 1, 2, 3 without gaps")]
    BadList(String),
    /// A parameter with a value of another type.
    #[error("`{value}` at `{name}` is not {expected}")]
    BadValue {
        /// The full name of the parameter.
        name: String,
        /// Its value, shortened.
        value: String,
        /// The expected type, such as `an integer`.
        expected: &'static str,
    },
}
