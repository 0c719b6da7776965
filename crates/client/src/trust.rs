//! The certificate authorities that a client trusts.

use std::path::Path;

use rustls::RootCertStore;
use rustls_pki_types::{
    CertificateDer,
    pem::{self, PemObject as _},
};

/// The file that `AWS_CA_BUNDLE` names cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("reading AWS_CA_BUNDLE `{file}`")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: pem::Error,
    },
    /// A certificate in it is not PEM.
    #[error("reading certificate {number} of AWS_CA_BUNDLE `{file}`")]
    Pem {
        /// Which one, from 1.
        number: usize,
        /// The file.
        file: String,
        /// Why.
        source: pem::Error,
    },
    /// A certificate in it cannot be an authority.
    #[error("reading certificate {number} of AWS_CA_BUNDLE `{file}`")]
    Certificate {
        /// Which one, from 1.
        number: usize,
        /// The file.
        file: String,
        /// Why.
        source: rustls::Error,
    },
    /// It has no certificate.
    #[error("AWS_CA_BUNDLE `{0}` has no certificate in PEM")]
    Empty(String),
}

/// The public certificate authorities, as Mozilla lists them.
pub(crate) fn public_authorities() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// The authorities in a PEM file, which replace the public ones as for the AWS clients.
pub(crate) fn bundle(file: &str) -> Result<RootCertStore, TrustError> {
    let certificates = CertificateDer::pem_file_iter(Path::new(file));
    let certificates = certificates.map_err(|source| TrustError::Read {
        file: file.to_owned(),
        source,
    })?;
    let mut authorities = RootCertStore::empty();
    for (number, certificate) in (1..).zip(certificates) {
        let certificate = certificate.map_err(|source| TrustError::Pem {
            number,
            file: file.to_owned(),
            source,
        })?;
        authorities
            .add(certificate)
            .map_err(|source| TrustError::Certificate {
                number,
                file: file.to_owned(),
                source,
            })?;
    }
    if authorities.is_empty() {
        return Err(TrustError::Empty(file.to_owned()));
    }
    Ok(authorities)
}
