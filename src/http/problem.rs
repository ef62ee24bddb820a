//! RFC 9457 problem documents.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_LANGUAGE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::observe::{REQUEST_ID, request_id};
use crate::clock::Timestamp;
use crate::error::{Error, FieldError, Reason, Result};
use crate::language::Language;

/// What went wrong (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The stable name of the reason.
    #[serde(rename = "type")]
    #[schema(example = "https://onegrid.dev/problems/invalid-input")]
    pub kind: String,
    /// A short name of the reason, in the language of the request.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What a person can do about it, in the language of the request.
    pub detail: String,
    /// Every field at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    /// From when on it can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// Until when it cannot be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How many places are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<i64>,
    /// What it collides with, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rival: Option<String>,
    /// What can be done instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The id of the request, as in `X-Request-Id` and in the log.
    pub request_id: String,
}

/// A field at fault.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemField {
    /// Where: `body`, `query` or `header`.
    #[serde(rename = "in")]
    pub place: String,
    /// A JSON pointer to it (RFC 6901).
    pub pointer: String,
    /// A stable word for programs.
    pub code: String,
    /// What is wrong and what would be right, in the language of the request.
    pub detail: String,
}

impl ProblemField {
    fn of(field: &FieldError, language: Language) -> Self {
        Self {
            place: field.place.to_owned(),
            pointer: field.pointer.clone(),
            code: field.code.to_owned(),
            detail: field.detail.in_language(language).to_owned(),
        }
    }
}

/// The problem document for an error, as a response to this request.
pub fn render_problem(request: &HttpRequest, error: &Error) -> HttpResponse {
    render(super::language(request), request_id(request), error)
}

/// The problem document for an error where there is no request of actix.
pub fn detached_problem(language: Language, request_id: String, error: &Error) -> HttpResponse {
    let id = HeaderValue::from_str(&request_id);
    let mut response = render(language, request_id, error);
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// An error of a layer that hands back no request, with what its document needs.
#[derive(Debug)]
pub(super) struct Detached {
    pub language: Language,
    pub request_id: String,
    pub error: Error,
}

impl std::fmt::Display for Detached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.error, f)
    }
}

impl ResponseError for Detached {
    fn status_code(&self) -> StatusCode {
        self.error.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        detached_problem(self.language, self.request_id.clone(), &self.error)
    }
}

fn render(language: Language, request_id: String, error: &Error) -> HttpResponse {
    let reason = error.reason();
    let errors = match error {
        Error::Invalid(fields) => fields.iter().map(|field| ProblemField::of(field, language)).collect(),
        _ => Vec::new(),
    };
    let facts = error.facts().cloned().unwrap_or_default();
    let problem = Problem {
        kind: reason.type_uri(),
        title: reason.title(language).to_owned(),
        status: reason.status(),
        detail: error.detail(language).to_owned(),
        errors,
        opens_at: facts.opens_at,
        until: facts.until,
        remaining: facts.remaining,
        rival: facts.rival,
        allowed: facts.allowed.into_iter().map(str::to_owned).collect(),
        request_id,
    };
    let status = StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_LANGUAGE, language.tag()));
    if let Some(seconds) = error.retry_after_s() {
        response.insert_header((RETRY_AFTER, seconds));
    }
    if reason == Reason::Unauthenticated {
        response.insert_header((WWW_AUTHENTICATE, "Bearer"));
    }
    response
        .content_type("application/problem+json")
        .body(serde_json::to_string(&problem).unwrap_or_default())
}

/// What a client reads for an error of actix itself, which knows a status only.
pub(super) fn from_status(status: StatusCode) -> Error {
    Error::refused(match status.as_u16() {
        404 => Reason::NoSuchPath,
        405 => Reason::MethodNotAllowed,
        406 => Reason::NotAcceptable,
        413 => Reason::BodyTooLarge,
        415 => Reason::UnsupportedMediaType,
        400..=499 => Reason::BadRequest,
        503 => Reason::Busy,
        _ => Reason::Internal,
    })
}

/// Answers paths that no operation has; a known path with another method says which it takes.
pub async fn not_found(request: HttpRequest, allowed: Option<HeaderValue>) -> HttpResponse {
    match allowed {
        None => render_problem(&request, &Error::refused(Reason::NoSuchPath)),
        Some(methods) => {
            let mut response = render_problem(&request, &Error::refused(Reason::MethodNotAllowed));
            response.headers_mut().insert(ALLOW, methods);
            response
        }
    }
}

/// The middleware [`observe`](super::observe) renders the body, where it knows the
/// request's language and id; this is what is left where it did not run.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.reason().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// What a handler gives.
pub type Answer = Result<HttpResponse>;
