//! Executes permitted S3 operations against a store.
