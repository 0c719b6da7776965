//! The AWS policy language: policies and a request in, a decision out.
//!
//! No I/O, clock, randomness or logging: a decision depends on its arguments alone, so it can be
//! checked against the IAM User Guide.
//!
//! - [`policy`] parses documents strictly and reports problems in AWS's words.
//! - [`authorize`](mod@authorize) evaluates all kinds of policies together.
//! - [`decision`] returns a [`Permit`](decision::Permit), which the code that acts requires as
//!   proof, or the reason of the denial.
//! - [`trace`] explains a decision statement by statement.
//!
//! ```
//! use bowline_iam::{
//!     action::Action,
//!     authorize::{AppliedPolicy, Policies, AuthorizationRequest, RequestedResource, authorize},
//!     context::ConditionContext,
//!     policy::{Policy, PolicyKind},
//!     principal::Principal,
//! };
//!
//! let text = r#"{"Version": "2012-10-17", "Statement": [
//!     {
//!         "Effect": "Allow",
//!         "Action": "s3:GetObject",
//!         "Resource": "arn:aws:s3:::docs/${aws:username}/*"
//!     },
//!     {
//!         "Effect": "Deny",
//!         "Action": "s3:*",
//!         "Resource": "*",
//!         "Condition": {"Bool": {"aws:SecureTransport": "false"}}
//!     }
//! ]}"#;
//! let policy = Policy::parse(text, PolicyKind::Inline)?.compile(|_| None)?;
//!
//! let mut context = ConditionContext::new();
//! context.set("aws:username", "ann".into());
//! let account = "111122223333".parse()?;
//! let request = AuthorizationRequest {
//!     principal: Principal::User {
//!         account,
//!         arn: "arn:aws:iam::111122223333:user/ann",
//!         id: "AIDAEXAMPLE000000001",
//!     },
//!     action: &Action::parse("s3:GetObject")?,
//!     resource: RequestedResource { arn: "arn:aws:s3:::docs/ann/report", account: Some(account) },
//!     context: &context,
//! };
//! let policies = Policies {
//!     identity: vec![AppliedPolicy { name: "docs", arn: None, policy: Some(&policy) }],
//!     ..Policies::default()
//! };
//! let permit = authorize(&request, &policies).permit("reading the report");
//! assert!(permit.is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod account;
pub mod action;
pub mod arn;
pub mod authorize;
pub mod condition;
pub mod context;
pub mod decision;
pub mod doubt;
pub mod effect;
pub mod layer;
mod observer;
pub mod pattern;
mod policies;
pub mod policy;
mod policy_principal;
pub mod principal;
mod request;
mod statement;
pub mod trace;
pub mod truth;
