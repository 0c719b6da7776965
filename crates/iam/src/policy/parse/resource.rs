//! Checks the resources of a document as IAM does when a policy is saved, and completes ARNs.

use std::borrow::Cow;

use super::{
    raw::{RawStatement, Text},
    source::{Rules, Source},
};
use crate::policy::{
    error::{PolicyError, PolicyProblem},
    kind::PolicyKind,
};

/// The parts of an ARN.
const PARTS: usize = 6;

/// The partition of every resource. AWS refuses those of its other partitions too: `Partition "aws"
/// is not valid` in an account of `aws-cn` (hashicorp/terraform issue 5307,
/// terraform-aws-modules/terraform-aws-iam issue 224).
const PARTITIONS: [&str; 2] = ["*", "aws"];

/// The partitions that earlier versions accepted.
const LOADED_PARTITIONS: [&str; 7] = [
    "aws-cn",
    "aws-us-gov",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-eusc",
];

/// The resources of S3 that have a region ("Actions, resources, and condition keys for Amazon S3",
/// Service Authorization Reference). Buckets and objects have none.
const REGIONAL_S3_RESOURCES: [&str; 7] = [
    "*",
    "accesspoint/",
    "access-grants/",
    "async-request/",
    "job/",
    "storage-lens/",
    "storage-lens-group/",
];

/// The prefixes of an IAM resource's path.
const IAM_RESOURCES: [&str; 14] = [
    "*",
    "access-report/",
    "assumed-role/",
    "federated-user/",
    "group/",
    "instance-profile/",
    "mfa/",
    "oidc-provider/",
    "policy/",
    "role/",
    "saml-provider/",
    "server-certificate/",
    "sms-mfa/",
    "user/",
];

/// What is wrong with a resource.
enum ResourceProblem {
    /// Found with the syntax of other elements, before anything else is checked.
    Legacy,
    /// AWS's message.
    Message(String),
}

impl Source<'_> {
    /// Checks the resources. IAM finds what its older parser refuses before it looks at the actions,
    /// and other problems after. Both searches end at the first problem: the returned one is to be
    /// reported later.
    pub(super) fn check_resources(
        &self,
        raw: &[RawStatement<'_>],
    ) -> Result<Option<PolicyError>, PolicyError> {
        let elements = raw.iter().filter_map(|statement| statement.resources);
        for element in elements {
            if self.kind == PolicyKind::Trust {
                let detail = "a trust policy is about its role and names no resource";
                return Ok(Some(self.error(
                    element.at,
                    PolicyProblem::HasResource,
                    detail,
                )));
            }
            for resource in element.iter() {
                match self.resource_problem(resource.value) {
                    None => {}
                    Some(ResourceProblem::Legacy) => {
                        return Err(self.impossible(resource, PolicyProblem::LegacyParsing));
                    }
                    Some(ResourceProblem::Message(message)) => {
                        return Ok(Some(
                            self.impossible(resource, PolicyProblem::Resource(message)),
                        ));
                    }
                }
            }
        }
        Ok(None)
    }

    fn impossible(&self, resource: Text<'_>, problem: PolicyProblem) -> PolicyError {
        let detail = format!(
            "the resource `{}` is neither `*` nor an ARN that could exist",
            resource.value
        );
        self.error(resource.at, problem, detail)
    }

    /// What is wrong with a resource, in the order in which AWS checks it. The responses were recorded
    /// at AWS by the authors of moto (`tests/test_iam/test_iam_policies.py`).
    fn resource_problem(&self, text: &str) -> Option<ResourceProblem> {
        if text == "*" {
            return None;
        }
        let message = |text: String| Some(ResourceProblem::Message(text));
        let no_arn = || message(format!("Resource {text} must be in ARN format or \"*\"."));
        let parts = parts(text);
        let [prefix, partition, rest @ ..] = parts.as_slice() else {
            return no_arn();
        };
        let of_earlier = self.rules == Rules::Load && LOADED_PARTITIONS.contains(&&**partition);
        if !PARTITIONS.contains(&&**partition) && !of_earlier {
            // AWS shows the ARN that it has made of the text.
            let missing = ":*".repeat(PARTS.saturating_sub(parts.len()));
            let shown = [&["arn".to_owned(), partition.clone()], rest]
                .concat()
                .join(":");
            return message(format!(
                "Partition \"{partition}\" is not valid for resource \"{shown}{missing}\"."
            ));
        }
        if prefix != "arn" {
            return no_arn();
        }
        let Some((vendor, rest)) = rest.split_first() else {
            return message(
                "Resource vendor must be fully qualified and cannot contain regexes.".to_owned(),
            );
        };
        let is_short = parts.len() < PARTS;
        let ends_open = text.ends_with('*');
        if vendor.is_empty() || is_short && !ends_open && rest.iter().any(String::is_empty) {
            return Some(ResourceProblem::Legacy);
        }
        if vendor.contains(['*', '?']) && vendor != "*" {
            return message(
                "Resource vendor must be fully qualified and cannot contain regexes.".to_owned(),
            );
        }
        if is_short && !self.completes_arns(ends_open) {
            return no_arn();
        }
        // Earlier versions looked no further.
        if is_short && ends_open && self.rules == Rules::Load {
            return None;
        }
        let region = rest.first().map_or("", String::as_str);
        let resource = rest.get(2).map_or("*", String::as_str);
        let has_region = !region.is_empty() && region != "*";
        match vendor.as_str() {
            "iam" if has_region => message(format!(
                "IAM resource {text} cannot contain region information."
            )),
            "iam" if !is_short && !is_iam_path(resource) => message(
                "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/."
                    .to_owned(),
            ),
            "s3" if has_region
                && self.rules == Rules::Save
                && !REGIONAL_S3_RESOURCES.iter().any(|kind| resource.starts_with(kind)) =>
            {
                message(format!("Resource {text} can not contain region information."))
            }
            _ => None,
        }
    }

    /// Whether an ARN can have fewer than six parts. A session policy with one is malformed, and the
    /// policies of resources refuse it (IAM User Guide, as above). Earlier versions accepted one that
    /// ends in `*` everywhere.
    fn completes_arns(&self, ends_open: bool) -> bool {
        match self.kind {
            PolicyKind::Inline | PolicyKind::Managed => true,
            PolicyKind::Session | PolicyKind::Trust | PolicyKind::Resource => {
                self.rules == Rules::Load && ends_open
            }
        }
    }
}

