//! Signing in and accounts as clients write and read them.

use actix_web::HttpRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::model::{Method, Person, PersonId, Session, SessionId};
use super::sessions::Grant;
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::http::Input;
use crate::language::Language;

/// A phone that wants a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// A mainland mobile number, or any other with + and its country code.
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+861[3-9][0-9]{9}|\+[1-79][0-9]{6,14}|\+8[0-57-9][0-9]{5,13})$",
        example = "13800138000"
    )]
    pub phone: String,
    /// The device that asks.
    pub device: Option<Device>,
}

impl Input for CodeRequest {}

/// A device, as its app knows it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// An id that the app made up for this device once; codes are limited by it.
    #[schema(pattern = r"^[A-Za-z0-9_-]{8,64}$", example = "b3f1c2d4-7a58-4c11")]
    pub id: Option<String>,
    /// What the person sees in the list of their sessions.
    #[schema(format = "plain-text", min_length = 1, max_length = 64, example = "Mate 60")]
    pub name: Option<String>,
}

/// That a code is on its way, or would be if the number is one.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeSent {
    /// After how many seconds another may be asked for.
    pub resend_after_s: i64,
    /// For how many seconds the code is good.
    pub expires_in_s: i64,
}

/// Who wants to sign in: by `phone` and `code`, by `js_code`, or by all three, which
/// ties the WeChat account to the number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The phone to which the code was sent.
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+861[3-9][0-9]{9}|\+[1-79][0-9]{6,14}|\+8[0-57-9][0-9]{5,13})$",
        example = "13800138000"
    )]
    pub phone: Option<String>,
    /// The six digits that were sent.
    #[schema(pattern = "^[0-9]{6}$", example = "271828")]
    pub code: Option<String>,
    /// What the mini-program got from `wx.login`.
    #[schema(pattern = r"^[A-Za-z0-9_-]{8,128}$")]
    pub js_code: Option<String>,
    /// The device that signs in.
    pub device: Option<Device>,
}

impl Input for SignIn {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        let Some(fields) = value.as_object() else { return };
        let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
        let by_wechat = has("js_code") && !has("phone") && !has("code");
        for name in ["phone", "code"] {
            if !by_wechat && !has(name) {
                faults.push(FieldError::body(
                    format!("/{name}"),
                    "required",
                    "请提供手机号和验证码，或仅提供 js_code。",
                    "Give phone and code, or js_code alone.",
                ));
            }
        }
    }
}

/// A refresh token to exchange.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The newest refresh token of the session.
    #[schema(min_length = 1, max_length = 128)]
    pub refresh_token: String,
}

impl Input for Refresh {}

/// The tokens of a session. The access token goes into `Authorization: Bearer …`; the
/// refresh token is exchanged for new ones before that runs out, and is good once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// Who signed in.
    pub person_id: PersonId,
    /// The session.
    pub session_id: SessionId,
    /// What goes into each request.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// For how many seconds the access token is good.
    pub expires_in_s: i64,
    /// What is exchanged for the next tokens.
    pub refresh_token: String,
    /// When the session ends unless it is carried on.
    pub session_expires_at: Timestamp,
}

impl Tokens {
    /// What somebody holds who signed in.
    pub fn of(grant: Grant) -> Self {
        Self {
            person_id: grant.signed.person,
            session_id: grant.signed.session,
            access_token: grant.access_token,
            token_type: "Bearer",
            expires_in_s: grant.expires_in_s,
            refresh_token: grant.refresh_token,
            session_expires_at: grant.session_expires_at,
        }
    }
}

/// A language in which people are written to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub enum Written {
    /// Chinese.
    #[serde(rename = "zh")]
    Zh,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl From<Language> for Written {
    fn from(language: Language) -> Self {
        match language {
            Language::Zh => Self::Zh,
            Language::En => Self::En,
        }
    }
}

impl From<Written> for Language {
    fn from(written: Written) -> Self {
        match written {
            Written::Zh => Self::Zh,
            Written::En => Self::En,
        }
    }
}

/// The caller's own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Their id.
    pub id: PersonId,
    /// What they are called; null until they said it.
    pub name: Option<String>,
    /// Their phone number, masked here as everywhere.
    pub phone: Option<String>,
    /// Whether a WeChat account is tied to it.
    pub wechat: bool,
    /// The year in which they were born; null where they did not say it.
    pub birth_year: Option<i32>,
    /// The language in which they are written to.
    pub language: Written,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Me {
    /// What a person sees of themselves.
    pub fn of(person: Person) -> Self {
        Self {
            id: person.id,
            name: person.name,
            phone: person.phone.map(|phone| phone.masked()),
            wechat: person.has_wechat,
            birth_year: person.birth_year,
            language: person.language.into(),
            created_at: person.created_at,
            updated_at: person.updated_at,
        }
    }
}

/// What a person changes of their account; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeChange {
    /// What they are called.
    #[schema(format = "plain-text", min_length = 1, max_length = 64, example = "王梅")]
    pub name: Option<String>,
    /// The language in which they are written to.
    pub language: Option<Written>,
    /// The year in which they were born. Who is or may be under 14 has an account by their guardian only.
    #[schema(minimum = 1900, maximum = 2100, example = 1980)]
    pub birth_year: Option<i32>,
}

impl Input for MeChange {}

/// One of the caller's sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// By which door it was opened.
    pub method: Method,
    /// What the app called the device.
    pub device: Option<String>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    pub used_at: Timestamp,
    /// When it ends unless it is carried on.
    pub expires_at: Timestamp,
    /// Whether it is the session of this request.
    pub current: bool,
}

impl SessionView {
    /// As the caller sees it from their session.
    pub fn of(session: Session, current: SessionId) -> Self {
        Self {
            current: session.id == current,
            id: session.id,
            method: session.method,
            device: session.device,
            created_at: session.created_at,
            used_at: session.used_at,
            expires_at: session.expires_at,
        }
    }
}

/// The caller's sessions that go on, the one used last first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// At most twenty.
    pub items: Vec<SessionView>,
    /// Always null: the list is whole.
    pub next: Option<String>,
}
