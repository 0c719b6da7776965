//! ARNs: `arn:partition:service:region:account:resource`.

use std::{fmt, str::FromStr};

/// The most bytes of an ARN (shape `arnType` of IAM).
const MAX_ARN_BYTES: usize = 2_048;

/// An ARN, split at its first five colons. The resource can contain more colons.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Arn {
    text: Box<str>,
    /// The bytes at which the second to sixth parts begin.
    starts: [u16; 5],
}

/// Why a text is not an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidArn {
    /// It does not begin with `arn:`.
    #[error("does not begin with `arn:`")]
    Prefix,
    /// It has fewer than six parts.
    #[error("has fewer than six parts separated by colons")]
    Parts,
    /// Partition, service or resource is empty.
    #[error("has an empty partition, service or resource")]
    Empty,
    /// It has more than 2,048 bytes.
    #[error("is longer than {MAX_ARN_BYTES} bytes")]
    Long,
}

impl Arn {
    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition, such as `aws`.
    pub fn partition(&self) -> &str {
        self.part(0)
    }

    /// The service, such as `iam`.
    pub fn service(&self) -> &str {
        self.part(1)
    }

    /// The region, such as `us-east-1`; empty for services without regions.
    pub fn region(&self) -> &str {
        self.part(2)
    }

    /// The account, usually twelve digits; empty for buckets.
    pub fn account(&self) -> &str {
        self.part(3)
    }

    /// The resource: everything after the fifth colon.
    pub fn resource(&self) -> &str {
        self.part(4)
    }

    fn part(&self, number: usize) -> &str {
        let start = self.starts.get(number).map_or(0, |at| usize::from(*at));
        let end = self
            .starts
            .get(number + 1)
            .map_or(self.text.len(), |next| usize::from(*next).saturating_sub(1));
        self.text.get(start..end).unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        if text.len() > MAX_ARN_BYTES {
            return Err(InvalidArn::Long);
        }
        if !text.starts_with("arn:") {
            return Err(InvalidArn::Prefix);
        }
        let mut starts = [0_u16; 5];
        let mut colons = text.match_indices(':');
        for start in &mut starts {
            let (at, _) = colons.next().ok_or(InvalidArn::Parts)?;
            *start = u16::try_from(at + 1).map_err(|_| InvalidArn::Long)?;
        }
        let arn = Self {
            text: text.into(),
            starts,
        };
        if arn.partition().is_empty() || arn.service().is_empty() || arn.resource().is_empty() {
            return Err(InvalidArn::Empty);
        }
        Ok(arn)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arn({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_splits_at_its_first_five_colons() {
        let arn: Arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/a:b"
            .parse()
            .unwrap();
        let parts = [
            arn.partition(),
            arn.service(),
            arn.region(),
            arn.account(),
            arn.resource(),
        ];
        assert_eq!(
            parts,
            ["aws", "dynamodb", "eu-west-1", "111122223333", "table/a:b"]
        );
        let arn: Arn = "arn:aws:s3:::bucket/key".parse().unwrap();
        assert_eq!(
            [arn.region(), arn.account(), arn.resource()],
            ["", "", "bucket/key"]
        );
    }

    #[test]
    fn invalid_arns_are_rejected() {
        let error = |text: &str| text.parse::<Arn>().unwrap_err();
        assert_eq!(error("aws:iam"), InvalidArn::Prefix);
        assert_eq!(error("arn:aws:iam::1"), InvalidArn::Parts);
        assert_eq!(error("arn:aws:iam::1:"), InvalidArn::Empty);
        assert_eq!(
            error(&format!("arn:aws:s3:::{}", "x".repeat(2_048))),
            InvalidArn::Long
        );
    }
}
