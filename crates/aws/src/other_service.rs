//! The services of AWS that this endpoint does not serve, and their protocols.
//!
//! A client whose `AWS_ENDPOINT_URL` is for all services calls them here. Each gets an error that its
//! parser understands ([`AwsError::not_served`](crate::error::AwsError::not_served)), and that names
//! the variable to set.

mod table;

use crate::sigv4::RequestParts;

/// A service that is not served, as one client calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherService {
    /// The name in signatures.
    pub name: &'static str,
    /// The protocol of the client.
    pub protocol: OtherProtocol,
    /// What follows `AWS_ENDPOINT_URL_` in the variables of the services with this name.
    pub variables: &'static [&'static str],
}

/// The protocols of AWS ("Smithy, AWS Protocols").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherProtocol {
    /// Forms in, XML out.
    Query,
    /// The query protocol with the errors of EC2.
    Ec2,
    /// JSON 1.0, with the operation in `X-Amz-Target`.
    Json10,
    /// JSON 1.1, with the operation in `X-Amz-Target`.
    Json11,
    /// CBOR, with the operation in the path.
    Cbor,
    /// JSON with paths and methods.
    RestJson,
    /// XML with paths and methods.
    RestXml,
}

/// The protocols of one row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Query,
    Ec2,
    /// JSON 1.0, JSON 1.1 or CBOR.
    Rpc,
    RestJson,
    RestXml,
}

/// A name in signatures, a family of protocols, and the services that have both.
#[derive(Debug)]
struct Row(&'static str, Family, &'static [&'static str]);

impl OtherService {
    /// The service with this name in a signature; `None` if AWS has none, or if it is served.
    pub fn find(name: &str, parts: &RequestParts<'_>) -> Option<Self> {
        let start = table::ROWS.partition_point(|row| row.0 < name);
        let rows = table::ROWS.get(start..)?;
        let rows = || rows.iter().take_while(|row| row.0 == name);
        let rpc = rpc_protocol(parts);
        let fits = |row: &&Row| match row.1 {
            Family::Query | Family::Ec2 => rpc.is_none() && is_form(parts),
            Family::Rpc => rpc.is_some(),
            Family::RestJson | Family::RestXml => rpc.is_none() && !is_form(parts),
        };
        let Row(name, family, variables) = rows().find(fits).or_else(|| rows().next())?;
        let protocol = rpc.unwrap_or(match family {
            Family::Query => OtherProtocol::Query,
            Family::Ec2 => OtherProtocol::Ec2,
            Family::Rpc => OtherProtocol::Json11,
            Family::RestJson => OtherProtocol::RestJson,
            Family::RestXml => OtherProtocol::RestXml,
        });
        Some(Self {
            name,
            protocol,
            variables,
        })
    }
}

/// The protocol of a request that says it in a header.
fn rpc_protocol(parts: &RequestParts<'_>) -> Option<OtherProtocol> {
    if first(parts, "smithy-protocol") == Some("rpc-v2-cbor") {
        return Some(OtherProtocol::Cbor);
    }
    first(parts, "x-amz-target")?;
    let content_type = first(parts, "content-type").unwrap_or_default();
    Some(if content_type.starts_with("application/x-amz-json-1.0") {
        OtherProtocol::Json10
    } else {
        OtherProtocol::Json11
    })
}

fn is_form(parts: &RequestParts<'_>) -> bool {
    let content_type = first(parts, "content-type").unwrap_or_default();
    content_type.starts_with("application/x-www-form-urlencoded")
        || parts
            .query
            .split('&')
            .any(|pair| pair.starts_with("Action="))
}

fn first<'a>(parts: &RequestParts<'a>, name: &'static str) -> Option<&'a str> {
    std::str::from_utf8(parts.header_values(name).next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, query: &str, headers: &[(&str, &str)]) -> Option<OtherProtocol> {
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let parts = RequestParts {
            method: "POST",
            path: "/",
            query,
            headers: &headers,
        };
        OtherService::find(name, &parts).map(|service| service.protocol)
    }

    #[test]
    fn the_table_is_sorted_and_has_no_service_that_is_served() {
        assert!(table::ROWS.is_sorted_by_key(|row| row.0));
        for name in ["dynamodb", "iam", "s3", "sts", "bowline", "unknown", ""] {
            assert_eq!(found(name, "", &[]), None, "{name}");
        }
    }

    #[test]
    fn the_request_says_which_protocol_its_client_reads() {
        let form = (
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        );
        let target = ("x-amz-target", "A.B");
        let json10 = ("content-type", "application/x-amz-json-1.0");
        let cbor = ("smithy-protocol", "rpc-v2-cbor");
        for (name, query, headers, protocol) in [
            ("ec2", "", &[form][..], OtherProtocol::Ec2),
            ("sqs", "", &[target, json10], OtherProtocol::Json10),
            ("kms", "", &[target], OtherProtocol::Json11),
            ("tagging", "", &[cbor], OtherProtocol::Cbor),
            ("tagging", "", &[target], OtherProtocol::Json11),
            ("lambda", "", &[], OtherProtocol::RestJson),
            ("route53", "", &[], OtherProtocol::RestXml),
            ("ses", "", &[form], OtherProtocol::Query),
            ("ses", "Action=SendEmail", &[], OtherProtocol::Query),
            (
                "ses",
                "",
                &[("content-type", "application/json")],
                OtherProtocol::RestJson,
            ),
        ] {
            assert_eq!(found(name, query, headers), Some(protocol), "{name}");
        }
    }
}
