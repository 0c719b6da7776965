//! Limits of key sets and discovery documents, whether they are fetched or uploaded.

use bowline_json::JsonLimits;

/// How much a document may hold. Real ones have a few kilobytes.
pub(super) const DOCUMENT_LIMITS: JsonLimits = JsonLimits {
    max_bytes: 1 << 20,
    max_depth: 16,
    max_values: 16_384,
};
