//! A strict JSON reader and a JSON writer.
//!
//! [`parse`] reads policies, token claims, key sets and request bodies. It accepts RFC 8259 and
//! nothing beyond it, and rejects text that two readers could understand in two ways: duplicate
//! member names, invalid UTF-8, lone surrogates, anything after the value. The caller bounds the
//! size, the depth and the number of values ([`JsonLimits`]). Every value knows its position
//! ([`Span`]), so that an error can name line and column.
//!
//! [`JsonWriter`] and [`push_string`] write the JSON that Bowline composes itself: error bodies,
//! requests to the table store, audit records. They escape what RFC 8259 requires and nothing
//! else.
//!
//! No I/O, no floating point: a number stays the text that it was read as.
//!
//! ```
//! use bowline_json::{JsonLimits, JsonWriter, parse};
//!
//! let limits = JsonLimits { max_bytes: 1_000, max_depth: 8, max_values: 100 };
//! let value = parse(br#"{"Effect": "Allow"}"#, &limits)?;
//! assert_eq!(value.get("Effect").and_then(|effect| effect.as_str()), Some("Allow"));
//!
//! let text = JsonWriter::object(64, |json| json.text("message", "a\"b"));
//! assert_eq!(text, r#"{"message":"a\"b"}"#);
//! # Ok::<(), bowline_json::JsonError>(())
//! ```

mod error;
mod reader;
pub mod scan;
mod value;
mod writer;

pub use error::{JsonError, JsonProblem, line_and_column};
pub use reader::{JsonLimits, parse};
pub use value::{Json, JsonKind, JsonMember, JsonNumber, JsonObject, Span};
pub use writer::{JsonWriter, push_string};
