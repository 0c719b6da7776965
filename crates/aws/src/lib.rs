//! The AWS wire without I/O: bytes to requests, responses to bytes.
