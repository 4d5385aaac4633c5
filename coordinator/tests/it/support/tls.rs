//! TLS for a server inside the test, with a certificate that nobody trusts but who is told to.
//!
//! **Invariant:** every authority is new, and known only by the file it writes.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority of one server, `127.0.0.1`.
pub(crate) struct Authority {
    pem: String,
    acceptor: TlsAcceptor,
}

impl Authority {
    pub(crate) fn fresh() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let servers_key = KeyPair::generate().unwrap();
        let servers = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = servers.signed_by(&servers_key, &issuer).unwrap();
        let private = PrivatePkcs8KeyDer::from(servers_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(private),
            );
        Self {
            pem,
            acceptor: TlsAcceptor::from(Arc::new(config.unwrap())),
        }
    }

    /// Writes down whom to trust.
    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, &self.pem).unwrap();
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}
