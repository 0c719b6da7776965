//! IAM's operations: from a permitted request to its answer.
