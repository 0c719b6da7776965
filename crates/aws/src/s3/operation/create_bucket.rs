//! `CreateBucket`.

use quick_xml::{Reader, events::Event};

use super::declaration::{Declared as _, Neutral, S3Operation};
use crate::{
    checksum::{Checksum, ChecksumAlgorithm},
    error::{AwsError, Code},
    requirement::{Requirement, ResourceOwner},
    s3::{BucketName, error::not_implemented, parameters::RequestParameters},
};

/// The region in which buckets are that name none.
const DEFAULT_REGION: &str = "us-east-1";
/// The regions that a body can name (`BucketLocationConstraint` of the published model), without
/// `EU`, which is `eu-west-1`.
const LOCATIONS: &str = "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 \
    ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 \
    ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 \
    eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 \
    il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-2 us-gov-east-1 \
    us-gov-west-1 us-west-1 us-west-2";
/// Longest name of a region, in bytes.
const MAX_REGION_BYTES: usize = 64;

/// Creates a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBucket {
    /// The bucket.
    pub bucket: BucketName,
    /// `x-amz-acl`. It changes nothing; policies can have conditions on it.
    pub acl: Option<String>,
    /// `x-amz-object-ownership`, which can only be `BucketOwnerEnforced`: policies alone grant
    /// access.
    pub ownership: Option<String>,
    /// The region that the body names, once the body was [read](S3Operation::read_body).
    pub location: Option<String>,
    /// The body's checksum that a header claims, in base64.
    checksum: Option<(ChecksumAlgorithm, String)>,
}

impl S3Operation for CreateBucket {
    const HEADERS: &'static [&'static str] = &[
        "x-amz-acl",
        "x-amz-checksum-",
        "x-amz-sdk-checksum-algorithm",
    ];
    const NEUTRAL: &'static [Neutral] = &[
        ("x-amz-bucket-namespace", &["global"]),
        ("x-amz-bucket-object-lock-enabled", &["false", "False"]),
        ("x-amz-object-ownership", &["BucketOwnerEnforced"]),
    ];

    fn parse(bucket: BucketName, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        Ok(Self {
            bucket,
            acl: parameters.private_acl()?,
            ownership: parameters
                .header("x-amz-object-ownership")
                .map(str::to_owned),
            location: None,
            checksum: parameters.claimed_checksum()?,
        })
    }

    fn target(&self) -> &BucketName {
        &self.bucket
    }

    fn read_body(&mut self, body: &[u8]) -> Result<(), AwsError> {
        if let Some((algorithm, claimed)) = &self.checksum {
            let mut actual = Checksum::new(*algorithm);
            actual.update(body);
            actual.finish().verify(claimed)?;
        }
        self.location = location_constraint(body)?;
        Ok(())
    }

    /// The caller owns the new bucket, and needs a permission of its own to say who owns its
    /// objects ("`CreateBucket`", Amazon S3 API Reference). That another
    /// account has a bucket of the name is a conflict, of which only callers learn that may create
    /// buckets.
    fn requirements(&self) -> Vec<Requirement<'static>> {
        let requirement = |action| {
            let resource = self.bucket.arn();
            Requirement::new(action, resource, ResourceOwner::Caller).with([
                ("s3:x-amz-acl", self.acl.clone()),
                ("s3:x-amz-object-ownership", self.ownership.clone()),
                ("s3:LocationConstraint", self.location.clone()),
            ])
        };
        let ownership = self.ownership.as_ref();
        let actions = [
            Some(Self::ACTION),
            ownership.map(|_| "s3:PutBucketOwnershipControls"),
        ];
        actions.into_iter().flatten().map(requirement).collect()
    }
}

impl CreateBucket {
    /// The region of the new bucket, which follows from the region of the signature and from the
    /// one that the body names ("`CreateBucket`", Amazon S3 API Reference): `us-east-1` creates
    /// buckets in every region, and any other region only its own, which the body must name. A
    /// region with another name than AWS's exists only as the one of the signature.
    ///
    /// # Errors
    /// `InvalidLocationConstraint` and `IllegalLocationConstraintException`.
    pub fn region<'a>(&'a self, signed: &'a str) -> Result<&'a str, AwsError> {
        let illegal = |what: &str| {
            AwsError::new(
                Code::IllegalLocationConstraint,
                format!(
                    "The {what} location constraint is incompatible for the region specific endpoint this request was sent to."
                ),
            )
        };
        let Some(named) = self.location.as_deref() else {
            return match signed {
                DEFAULT_REGION => Ok(signed),
                _ => Err(illegal("unspecified")),
            };
        };
        let region = if named == "EU" { "eu-west-1" } else { named };
        if signed == DEFAULT_REGION {
            // The default cannot be named.
            return is_location(region)
                .then_some(region)
                .ok_or_else(invalid_location);
        }
        if region == signed {
            Ok(region)
        } else if region == DEFAULT_REGION || is_location(region) {
            Err(illegal(named))
        } else {
            Err(invalid_location())
        }
    }
}

fn is_location(region: &str) -> bool {
    LOCATIONS.split(' ').any(|known| known == region)
}

fn invalid_location() -> AwsError {
    AwsError::new(
        Code::InvalidLocationConstraint,
        "The specified location-constraint is not valid",
    )
}

