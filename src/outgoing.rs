//! Requests that we make of other services. What is sent and what comes back is
//! never logged: addresses, heads and bodies may hold secrets and personal data.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::clock;
use crate::secret::Secret;

/// How long another service may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest answer that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The longest that is read of an answer of which only the status counts, in bytes.
const LONGEST_ACKNOWLEDGEMENT: u64 = 16 * 1024;

/// Why there is no answer, in a word that may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(&'static str);

/// An answer.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Asks other services. Clones share connections.
#[derive(Clone)]
pub struct Outgoing {
    agent: Agent,
}

impl Outgoing {
    /// Trusts the certificates that this machine trusts.
    pub fn new() -> Self {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate of this machine cannot be read");
        }
        let roots: Vec<Certificate<'static>> = found
            .certs
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .user_agent("onegrid")
            .build();
        Self { agent: agent.into() }
    }

    /// GET.
    pub async fn get(&self, url: String) -> Result<Answered, NoAnswer> {
        let agent = self.agent.clone();
        on_a_blocking_thread(move || answered(agent.get(&url).call())).await
    }

    /// POST of JSON as Standard Webhooks 1.0 has it: with an id, by which the receiver knows
    /// what it has had, and signed where there is a secret. The status; of the body no more
    /// is read than keeps the connection good.
    pub async fn webhook(&self, url: String, secret: Option<&Secret>, id: &str, json: String) -> Result<u16, NoAnswer> {
        let timestamp = clock::now().micros().div_euclid(1_000_000).to_string();
        let signature = secret.map(|secret| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key_of(secret));
            let tag = hmac::sign(&key, format!("{id}.{timestamp}.{json}").as_bytes());
            ("webhook-signature", format!("v1,{}", STANDARD.encode(tag)))
        });
        let mut headers = vec![("webhook-id", id.to_owned()), ("webhook-timestamp", timestamp)];
        headers.extend(signature);
        let agent = self.agent.clone();
        on_a_blocking_thread(move || {
            let mut request = agent.post(&url).header("content-type", "application/json");
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let mut response = request.send(json).map_err(|error| why(&error))?;
            let mut read = response.body_mut().as_reader().take(LONGEST_ACKNOWLEDGEMENT);
            // What it says is of no interest, nor whether it says all of it.
            let _ = std::io::copy(&mut read, &mut std::io::sink());
            Ok(response.status().as_u16())
        })
        .await
    }
}

/// The bytes of a secret: of `whsec_` and base64 what that says, as Standard Webhooks 1.0
/// has it; else its letters.
fn key_of(secret: &Secret) -> Vec<u8> {
    let text = secret.reveal();
    let said = text.strip_prefix("whsec_").and_then(|said| STANDARD.decode(said).ok());
    said.unwrap_or_else(|| text.as_bytes().to_vec())
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::new()
    }
}

async fn on_a_blocking_thread<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, NoAnswer> + Send + 'static,
) -> Result<T, NoAnswer> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.unwrap_or(Err(NoAnswer("the request died")))
}

fn answered(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answered, NoAnswer> {
    let mut response = result.map_err(|error| why(&error))?;
    let body = response.body_mut().with_config().limit(LONGEST).read_to_string();
    Ok(Answered {
        status: response.status().as_u16(),
        body: body.map_err(|error| why(&error))?,
    })
}

/// The kind of failure only: its words may repeat the address.
fn why(error: &ureq::Error) -> NoAnswer {
    NoAnswer(match error {
        ureq::Error::Timeout(_) => "no answer in time",
        ureq::Error::HostNotFound => "no such host",
        ureq::Error::ConnectionFailed => "no connection",
        ureq::Error::Io(_) => "the connection broke off",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "no secure connection",
        ureq::Error::BodyExceedsLimit(_) => "too long an answer",
        _ => "no proper answer",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_secret_of_the_standard_signs_as_the_standard_says() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key_of(&secret));
        let said = r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        let tag = STANDARD.encode(hmac::sign(&key, said.as_bytes()));
        assert_eq!(tag, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let plain = Secret::new("whsec_is not base64".to_owned());
        assert_eq!(key_of(&plain), b"whsec_is not base64");
    }
}
