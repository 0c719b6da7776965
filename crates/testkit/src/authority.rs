//! Certificate authorities, each for one listener.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};

use crate::http::{Request, Response, connect, exchange_over};
use crate::keys::pem;

/// A certificate with its key and its authority, in PEM.
#[derive(Debug)]
pub struct Certified {
    /// The authority that signed the certificate.
    pub authority: String,
    /// The certificate.
    pub certificate: String,
    /// The certificate's private key.
    pub private_key: String,
}

/// A certificate for a server of these names, by an authority of its own.
pub fn certify(names: &[&str]) -> Certified {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // OpenSSL takes a certificate whose issuer is named as its subject for one that signed itself.
    authority
        .distinguished_name
        .push(DnType::CommonName, "Authority of a test");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().copied().map(str::to_owned).collect();
    let mut leaf = CertificateParams::new(names).unwrap();
    leaf.use_authority_key_identifier_extension = true;
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    Certified {
        authority: pem("CERTIFICATE", authority.der()),
        certificate: pem("CERTIFICATE", leaf.der()),
        private_key: pem("PRIVATE KEY", &key.serialize_der()),
    }
}

/// TLS for a server of these names, and in PEM the authority that its clients must trust.
pub fn server_tls(names: &[&str]) -> (ServerConfig, String) {
    let certified = certify(names);
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certified.certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(certified.private_key.as_bytes()).unwrap(),
        )
        .unwrap();
    (config, certified.authority)
}

/// Sends a request to `localhost` over TLS, on a connection of its own, trusting this authority
/// alone.
pub fn send_over_tls(request: &Request, port: u16, authority: &str) -> Response {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    exchange_over(StreamOwned::new(tls, connect(port)), &request.bytes(port))
}

/// The cryptography of both sides.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
