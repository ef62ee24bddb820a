//! Versions of a thing: `ETag`, `If-None-Match`, `If-Match` (RFC 9110, 13).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;

use super::caller::text_header;
use crate::error::{Error, Reason, Result};

/// A thing with its version, as an answer.
pub struct Entity<T> {
    /// What is answered.
    pub value: T,
    /// Grows with each change.
    pub version: i64,
}

impl<T: Serialize> Entity<T> {
    /// The answer to a GET: 304 where the client has this version.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let tag = etag(self.version);
        if not_modified(request, &tag) {
            return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
        }
        self.answer_with(StatusCode::OK)
    }

    /// The answer to a change.
    pub fn answer_with(&self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status)
            .insert_header((ETAG, etag(self.version)))
            .json(&self.value)
    }
}

/// The entity tag of a version.
pub(super) fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// Whether the client says that it has what this tag names.
pub fn not_modified(request: &HttpRequest, tag: &str) -> bool {
    let header = request.headers().get(IF_NONE_MATCH);
    let Some(text) = header.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    text.trim() == "*"
        || text
            .split(',')
            .any(|known| known.trim().trim_start_matches("W/") == tag)
}

/// The version that the client means to change; needed, so that nobody overwrites
/// what they have not seen.
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Refuses unless the thing still has a version that the client named.
    pub fn allows(&self, version: i64) -> Result<()> {
        let tag = etag(version);
        match &self.0 {
            None => Ok(()),
            Some(tags) if tags.contains(&tag) => Ok(()),
            Some(_) => Err(Error::refused(Reason::VersionMismatch)),
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match text_header(request, IF_MATCH.as_str()) {
            Err(error) => Err(error),
            Ok(None) => Err(Error::refused(Reason::PreconditionRequired)),
            Ok(Some(text)) if text.trim() == "*" => Ok(Self(None)),
            Ok(Some(text)) => Ok(Self(Some(text.split(',').map(|tag| tag.trim().to_owned()).collect()))),
        })
    }
}
