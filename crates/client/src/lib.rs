//! A client of AWS-compatible endpoints: requests signed by Signature Version 4 and sent over one
//! pool of connections, with the endpoint and the credentials that the AWS SDKs would use.
//!
//! [`default_chain::client`] builds a [`Client`] from the environment and the files that it names;
//! [`Client::anonymous`] builds one from values. Beside `default_chain`, nothing here reads the
//! environment or a file. Nothing logs or prints: an error says what failed, and its `hint` what
//! to do next.
//!
//! A response is a [`Response`] whatever its status: only [`Client::operate`] turns a rejection
//! into an error.

mod client;
pub mod connector;
pub mod credentials_file;
pub mod default_chain;
mod endpoint;
mod environment;
pub mod file;
pub mod operator;
mod request;
mod response;
mod transport;
mod trust;

pub use bowline_aws::sigv4::Credentials;

pub use self::{
    client::Client,
    endpoint::{Endpoint, EndpointError},
    environment::{Environment, VariableError},
    request::Request,
    response::Response,
    transport::{RootCause, SendError, Transport},
    trust::TrustError,
};
