//! The facts of a service as `tools/extract_models.py` writes them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// One service.
#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) version: String,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
}

/// One operation, by the names of its shapes.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
}

/// One shape and its constraints.
#[derive(Debug, Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) pattern: Option<String>,
    #[serde(default, rename = "enum")]
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) sensitive: bool,
    #[serde(default)]
    pub(crate) members: Vec<Member>,
    pub(crate) member: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
}

/// The type of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Structure,
    List,
    Map,
    String,
    Blob,
    Integer,
    Long,
    Double,
    Boolean,
    Timestamp,
}

/// One member of a structure.
#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) shape: String,
    #[serde(default)]
    pub(crate) required: bool,
}

impl Service {
    /// Reads a facts file.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("reading facts")
    }

    /// A shape by its name.
    pub(crate) fn shape(&self, name: &str) -> Result<&Shape> {
        self.shapes
            .get(name)
            .with_context(|| format!("shape `{name}` is missing"))
    }

    /// These shapes and all that they contain.
    pub(crate) fn reachable<'a>(
        &'a self,
        roots: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeSet<&'a str>> {
        let mut seen = BTreeSet::new();
        let mut rest: Vec<&str> = roots.collect();
        while let Some(name) = rest.pop() {
            if seen.insert(name) {
                let shape = self.shape(name)?;
                rest.extend(shape.members.iter().map(|member| member.shape.as_str()));
                rest.extend(
                    [&shape.member, &shape.key, &shape.value]
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        Ok(seen)
    }
}
