//! `bowline provider`: what IAM's own API cannot say of an OIDC provider.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, anyhow};
use bowline_client::file::read_text;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value};

use crate::{endpoint_args::EndpointArgs, error::CommandError, output};

/// Settings of OIDC providers that IAM's own API does not have
#[derive(Debug, Args)]
pub(crate) struct Provider {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Configure(Configure),
}

/// Say where a provider's keys come from and what its tokens call it
///
/// What is not given stays as it is.
#[derive(Debug, Args)]
struct Configure {
    /// The provider, such as arn:aws:iam::111122223333:oidc-provider/issuer.example.com
    arn: String,

    /// Keys as a JWKS document; none are fetched then
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,

    /// Authorities that sign the issuer's certificate, as PEM, in place of the public ones
    #[arg(long, value_name = "FILE")]
    ca_bundle: Option<PathBuf>,

    /// What the tokens have as `iss`, if that is not the provider's URL
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// Takes settings back
    #[arg(long, value_name = "SETTING", value_delimiter = ',')]
    clear: Vec<Setting>,

    #[command(flatten)]
    server: EndpointArgs,

    /// How to show what then holds
    #[arg(long, value_enum, default_value_t)]
    output: super::Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Setting {
    Jwks,
    CaBundle,
    Issuer,
}

impl Provider {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Configure(configure) => configure.run(),
        }
    }
}

impl Configure {
    fn run(self) -> Result<ExitCode, CommandError> {
        let mut input = Map::new();
        let read = |path: &PathBuf| {
            let text = read_text(path);
            text.with_context(|| format!("reading `{}`", path.display()))
        };
        let jwks = self.jwks.as_ref().map(read).transpose()?;
        let ca_bundle = self.ca_bundle.as_ref().map(read).transpose()?;
        for (name, setting, given) in [
            ("Jwks", Setting::Jwks, jwks),
            ("CaBundle", Setting::CaBundle, ca_bundle),
            ("Issuer", Setting::Issuer, self.issuer),
        ] {
            let cleared = self.clear.contains(&setting).then(String::new);
            match (given, cleared) {
                (Some(_), Some(_)) => {
                    let name = setting.to_possible_value();
                    let name = name.as_ref().map_or("it", |value| value.get_name());
                    return Err(anyhow!("`{name}` is both given and cleared").into());
                }
                (Some(text), None) | (None, Some(text)) => {
                    input.insert(name.to_owned(), Value::String(text));
                }
                (None, None) => {}
            }
        }
        if input.is_empty() {
            let hint = "give --jwks, --ca-bundle, --issuer or --clear";
            return Err(CommandError::with_hint(
                anyhow!("there is nothing to configure"),
                hint,
            ));
        }
        input.insert("Arn".to_owned(), Value::String(self.arn));
        let answer = self
            .server
            .call("ConfigureProvider", &Value::Object(input))?;
        match self.output {
            super::Format::Json => output::line(answer.to_string()),
            super::Format::Text => {
                let text =
                    |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
                let has = |name: &str| answer.get(name) == Some(&Value::Bool(true));
                output::line(text("Arn"));
                output::line(format!("  issuer       {}", text("Issuer")));
                output::line(format!(
                    "  keys         {}",
                    if has("HasJwks") {
                        "uploaded"
                    } else {
                        "fetched from the issuer"
                    }
                ));
                output::line(format!(
                    "  authorities  {}",
                    if has("HasCaBundle") {
                        "its own"
                    } else {
                        "public"
                    }
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
