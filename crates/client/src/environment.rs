//! The environment's variables, as a value: the process's own, or pairs.

use std::{collections::BTreeMap, env};

/// Where variables are read. The only reader of the process's environment, beside clap.
#[derive(Clone, Debug)]
pub enum Environment {
    /// The environment of the process.
    Process,
    /// These variables and no others.
    Variables(BTreeMap<String, String>),
}

/// The variable's value is not text.
#[derive(Debug, thiserror::Error)]
#[error("the variable {0} is not UTF-8")]
pub struct VariableError(pub String);

impl Environment {
    /// The value of a variable; an empty one counts as absent.
    ///
    /// # Errors
    /// If the value is not UTF-8.
    #[expect(
        clippy::disallowed_methods,
        reason = "the only reader of the environment, beside clap"
    )]
    pub fn get(&self, name: &str) -> Result<Option<String>, VariableError> {
        let value = match self {
            Self::Variables(variables) => variables.get(name).cloned(),
            Self::Process => match env::var(name) {
                Ok(value) => Some(value),
                Err(env::VarError::NotPresent) => None,
                Err(env::VarError::NotUnicode(_)) => return Err(VariableError(name.to_owned())),
            },
        };
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// The names of all variables that begin with this text, in order.
    #[must_use]
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let mut names: Vec<_> = match self {
            Self::Variables(variables) => variables.keys().cloned().collect(),
            Self::Process => env::vars_os()
                .filter_map(|(name, _)| name.into_string().ok())
                .collect(),
        };
        names.retain(|name| name.starts_with(prefix));
        names.sort_unstable();
        names
    }
}
