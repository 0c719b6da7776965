//! The AWS policy language: policies and a request in, a decision out.