/// The region that a body names; `None` if the body is empty or names none.
///
/// # Errors
/// `InvalidLocationConstraint` for what cannot be a region; `MalformedXML` for a document other
/// than a `CreateBucketConfiguration`; `NotImplemented` for elements other than
/// `LocationConstraint`.
fn location_constraint(body: &[u8]) -> Result<Option<String>, AwsError> {
    let malformed = || {
        AwsError::new(
            Code::MalformedXml,
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    };
    let text = str::from_utf8(body).map_err(|_| malformed())?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut path, mut region) = (Vec::<String>::new(), String::new());
    let mut seen = false;
    loop {
        match reader.read_event().map_err(|_| malformed())? {
            Event::Start(element) => {
                let name = element.local_name().as_ref().to_owned();
                match (path.len(), name.as_str()) {
                    (0, "CreateBucketConfiguration") if !seen => seen = true,
                    (1, "LocationConstraint") if region.is_empty() => {}
                    // A bucket without tags.
                    (1, "Tags") => {}
                    (1, _) => return Err(not_implemented()),
                    _ if path.last().is_some_and(|parent| parent == "Tags") => {
                        return Err(not_implemented());
                    }
                    _ => return Err(malformed()),
                }
                path.push(name);
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Text(piece) => {
                let piece: &str = &piece;
                if path.last().is_some_and(|name| name == "LocationConstraint") {
                    region.push_str(piece);
                } else if !piece.trim().is_empty() {
                    return Err(malformed());
                }
            }
            Event::Decl(_) => {}
            Event::Eof if path.is_empty() && seen => break,
            Event::Eof
            | Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => return Err(malformed()),
        }
    }
    let region = region.trim();
    if region.is_empty() {
        return Ok(None);
    }
    // As in a credential scope. What the record of a bucket keeps is bounded.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if region.len() > MAX_REGION_BYTES || !region.bytes().all(allowed) {
        return Err(invalid_location());
    }
    Ok(Some(region.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_name_a_region() {
        let location = |body: &str| location_constraint(body.as_bytes()).map_err(|e| e.code());
        assert_eq!(location(""), Ok(None));
        assert_eq!(
            location(
                "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
            ),
            Ok(Some("eu-west-1".to_owned()))
        );
        assert_eq!(location("<CreateBucketConfiguration/>"), Ok(None));
        assert_eq!(
            location("<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>"),
            Ok(None)
        );
        assert_eq!(
            location("<CreateBucketConfiguration><Tags><Tag/></Tags></CreateBucketConfiguration>"),
            Err(Code::NotImplemented)
        );
        assert_eq!(
            location("<CreateBucketConfiguration><Bucket/></CreateBucketConfiguration>"),
            Err(Code::NotImplemented)
        );
        let named = |region: &str| {
            location(&format!(
                "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
            ))
        };
        assert!(named(&"a".repeat(64)).is_ok());
        for invalid in [&*"a".repeat(65), "eu west", "eu/west", "\u{fc}"] {
            assert_eq!(named(invalid), Err(Code::InvalidLocationConstraint));
        }
        for bad in [
            "x",
            "<a/>",
            "<CreateBucketConfiguration>",
            "<!DOCTYPE a><CreateBucketConfiguration/>",
        ] {
            assert_eq!(location(bad), Err(Code::MalformedXml), "{bad}");
        }
    }

    #[test]
    fn a_bucket_is_created_in_the_region_that_aws_would_create_it_in() {
        let region = |signed: &str, named: Option<&str>| {
            let create = CreateBucket {
                bucket: "insights".parse().unwrap(),
                acl: None,
                ownership: None,
                location: named.map(str::to_owned),
                checksum: None,
            };
            match create.region(signed) {
                Ok(region) => region.to_owned(),
                Err(error) => error.to_string(),
            }
        };
        let us = "us-east-1";
        let cases = [
            (us, None),
            (us, Some("eu-central-1")),
            (us, Some("EU")),
            (us, Some(us)),
            (us, Some("home")),
            ("eu-west-1", Some("eu-west-1")),
            ("eu-west-1", Some("EU")),
            ("eu-west-1", None),
            ("eu-west-1", Some("us-west-2")),
            ("eu-west-1", Some(us)),
            ("eu-west-1", Some("home")),
            ("home", Some("home")),
            ("home", None),
        ];
        let all =
            cases.map(|(signed, named)| format!("{signed} {named:?}: {}", region(signed, named)));
        insta::assert_snapshot!(all.join("\n"), @r#"
        us-east-1 None: us-east-1
        us-east-1 Some("eu-central-1"): eu-central-1
        us-east-1 Some("EU"): eu-west-1
        us-east-1 Some("us-east-1"): InvalidLocationConstraint: The specified location-constraint is not valid
        us-east-1 Some("home"): InvalidLocationConstraint: The specified location-constraint is not valid
        eu-west-1 Some("eu-west-1"): eu-west-1
        eu-west-1 Some("EU"): eu-west-1
        eu-west-1 None: IllegalLocationConstraint: The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.
        eu-west-1 Some("us-west-2"): IllegalLocationConstraint: The us-west-2 location constraint is incompatible for the region specific endpoint this request was sent to.
        eu-west-1 Some("us-east-1"): IllegalLocationConstraint: The us-east-1 location constraint is incompatible for the region specific endpoint this request was sent to.
        eu-west-1 Some("home"): InvalidLocationConstraint: The specified location-constraint is not valid
        home Some("home"): home
        home None: IllegalLocationConstraint: The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.
        "#);
    }
}
