//! The modules of one service: rules, inputs, outputs and the list of operations, as tables that
//! macros of `bowline-aws` read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    facts::{Kind, Member, Service, Shape},
    names::{camel, snake},
};

/// Shapes that are secrets although the models do not mark them.
const SECRETS: [&str; 2] = ["authenticationCodeType", "tokenCodeType"];
/// The verbs that operations begin with. Each has a module of inputs.
const VERBS: [&str; 5] = ["Create", "Delete", "Get", "List", "Update"];
const OTHER: &str = "other";
const HEADER: &str = "Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.";

/// The files of a service by their paths.
pub(crate) fn files(
    name: &str,
    facts: &Service,
    built: &[&str],
    patterns: &BTreeMap<String, String>,
) -> Result<Vec<(String, String)>> {
    for operation in built {
        ensure!(
            facts.operations.contains_key(*operation),
            "`{operation}` is built and not in the model"
        );
    }
    let inputs = facts.reachable(facts.operations.values().filter_map(|o| o.input.as_deref()))?;
    let roots: BTreeSet<&str> = facts
        .operations
        .values()
        .filter_map(|o| o.input.as_deref())
        .collect();
    let service = Writer {
        name,
        facts,
        built,
        patterns,
        inputs,
        roots,
    };
    let mut modules = vec![
        ("operations".to_owned(), service.operations()),
        ("outputs".to_owned(), service.outputs()?),
        ("rules".to_owned(), service.rules()?),
        ("structures".to_owned(), service.structures()?),
    ];
    for (module, text) in service.operation_inputs()? {
        modules.push((module, text));
    }
    modules.sort();
    let mut files = vec![(
        format!("crates/aws/src/{name}/generated.rs"),
        root(&modules),
    )];
    for (module, text) in modules {
        let header = format!("//! {HEADER}\n\n");
        files.push((
            format!("crates/aws/src/{name}/generated/{module}.rs"),
            header + &text,
        ));
    }
    Ok(files)
}

/// The module that holds the others.
fn root(modules: &[(String, String)]) -> String {
    let mut out = format!(
        "//! {HEADER}\n#![expect(missing_docs, reason = \"the AWS API reference describes these\")]\n#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = \"many rules\"))]\n\n"
    );
    for (module, _) in modules {
        let _ = writeln!(out, "mod {module};");
    }
    let public = modules
        .iter()
        .map(|(module, _)| module)
        .filter(|module| *module != "rules");
    out.push('\n');
    for module in public {
        let _ = writeln!(out, "pub use {module}::*;");
    }
    out
}

struct Writer<'a> {
    name: &'a str,
    facts: &'a Service,
    built: &'a [&'a str],
    patterns: &'a BTreeMap<String, String>,
    /// Shapes that requests contain.
    inputs: BTreeSet<&'a str>,
    /// Whole inputs.
    roots: BTreeSet<&'a str>,
}

