//! The `BOWLINE_*` variables that the program knows, and warnings about others.
//!
//! Kubernetes puts variables into every pod for each Service of its namespace. Beside a Service
//! named `bowline` they begin with `BOWLINE_`, and are no settings.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};

use crate::{commands::Cli, nearest::nearest, settings};

/// The beginning of the names of all settings.
pub(crate) const PREFIX: &str = "BOWLINE_";
/// Variables with which the tests of this project are run.
const FOR_TESTS: &str = "BOWLINE_TEST_";

/// A warning for each of these variables that is no setting.
pub(crate) fn warnings(names: &[String]) -> Vec<String> {
    let command = Cli::command();
    let mut known = BTreeSet::new();
    collect(&command, &mut known);
    known.extend(settings::VARIABLES_WITHOUT_FLAG.map(str::to_owned));
    let unknown = names.iter().filter(|name| {
        !known.contains(*name) && !name.starts_with(FOR_TESTS) && !is_of_a_service(name)
    });
    let rest = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let settings: Vec<_> = known.iter().map(|name| rest(name)).collect();
    let warning = |name: &String| {
        let near = nearest(&rest(name), settings.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| {
            format!(": did you mean {PREFIX}{near}?")
        });
        format!("The variable {name} is not a setting and is ignored{near}")
    };
    unknown.map(warning).collect()
}

fn collect(command: &Command, known: &mut BTreeSet<String>) {
    let variables = command
        .get_arguments()
        .filter_map(|argument| argument.get_env());
    known.extend(variables.filter_map(|name| name.to_str().map(str::to_owned)));
    for command in command.get_subcommands() {
        collect(command, known);
    }
}

/// Whether Kubernetes puts a variable of this name beside a Service whose name begins with
/// `bowline`.
///
/// Source: <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>
fn is_of_a_service(name: &str) -> bool {
    // `_SERVICE_PORT_HTTPS` has the name of a port, `_PORT_9400_TCP_ADDR` its number and protocol.
    let of_a_port = |rest: &str| {
        let mut parts = rest.split('_');
        let number = parts.next().is_some_and(|part| part.parse::<u16>().is_ok());
        let protocol = matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"));
        let what = matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR"));
        number && protocol && what && parts.next().is_none()
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.ends_with("_PORT")
        || name
            .split_once("_PORT_")
            .is_some_and(|(_, rest)| of_a_port(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(names: &[&str]) -> String {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        warnings(&names).join("\n")
    }

    #[test]
    fn a_variable_that_is_no_setting_is_a_warning_with_the_nearest_one() {
        insta::assert_snapshot!(said(&["BOWLINE_LISTENS", "BOWLINE_MASTERKEY", "BOWLINE_QX"]), @"
        The variable BOWLINE_LISTENS is not a setting and is ignored: did you mean BOWLINE_LISTEN?
        The variable BOWLINE_MASTERKEY is not a setting and is ignored: did you mean BOWLINE_MASTER_KEY?
        The variable BOWLINE_QX is not a setting and is ignored
        ");
    }

    #[test]
    fn settings_and_variables_of_tests_are_no_warnings() {
        assert_eq!(
            said(&[
                "BOWLINE_LISTEN",
                "BOWLINE_LOG",
                "BOWLINE_MASTER_KEY",
                "BOWLINE_BOOTSTRAP_ACCOUNT_ID",
                "BOWLINE_TEST_VENV"
            ]),
            ""
        );
    }

    #[test]
    fn variables_that_kubernetes_puts_beside_a_service_are_no_warnings() {
        assert_eq!(
            said(&[
                "BOWLINE_PORT",
                "BOWLINE_PORT_9400_TCP",
                "BOWLINE_PORT_9400_TCP_ADDR",
                "BOWLINE_PORT_9400_TCP_PORT",
                "BOWLINE_PORT_9400_TCP_PROTO",
                "BOWLINE_SERVICE_HOST",
                "BOWLINE_SERVICE_PORT",
                "BOWLINE_SERVICE_PORT_HTTPS",
                "BOWLINE_OPS_PORT_53_UDP_ADDR",
                "BOWLINE_OPS_SERVICE_HOST"
            ]),
            ""
        );
    }
}
