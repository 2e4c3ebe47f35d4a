//! A certificate authority made anew at each start, and the certificate it gives this program.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A server's certificate, and who vouches for it.
pub struct Identity {
    /// What callers have to trust, PEM.
    pub ca_pem: String,
    /// Takes connections under it.
    pub acceptor: TlsAcceptor,
}

/// For `localhost`, `127.0.0.1` and these names.
///
/// # Errors
/// When there is no randomness, or a name is none.
pub fn identity(names: &[String]) -> io::Result<Identity> {
    let ca_key = KeyPair::generate().map_err(io::Error::other)?;
    let mut ca = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name.push(DnType::CommonName, "stand-in for ngrok");
    let ca_pem = ca.self_signed(&ca_key).map_err(io::Error::other)?.pem();
    let issuer = Issuer::new(ca, ca_key);

    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    all.extend(names.iter().cloned());
    let leaf = CertificateParams::new(all).map_err(io::Error::other)?;
    let leaf = leaf.signed_by(&key, &issuer).map_err(io::Error::other)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok(Identity { ca_pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
}