impl Writer<'_> {
    fn operations(&self) -> String {
        let (mut built, mut others) = (String::new(), String::new());
        for operation in self.facts.operations.keys() {
            let list = if self.built.contains(&operation.as_str()) {
                &mut built
            } else {
                &mut others
            };
            let _ = writeln!(list, "        {operation}({operation}Request);");
        }
        format!(
            "use super::*;\n\ncrate::constraint::requests! {{\n    \"{}\"\n    built {{\n{built}    }}\n    not built {{\n{others}    }}\n}}\n",
            self.name
        )
    }

    fn rules(&self) -> Result<String> {
        let mut out = String::new();
        for name in &self.inputs {
            let shape = self.facts.shape(name)?;
            if shape.kind != Kind::Structure {
                let rule = self.rule(name, shape)?;
                if rule != "Rule::ANY" {
                    let _ = writeln!(out, "    {} = {rule};", snake(name).to_uppercase());
                }
            }
        }
        Ok(format!(
            "use crate::constraint::{{Rule, pattern}};\n\ncrate::constraint::rules! {{\n{out}}}\n"
        ))
    }

    fn rule(&self, name: &str, shape: &Shape) -> Result<String> {
        let mut rule = "Rule::ANY".to_owned();
        if let Some(min) = shape.min {
            let _ = write!(rule, ".least({})", digits(min));
        }
        if let Some(max) = shape.max {
            let _ = write!(rule, ".most({})", digits(max));
        }
        if let Some(pattern) = &shape.pattern {
            let known = self.patterns.get(pattern);
            let known = known.with_context(|| {
                format!("the pattern `{pattern}` of `{name}` has no matcher in pattern.rs")
            })?;
            let _ = write!(rule, ".pattern(&pattern::{known})");
        }
        if !shape.values.is_empty() {
            let _ = write!(rule, ".values(&{:?})", shape.values);
        }
        if is_secret(name, shape) {
            rule.push_str(".sensitive()");
        }
        for (method, of) in [
            ("of", &shape.member),
            ("of", &shape.value),
            ("keyed", &shape.key),
        ] {
            if let Some(of) = of {
                let inner = self.rule_name(of)?;
                if inner != "Rule::ANY" {
                    let _ = write!(rule, ".{method}(&{inner})");
                }
            }
        }
        Ok(rule)
    }

    /// How a table names a shape's rule.
    fn rule_name(&self, name: &str) -> Result<String> {
        let shape = self.facts.shape(name)?;
        let free = shape.kind == Kind::Structure || self.rule(name, shape)? == "Rule::ANY";
        Ok(if free {
            "Rule::ANY".to_owned()
        } else {
            snake(name).to_uppercase()
        })
    }

    /// The structures inside requests.
    fn structures(&self) -> Result<String> {
        let mut out = Tables::default();
        for name in self
            .inputs
            .iter()
            .filter(|name| !self.roots.contains(**name))
        {
            let shape = self.facts.shape(name)?;
            if shape.kind == Kind::Structure {
                self.input(&mut out, &camel(name), &shape.members)?;
            }
        }
        out.uses
            .retain(|path| !path.starts_with("super::structures::"));
        Ok(out.module("structure"))
    }

    /// The operations' inputs by module.
    fn operation_inputs(&self) -> Result<BTreeMap<String, String>> {
        let mut modules: BTreeMap<String, Tables> = BTreeMap::new();
        for (operation, facts) in &self.facts.operations {
            let verb = VERBS.iter().find(|verb| operation.starts_with(**verb));
            let module = verb.map_or_else(|| OTHER.to_owned(), |verb| verb.to_lowercase());
            let members = match &facts.input {
                Some(input) => self.facts.shape(input)?.members.as_slice(),
                None => &[],
            };
            self.input(
                modules.entry(module).or_default(),
                &format!("{operation}Request"),
                members,
            )?;
        }
        Ok(modules
            .into_iter()
            .map(|(name, tables)| (name, tables.module("input")))
            .collect())
    }

    fn input(&self, out: &mut Tables, name: &str, members: &[Member]) -> Result<()> {
        let mut body = String::new();
        for member in members {
            let inner = self.input_type(out, &member.shape)?;
            let (kind, how) = if member.required {
                (inner, "required")
            } else {
                (format!("Option<{inner}>"), "optional")
            };
            let rule = self.rule_name(&member.shape)?;
            if rule == "Rule::ANY" {
                out.uses.insert("crate::constraint::Rule".to_owned());
            } else {
                out.uses.insert(format!("super::rules::{rule}"));
            }
            let _ = writeln!(
                body,
                "        {}: {kind} = {how}(\"{}\", &{rule});",
                field(&member.name),
                member.name
            );
        }
        out.add(name, &body);
        Ok(())
    }

    fn input_type(&self, out: &mut Tables, name: &str) -> Result<String> {
        let shape = self.facts.shape(name)?;
        Ok(match shape.kind {
            Kind::String if is_secret(name, shape) => {
                out.uses.insert("crate::constraint::Secret".to_owned());
                "Secret".to_owned()
            }
            Kind::String => "String".to_owned(),
            Kind::Integer => "i32".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Timestamp => {
                out.uses.insert("jiff::Timestamp".to_owned());
                "Timestamp".to_owned()
            }
            Kind::Blob | Kind::Long | Kind::Double => {
                bail!("`{name}`: no request of the query protocol has such a kind")
            }
            Kind::List => format!(
                "Vec<{}>",
                self.input_type(out, inner(name, shape.member.as_deref())?)?
            ),
            Kind::Map => {
                let value = inner(name, shape.value.as_deref())?;
                out.uses.insert("std::collections::BTreeMap".to_owned());
                format!("BTreeMap<String, {}>", self.input_type(out, value)?)
            }
            Kind::Structure => {
                out.uses
                    .insert(format!("super::structures::{}", camel(name)));
                camel(name)
            }
        })
    }

    /// The structures of the responses of the operations that are built.
    fn outputs(&self) -> Result<String> {
        let mut out = Tables::default();
        let mut written = Tables::default();
        let mut seen = BTreeSet::new();
        for operation in self.built {
            let Some(output) = self
                .facts
                .operations
                .get(*operation)
                .and_then(|facts| facts.output.as_deref())
            else {
                continue;
            };
            let name = format!("{operation}Response");
            self.output(
                &mut out,
                &format!("{name}(\"{operation}\")"),
                &self.facts.shape(output)?.members,
            )?;
            seen.extend(
                self.facts
                    .reachable(std::iter::once(output))?
                    .into_iter()
                    .filter(|name| *name != output),
            );
        }
        for name in seen {
            let shape = self.facts.shape(name)?;
            if shape.kind != Kind::Structure {
                continue;
            }
            if self.inputs.contains(name) {
                let lines = shape
                    .members
                    .iter()
                    .map(|m| format!("        {} = \"{}\";\n", field(&m.name), m.name));
                written.add(&camel(name), &lines.collect::<String>());
            } else {
                self.output(&mut out, &camel(name), &shape.members)?;
            }
        }
        let written = if written.body.is_empty() {
            String::new()
        } else {
            format!("\n{}", written.table("written"))
        };
        Ok(out.module("output") + &written)
    }

    fn output(&self, out: &mut Tables, name: &str, members: &[Member]) -> Result<()> {
        let mut body = String::new();
        for member in members {
            let inner = self.output_type(out, &member.name, &member.shape)?;
            let kind = if member.required {
                inner
            } else {
                format!("Option<{inner}>")
            };
            let _ = writeln!(
                body,
                "        {}: {kind} = \"{}\";",
                field(&member.name),
                member.name
            );
        }
        out.add(name, &body);
        Ok(())
    }

    fn output_type(&self, out: &mut Tables, member: &str, name: &str) -> Result<String> {
        let shape = self.facts.shape(name)?;
        Ok(match shape.kind {
            Kind::String if matches!(member, "SecretAccessKey" | "SessionToken") => {
                out.uses.insert(format!("crate::credentials::{member}"));
                member.to_owned()
            }
            Kind::String => "String".to_owned(),
            Kind::Integer => "i32".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Timestamp => {
                out.uses.insert("jiff::Timestamp".to_owned());
                "Timestamp".to_owned()
            }
            Kind::List => format!(
                "Vec<{}>",
                self.output_type(out, member, inner(name, shape.member.as_deref())?)?
            ),
            Kind::Structure => {
                if self.inputs.contains(name) {
                    out.uses
                        .insert(format!("super::structures::{}", camel(name)));
                }
                camel(name)
            }
            Kind::Map | Kind::Blob | Kind::Long | Kind::Double => {
                bail!("`{name}`: no response that is built has such a kind")
            }
        })
    }
}

