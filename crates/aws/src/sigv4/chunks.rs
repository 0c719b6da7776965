//! The chain of signatures over a chunked body. Each covers its chunk and the previous signature,
//! the first one the signature of the request ("Signature calculations for the authorization
//! header: transferring payload in multiple chunks" and "... including trailing headers", Amazon S3
//! API Reference).

use aws_lc_rs::{constant_time, digest};
use jiff::Timestamp;

use super::{error::SignatureError, key::DerivedKey, time::amz_date};
use crate::hex;

/// The SHA-256 of the empty string, which the signature of a chunk contains instead of a hash of
/// headers.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The state of the chain: the next signature covers it. Only [`verify`](super::verify()) begins a
/// chain, for a verified request.
#[derive(Debug, Clone)]
pub struct ChunkChain {
    key: DerivedKey,
    amz_date: String,
    last: [u8; 32],
}

impl ChunkChain {
    pub(super) fn new(key: &DerivedKey, requested: Timestamp, signature: [u8; 32]) -> Self {
        Self {
            key: key.clone(),
            amz_date: amz_date(requested),
            last: signature,
        }
    }

    /// Verifies the signature of the next chunk, whose data has the hash `sha256`.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`] if `claimed` is not its signature.
    pub fn verify_chunk(
        &mut self,
        sha256: &digest::Digest,
        claimed: &[u8; 32],
    ) -> Result<(), SignatureError> {
        let hash = hex::encode(sha256.as_ref());
        self.advance(
            "AWS4-HMAC-SHA256-PAYLOAD",
            &format!("{EMPTY_SHA256}\n{hash}"),
        );
        self.compare(claimed)
    }

    /// Verifies the signature of the trailer. `lines` has its lines as `name:value`, the name in
    /// lower case, no spaces around the value, each line with a line feed.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`] if `claimed` is not its signature.
    pub fn verify_trailer(
        &mut self,
        lines: &[u8],
        claimed: &[u8; 32],
    ) -> Result<(), SignatureError> {
        let hash = digest::digest(&digest::SHA256, lines);
        self.advance("AWS4-HMAC-SHA256-TRAILER", &hex::encode(hash.as_ref()));
        self.compare(claimed)
    }

    fn advance(&mut self, algorithm: &str, hashes: &str) {
        let to_sign = format!(
            "{algorithm}\n{}\n{}\n{}\n{hashes}",
            self.amz_date,
            self.key.scope(),
            hex::encode(&self.last)
        );
        self.last = self.key.sign(to_sign.as_bytes());
    }

    fn compare(&self, claimed: &[u8; 32]) -> Result<(), SignatureError> {
        constant_time::verify_slices_are_equal(&self.last, claimed)
            .map_err(|_| SignatureError::Mismatch)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! The signer's side, and the chain of the examples in the S3 API Reference.

    use super::*;
    use crate::credentials::SecretAccessKey;
    use crate::sigv4::scope::CredentialScope;

    impl ChunkChain {
        /// The chain of the documented examples after the signature of the request.
        pub(crate) fn of_the_examples(signature: &str) -> Self {
            let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
            let secret = SecretAccessKey::new(secret).unwrap();
            let scope = CredentialScope::new("20130524", "us-east-1", "s3").unwrap();
            let requested = "2013-05-24T00:00:00Z".parse().unwrap();
            let signature = hex::decode32(signature.as_bytes()).unwrap();
            Self::new(&DerivedKey::derive(&secret, scope), requested, signature)
        }

        pub(crate) fn sign_chunk(&mut self, data: &[u8]) -> String {
            let hash = digest::digest(&digest::SHA256, data);
            let hash = hex::encode(hash.as_ref());
            self.advance(
                "AWS4-HMAC-SHA256-PAYLOAD",
                &format!("{EMPTY_SHA256}\n{hash}"),
            );
            hex::encode(&self.last)
        }

        pub(crate) fn sign_trailer(&mut self, lines: &str) -> String {
            let hash = digest::digest(&digest::SHA256, lines.as_bytes());
            self.advance("AWS4-HMAC-SHA256-TRAILER", &hex::encode(hash.as_ref()));
            hex::encode(&self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ChunkChain;

    #[test]
    fn the_documented_examples_have_the_documented_signatures() {
        let (first, second) = (vec![b'a'; 65_536], vec![b'a'; 1_024]);
        let mut chain = ChunkChain::of_the_examples(
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        );
        let signatures = [&first[..], &second, b""].map(|data| chain.sign_chunk(data));
        insta::assert_snapshot!(signatures.join("\n"), @"
        ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648
        0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497
        b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9
        ");
        let mut chain = ChunkChain::of_the_examples(
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        );
        let signatures = [&first[..], &second, b""].map(|data| chain.sign_chunk(data));
        insta::assert_snapshot!(signatures.join("\n"), @"
        b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2
        1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7
        2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992
        ");
        let trailer = chain.sign_trailer("x-amz-checksum-crc32c:sOO8/Q==\n");
        insta::assert_snapshot!(trailer, @"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
    }
}