/// The pattern of a resource. IAM completes an ARN that has fewer than six parts with `*`, in the
/// policies of users and roles alone (IAM User Guide, "IAM JSON policy elements: Resource",
/// incomplete ARNs). One that ends in `*` matches the same without.
pub(super) fn padded(resource: &str) -> Cow<'_, str> {
    if resource.ends_with('*') {
        return Cow::Borrowed(resource);
    }
    let missing = PARTS.saturating_sub(parts(resource).len());
    if missing == 0 {
        Cow::Borrowed(resource)
    } else {
        Cow::Owned(resource.to_owned() + &":*".repeat(missing))
    }
}

fn is_iam_path(resource: &str) -> bool {
    let known = |begin: &&str| {
        resource.starts_with(*begin)
            || (begin.starts_with(resource.trim_end_matches('*')) && resource.ends_with('*'))
    };
    resource == "root" || resource.starts_with(['*', '?']) || IAM_RESOURCES.iter().any(known)
}

/// At most six parts of an ARN. Colons in the names of variables separate none.
fn parts(text: &str) -> Vec<String> {
    if !text.contains("${") {
        return text.splitn(PARTS, ':').map(str::to_owned).collect();
    }
    let mut parts = vec![String::new()];
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let variable = rest.strip_prefix("${").and_then(|inner| inner.find('}'));
        let len = variable.map_or(next.len_utf8(), |end| end + 3);
        let (head, tail) = rest.split_at_checked(len).unwrap_or((rest, ""));
        if head == ":" && parts.len() < PARTS {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push_str(head);
        }
        rest = tail;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::super::{Policy, PolicyKind};
    use super::{IAM_RESOURCES, LOADED_PARTITIONS};

    /// The rule of earlier versions for the resources of every kind of policy.
    fn was_accepted(text: &str) -> bool {
        if text == "*" {
            return true;
        }
        let mut parts = text.splitn(6, ':');
        let (prefix, partition) = (parts.next(), parts.next().unwrap_or_default());
        let vendor = parts.next().unwrap_or_default();
        let (region, _, resource) = (parts.next(), parts.next(), parts.next());
        let known = ["*", "aws"].contains(&partition) || LOADED_PARTITIONS.contains(&partition);
        let bad_vendor = vendor.is_empty() || vendor.contains(['*', '?']) && vendor != "*";
        if prefix != Some("arn") || !known || bad_vendor {
            return false;
        }
        let Some(resource) = resource else {
            return text.ends_with('*');
        };
        let begins = |begin: &&str| {
            resource.starts_with(*begin)
                || begin.starts_with(resource.trim_end_matches('*')) && resource.ends_with('*')
        };
        vendor != "iam"
            || region.is_none_or(|region| region.is_empty() || region == "*")
                && (resource == "root"
                    || resource.starts_with(['*', '?'])
                    || IAM_RESOURCES.iter().any(begins))
    }

    #[test]
    fn every_resource_that_an_earlier_version_accepted_loads_in_every_kind_of_policy() {
        let parts: [&[&str]; 6] = [
            &["arn", "a", ""],
            &["aws", "aws-cn", "*", "b", ""],
            &["s3", "iam", "sqs", "*", "s*", ""],
            &["", "*", "eu-west-1", "eu-*"],
            &["", "*", "111122223333"],
            &["docs", "docs/*", "*", "user/ann", "ro*", "root", ""],
        ];
        let mut texts = vec!["*".to_owned()];
        let mut arns = vec![String::new()];
        for choices in parts {
            let join = |arn: &String, part: &&str| match arn.as_str() {
                "" => (*part).to_owned(),
                arn => format!("{arn}:{part}"),
            };
            arns = arns
                .iter()
                .flat_map(|arn| choices.iter().map(move |part| join(arn, part)))
                .collect();
            texts.extend(arns.iter().cloned());
        }
        let mut accepted = 0;
        for text in texts {
            for kind in [PolicyKind::Inline, PolicyKind::Session] {
                let document = format!(
                    r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"s3:*","Resource":"{text}"}}}}"#
                );
                let loaded = Policy::load(&document, kind).is_ok();
                let saved = Policy::parse(&document, kind).is_ok();
                assert!(loaded || !saved, "{text} is saved and does not load");
                if was_accepted(&text) {
                    assert!(loaded, "{text} loaded earlier");
                    accepted += 1;
                } else {
                    // Incomplete ARNs are new, in the policies of users and roles.
                    let is_new = kind == PolicyKind::Inline && text.matches(':').count() < 5;
                    assert!(!loaded || is_new, "{text} did not load earlier");
                }
            }
        }
        assert!(accepted > 1_000, "{accepted}");
    }
}