/// The tables of one module, and their imports.
#[derive(Debug, Default)]
struct Tables {
    uses: BTreeSet<String>,
    body: String,
}

impl Tables {
    fn add(&mut self, name: &str, members: &str) {
        if members.is_empty() {
            let _ = writeln!(self.body, "    {name} {{}}");
        } else {
            let _ = write!(self.body, "    {name} {{\n{members}    }}\n");
        }
    }

    fn table(&self, macro_name: &str) -> String {
        format!("crate::constraint::{macro_name}! {{\n{}}}\n", self.body)
    }

    fn module(&self, macro_name: &str) -> String {
        // In rustfmt's order.
        let mut uses: Vec<&str> = self
            .uses
            .iter()
            .map(|path| {
                if path.starts_with("super::rules::") {
                    "super::rules::*"
                } else {
                    path.as_str()
                }
            })
            .collect();
        uses.sort_by_key(|path| {
            let root = ["super::", "crate::"]
                .iter()
                .position(|root| path.starts_with(root));
            (root.unwrap_or(2), *path)
        });
        uses.dedup();
        let mut out = String::new();
        for path in uses {
            let _ = writeln!(out, "use {path};");
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out + &self.table(macro_name)
    }
}

fn inner<'a>(name: &str, of: Option<&'a str>) -> Result<&'a str> {
    of.with_context(|| format!("`{name}` says nothing of its members"))
}

pub(crate) fn is_secret(name: &str, shape: &Shape) -> bool {
    shape.sensitive || SECRETS.contains(&name)
}

fn field(name: &str) -> String {
    let name = snake(name);
    if matches!(name.as_str(), "type" | "match" | "ref") {
        format!("r#{name}")
    } else {
        name
    }
}

/// A number in Rust's style: five digits or more in groups of three.
fn digits(number: i64) -> String {
    let text = number.to_string();
    if text.len() < 5 {
        return text;
    }
    let mut out = String::new();
    for (i, digit) in text.chars().enumerate() {
        if i > 0 && (text.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}
