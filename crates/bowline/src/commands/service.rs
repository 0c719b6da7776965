//! `bowline service`: roles that services assume for their resources, such as instances and
//! functions.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{endpoint_args::EndpointArgs, error::CommandError, output};

/// Roles that services assume for their resources: instances, functions, tasks
#[derive(Debug, Args)]
pub(crate) struct Service {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Attach(Attach),
    Detach(Detach),
    List(List),
    Credentials(Credentials),
}

/// Attach a role to a resource
///
/// Needs iam:PassRole on the role, whose trust policy must name the service.
#[derive(Debug, Args)]
struct Attach {
    /// The service, such as ec2.amazonaws.com
    #[arg(long, value_name = "PRINCIPAL")]
    service: String,

    /// The resource, such as arn:aws:ec2:us-east-1:111122223333:instance/i-0a1b2c3d4e5f60718
    #[arg(long, value_name = "ARN")]
    resource: String,

    /// The role, by its name or ARN
    #[arg(long, value_name = "ROLE")]
    role: String,

    #[command(flatten)]
    server: EndpointArgs,
}

/// Detach the role of a resource
///
/// Credentials issued earlier stay valid until they expire.
#[derive(Debug, Args)]
struct Detach {
    /// The resource
    #[arg(long, value_name = "ARN")]
    resource: String,

    #[command(flatten)]
    server: EndpointArgs,
}

/// List resources and their roles
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

/// Print credentials of a resource's role in the format of a credential_process
#[derive(Debug, Args)]
#[command(after_help = "\
In a profile of the AWS clients, which then refresh them:
  credential_process = bowline service credentials --resource ARN --profile BROKER")]
struct Credentials {
    /// The resource
    #[arg(long, value_name = "ARN")]
    resource: String,

    #[command(flatten)]
    server: EndpointArgs,
}

impl Service {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Attach(attach) => attach.run(),
            Command::Detach(detach) => detach.run(),
            Command::List(list) => list.run(),
            Command::Credentials(credentials) => credentials.run(),
        }
    }
}

impl Attach {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = json!({
            "Service": self.service,
            "ResourceArn": self.resource,
            "Role": self.role,
        });
        self.server.call("AttachRole", &input)?;
        output::line(format!("{} has the role {}", self.resource, self.role));
        Ok(ExitCode::SUCCESS)
    }
}

impl Detach {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = json!({ "ResourceArn": self.resource });
        self.server.call("DetachRole", &input)?;
        output::line(format!("{} has no role", self.resource));
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    fn run(self) -> Result<ExitCode, CommandError> {
        let attachments = self.server.list("ListAttachments", "Attachments")?;
        match self.output {
            output::Format::Json => output::line(Value::Array(attachments).to_string()),
            output::Format::Text => {
                for attachment in attachments {
                    let text = |name: &str| {
                        let value = attachment.get(name).and_then(Value::as_str);
                        value.unwrap_or_default()
                    };
                    output::line(format!("{}  {}", text("ResourceArn"), text("RoleArn")));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Credentials {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = json!({ "ResourceArn": self.resource });
        let response = self.server.call("GetAttachedCredentials", &input)?;
        let credentials = response.get("Credentials").and_then(Value::as_object);
        let mut process = credentials
            .context("the response has no credentials")?
            .clone();
        // "Sourcing credentials with an external process", AWS SDKs and Tools Reference Guide.
        process.insert("Version".to_owned(), json!(1));
        output::line(Value::Object(process).to_string());
        Ok(ExitCode::SUCCESS)
    }
}
