//! `CreateBucket`.

use quick_xml::{Reader, events::Event};

use super::declaration::{Declared as _, S3Operation};
use crate::{
    checksum::{Checksum, ChecksumAlgorithm},
    error::{AwsError, Code},
    requirement::{Requirement, ResourceOwner},
    s3::{BucketName, error::not_implemented, parameters::RequestParameters},
};

/// Longest name of a region, in bytes.
const MAX_REGION_BYTES: usize = 64;

/// Creates a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBucket {
    /// The bucket.
    pub bucket: BucketName,
    /// `x-amz-acl`. It changes nothing; policies can have conditions on it.
    pub acl: Option<String>,
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

    fn parse(bucket: BucketName, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        Ok(Self {
            bucket,
            acl: parameters.private_acl()?,
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

    /// The caller owns the new bucket. That another account has a bucket of the name is a conflict,
    /// of which only callers learn that may create buckets.
    fn requirements(&self) -> Vec<Requirement<'static>> {
        let resource = self.bucket.arn();
        let requirement = Requirement::new(Self::ACTION, resource, ResourceOwner::Caller);
        vec![requirement.with([
            ("s3:x-amz-acl", self.acl.clone()),
            ("s3:LocationConstraint", self.location.clone()),
        ])]
    }
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
                    (1, _) => return Err(not_implemented()),
                    _ => return Err(malformed()),
                }
                path.push(name);
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Text(piece) => {
                let piece: &str = &piece;
                if path.len() == 2 {
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
        return Err(AwsError::new(
            Code::InvalidLocationConstraint,
            "The specified location-constraint is not valid",
        ));
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
}
