//! Who brings a sign-in code to a phone: the log of the demo, or a service that
//! sends text messages.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::phone::Phone;
use crate::language::Language;
use crate::metrics;
use crate::outgoing::Outgoing;
use crate::secret::Secret;

/// How often a message is tried.
const TRIES: u32 = 3;
/// How long after a try that failed, in the first round.
const PAUSE: Duration = Duration::from_millis(500);
/// Messages on their way at once; a slow service holds up no others.
const AT_ONCE: usize = 64;

/// A code on its way to somebody.
#[derive(Clone)]
pub struct Message {
    /// To whom.
    pub phone: Phone,
    /// The six digits.
    pub code: String,
    /// For what it is good, as the text should say.
    pub purpose: &'static str,
    /// The language in which to say it.
    pub language: Language,
    /// For how many seconds the code is good.
    pub expires_in_s: i64,
}

/// Brings codes to phones. Clones share what is on its way.
#[derive(Clone)]
pub enum CodeSender {
    /// Into the log, where whoever tries the demo reads it.
    Console,
    /// To a service, as a signed request.
    Gateway(Arc<Gateway>),
}

/// A service that sends text messages.
pub struct Gateway {
    url: String,
    secret: Option<Secret>,
    outgoing: Outgoing,
    turns: Arc<Semaphore>,
}

impl Gateway {
    /// At this address; requests are signed with the secret.
    pub fn new(url: String, secret: Option<Secret>, outgoing: Outgoing) -> Self {
        Self {
            url,
            secret,
            outgoing,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Tries until the service took it. All tries have one id, so that it can tell
    /// that they are the same message.
    async fn send(&self, message: Message) {
        let id = format!("msg_{}", Uuid::now_v7().simple());
        let body = json!({
            "phone": message.phone.reveal(),
            "code": message.code,
            "purpose": message.purpose,
            "language": message.language.tag(),
            "expires_in_s": message.expires_in_s,
        })
        .to_string();
        let Ok(_turn) = self.turns.acquire().await else { return };
        for round in 0..TRIES {
            tokio::time::sleep(PAUSE * round).await;
            let (url, secret) = (self.url.clone(), self.secret.as_ref());
            match self.outgoing.webhook(url, secret, &id, body.clone()).await {
                Ok(status) if (200..300).contains(&status) => return metrics::code("sent"),
                Ok(status) => tracing::warn!(status, id, "the message service refused a code"),
                Err(error) => tracing::warn!(%error, id, "the message service took no code"),
            }
        }
        metrics::code("failed");
    }
}

impl CodeSender {
    /// Sends a code on its way. Nobody waits for it: that would tell how the service
    /// answers for this number, and a phone that gets nothing asks again.
    pub fn send(&self, message: Message) {
        match self {
            Self::Console => {
                metrics::code("sent");
                tracing::warn!(
                    phone = message.phone.reveal(),
                    code = message.code,
                    purpose = message.purpose,
                    "a code"
                );
            }
            Self::Gateway(gateway) => {
                let gateway = Arc::clone(gateway);
                tokio::spawn(async move { gateway.send(message).await });
            }
        }
    }
}
