//! Writes the committed code and tables that follow from the service models: run it after a change
//! to `tools/facts` or to a table of operations.

use anyhow::{Context as _, Result};

use dispatch::Api;

#[cfg(test)]
#[expect(unreachable_pub, reason = "it is public in bowline-aws")]
#[path = "../../../crates/aws/src/audited_parameters.rs"]
mod audited_parameters;
mod compatibility;
mod dispatch;
mod facts;
mod names;
mod service;
mod services;
mod shapes;
mod tables;

/// The repository, where all paths begin.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

const IAM: Api = Api {
    name: "iam",
    call: "&Call<'_>",
    returns_body: false,
};

const STS: Api = Api {
    name: "sts",
    call: "SignedCall<'_, '_>",
    returns_body: true,
};

fn main() -> Result<()> {
    for (path, text) in files()? {
        let path = format!("{ROOT}/{path}");
        std::fs::write(&path, text).with_context(|| format!("writing `{path}`"))?;
    }
    Ok(())
}

/// Every file that is generated, in whole or in part: its path in the repository and its text.
fn files() -> Result<Vec<(String, String)>> {
    let patterns = names::patterns(&read("crates/aws/src/constraint/pattern.rs")?);
    let mut files = Vec::new();
    let mut services = Vec::new();
    for (api, rows) in [(IAM, tables::iam::ROWS), (STS, tables::sts::ROWS)] {
        let name = api.name;
        let facts = facts::Service::parse(&read(&format!("tools/facts/{name}.json"))?)?;
        let built = tables::built(rows);
        files.extend(service::files(name, &facts, &built, &patterns)?);
        files.push(dispatch::file(&api, &facts, &built));
        services.push((name, facts, built));
    }
    let facts = facts::Service::parse(&read("tools/facts/dynamodb.json")?)?;
    files.push(shapes::file(&facts, tables::DYNAMODB)?);
    services.push(("dynamodb", facts, tables::DYNAMODB.to_vec()));
    files.push(services::file(&read("tools/facts/services.json")?)?);
    let path = "docs/compatibility.md";
    files.push((
        path.to_owned(),
        compatibility::replace(&read(path)?, &services)?,
    ));
    Ok(files)
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(format!("{ROOT}/{path}")).with_context(|| format!("reading `{path}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_files_are_what_the_generator_writes() -> Result<()> {
        for (path, text) in files()? {
            assert!(
                read(&path)? == text,
                "`{path}` is out of date: run `cargo run -p bowline-generate`"
            );
        }
        Ok(())
    }

    #[test]
    fn no_audited_parameter_is_a_secret() -> Result<()> {
        for name in ["iam", "sts"] {
            let facts = facts::Service::parse(&read(&format!("tools/facts/{name}.json"))?)?;
            let members = facts.shapes.values().flat_map(|shape| &shape.members);
            for member in members.filter(|member| {
                let mut audited = audited_parameters::AUDITED_PARAMETERS.iter();
                audited.any(|(audited, _)| *audited == member.name)
            }) {
                let shape = facts.shape(&member.shape)?;
                assert!(
                    !service::is_secret(&member.shape, shape),
                    "`{}` is a secret",
                    member.name
                );
            }
        }
        Ok(())
    }

    #[test]
    fn a_pattern_without_a_matcher_is_refused() -> Result<()> {
        let facts = facts::Service::parse(&read("tools/facts/iam.json")?)?;
        let refused = service::files(
            "iam",
            &facts,
            &tables::built(tables::iam::ROWS),
            &names::patterns(""),
        );
        assert!(refused.is_err_and(|error| error.to_string().contains("has no matcher")));
        Ok(())
    }
}
