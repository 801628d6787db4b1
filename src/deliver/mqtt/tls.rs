//! Certificates: the system's or a given authority, and optionally our own.

use super::Trouble;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// PEM files; all optional.
#[derive(Debug, Clone, Default)]
pub struct TlsFiles {
    /// Whom to trust instead of the system's authorities.
    pub ca: Option<PathBuf>,
    /// Our own certificate chain and its key, for brokers that ask for one.
    pub client_cert: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    /// Take whatever certificate the broker shows. Only for messages that are sealed for somebody behind it, as a
    /// pairing's are: the connection itself proves nothing then.
    pub unverified: bool,
}

/// # Errors
/// [`Trouble`], naming the file.
pub fn client_config(files: &TlsFiles) -> Result<ClientConfig, Trouble> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| Trouble::Tls { why: e.to_string() })?;
    let builder = if files.unverified {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
    } else {
        builder.with_root_certificates(roots(files.ca.as_deref())?)
    };
    let config = match (&files.client_cert, &files.client_key) {
        (Some(cert), Some(key)) => {
            let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|e| bad(key, "private key", e))?;
            builder
                .with_client_auth_cert(certificates(cert)?, private)
                .map_err(|e| Trouble::Tls { why: e.to_string() })?
        }
        (None, None) => builder.with_no_client_auth(),
        (Some(path), None) | (None, Some(path)) => {
            return Err(Trouble::File {
                path: path.clone(),
                why: "a client certificate and its key are needed together".into(),
            });
        }
    };
    Ok(config)
}

/// Takes any certificate whose key the broker has.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, Trouble> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            for cert in certificates(path)? {
                roots.add(cert).map_err(|e| bad(path, "certificate", e))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                let why = "this machine has no certificate authorities; install ca-certificates, or name one".into();
                return Err(Trouble::Tls { why });
            }
        }
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let pem = read(path)?;
    let certs: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certs = certs.map_err(|e| bad(path, "certificate", e))?;
    if certs.is_empty() {
        return Err(Trouble::File { path: path.into(), why: "it holds no certificate in PEM form".into() });
    }
    Ok(certs)
}

/// # Errors
/// [`Trouble::File`].
pub fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|e| Trouble::File { path: path.into(), why: e.to_string() })
}

fn bad(path: &Path, what: &str, why: impl std::fmt::Display) -> Trouble {
    Trouble::File { path: path.into(), why: format!("it holds no {what} in PEM form ({why})") }
}
