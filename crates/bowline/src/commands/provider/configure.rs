//! `bowline provider configure`: settings of an OIDC provider that IAM's API does not have.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, anyhow};
use bowline_client::file::read_text;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::show;
use crate::{endpoint_args::EndpointArgs, error::CommandError, output};

/// Set where a provider's keys come from and which issuer its tokens name
///
/// Settings that are not named stay as they are.
#[derive(Debug, Args)]
pub(super) struct Configure {
    /// The provider, such as arn:aws:iam::111122223333:oidc-provider/issuer.example.com
    arn: String,

    /// The issuer's keys as a JWKS document; they are then not fetched
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,

    /// Certificate authorities of the issuer, as PEM, in place of the public ones
    #[arg(long, value_name = "FILE")]
    ca_bundle: Option<PathBuf>,

    /// The `iss` of the tokens, if it is not the provider's URL
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// Remove settings
    #[arg(long, value_name = "SETTING", value_delimiter = ',')]
    clear: Vec<Setting>,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Setting {
    Jwks,
    CaBundle,
    Issuer,
}

impl Configure {
    pub(super) fn run(self) -> Result<ExitCode, CommandError> {
        let mut input = Map::new();
        let read = |path: &PathBuf| {
            let text = read_text(path);
            text.with_context(|| format!("reading `{}`", path.display()))
        };
        let jwks = self.jwks.as_ref().map(read).transpose()?;
        let ca_bundle = self.ca_bundle.as_ref().map(read).transpose()?;
        for (name, setting, value) in [
            ("Jwks", Setting::Jwks, jwks),
            ("CaBundle", Setting::CaBundle, ca_bundle),
            ("Issuer", Setting::Issuer, self.issuer),
        ] {
            let cleared = self.clear.contains(&setting).then(String::new);
            match (value, cleared) {
                (Some(_), Some(_)) => {
                    let name = setting.to_possible_value();
                    let name = name.as_ref().map_or("it", |value| value.get_name());
                    return Err(anyhow!("`{name}` is both set and cleared").into());
                }
                (Some(text), None) | (None, Some(text)) => {
                    input.insert(name.to_owned(), Value::String(text));
                }
                (None, None) => {}
            }
        }
        if input.is_empty() {
            let hint = "use --jwks, --ca-bundle, --issuer or --clear";
            return Err(CommandError::with_hint(
                anyhow!("there is nothing to configure"),
                hint,
            ));
        }
        input.insert("Arn".to_owned(), Value::String(self.arn));
        let response = self
            .server
            .call("ConfigureProvider", &Value::Object(input))?;
        match self.output {
            output::Format::Json => output::line(response.to_string()),
            output::Format::Text => {
                show::settings(&response);
                let left_out = response.get("LeftOut").and_then(Value::as_array);
                for key in left_out.into_iter().flatten().filter_map(Value::as_str) {
                    output::warning(key);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
