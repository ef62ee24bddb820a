//! WeChat's mini-program login: the app's `js_code` for the person's `openid`.

use serde::Deserialize;

use crate::error::{Error, Reason, Result};
use crate::outgoing::Outgoing;
use crate::secret::Secret;

/// The mini-program, as WeChat knows it.
#[derive(Clone)]
pub struct WeChat {
    url: String,
    app_id: String,
    secret: Secret,
    outgoing: Outgoing,
}

/// What `jscode2session` answers. The session key is not ours to keep: nothing here
/// decrypts what WeChat encrypts with it.
#[derive(Deserialize)]
struct Session {
    openid: Option<String>,
    #[serde(default)]
    errcode: i64,
}

/// WeChat is busy.
const BUSY: i64 = -1;
/// More logins a minute than the mini-program may have.
const TOO_MANY: i64 = 45011;
/// What is wrong with the code: unknown, or used before.
const OF_THE_CODE: [i64; 3] = [40029, 40163, 40226];

impl WeChat {
    /// This mini-program, at WeChat's address or another's.
    pub const fn new(url: String, app_id: String, secret: Secret, outgoing: Outgoing) -> Self {
        Self {
            url,
            app_id,
            secret,
            outgoing,
        }
    }

    /// Whose login this is, by an id that this mini-program alone sees.
    pub async fn openid(&self, js_code: &str) -> Result<String> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("appid", &self.app_id)
            .append_pair("secret", self.secret.reveal())
            .append_pair("js_code", js_code)
            .append_pair("grant_type", "authorization_code")
            .finish();
        let answered = self
            .outgoing
            .get(format!("{}/sns/jscode2session?{query}", self.url))
            .await;
        let answered = answered.map_err(|error| {
            tracing::warn!(%error, "WeChat does not answer");
            Error::refused(Reason::ServiceUnavailable)
        })?;
        let session: Session = serde_json::from_str(&answered.body).map_err(|_| {
            tracing::warn!(status = answered.status, "WeChat answered what is no session");
            Error::refused(Reason::ServiceUnavailable)
        })?;
        match (session.errcode, session.openid) {
            (0, Some(openid)) if !openid.is_empty() && openid.len() <= 128 => Ok(openid),
            (code, _) if OF_THE_CODE.contains(&code) => Err(Error::refused(Reason::WeChatRefused)),
            (BUSY | TOO_MANY, _) => Err(Error::refused(Reason::ServiceUnavailable)),
            (code, _) => {
                // A wrong AppID or AppSecret, most likely: ours to mend.
                tracing::error!(code, "WeChat refuses this mini-program");
                Err(Error::refused(Reason::ServiceUnavailable))
            }
        }
    }
}
