//! Versions of a thing: `ETag`, `If-None-Match`, `If-Match` (RFC 9110, 13).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::body::hex;
use super::caller::text_header;
use crate::coordinates::Crs;
use crate::error::{Error, Reason, Result};

/// A thing with its version, as an answer.
pub struct Entity<T> {
    /// What is answered.
    pub value: T,
    /// What tells this state of the thing from others.
    pub version: Version,
}

/// What an entity tag is made of.
pub enum Version {
    /// A number that grows with each change, and the system of coordinates in
    /// which the thing is shown: such a tag may be given back in `If-Match`.
    Number(i64, Crs),
    /// The answer's own bytes, for a view that shows parts of several things.
    Content,
}

impl<T: Serialize> Entity<T> {
    /// The answer to a GET: 304 where the client has this version.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let tag = self.tag();
        if has(request, &tag) {
            return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
        }
        self.answer_with(StatusCode::OK)
    }

    pub(super) fn tag(&self) -> String {
        match self.version {
            Version::Number(number, crs) => etag(number, crs),
            Version::Content => {
                let bytes = serde_json::to_vec(&self.value).unwrap_or_default();
                let digest = hex(&Sha256::digest(&bytes));
                format!("\"{}\"", digest.get(..24).unwrap_or(&digest))
            }
        }
    }

    /// The answer to a change.
    pub fn answer_with(&self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status)
            .insert_header((ETAG, self.tag()))
            .json(&self.value)
    }
}

/// The entity tag of a version as it is shown in a system of coordinates.
fn etag(version: i64, crs: Crs) -> String {
    match crs {
        Crs::Wgs84 => format!("\"v{version}\""),
        shifted => format!("\"v{version}-{shifted}\""),
    }
}

/// Whether the client says that it has what this tag names.
fn has(request: &HttpRequest, tag: &str) -> bool {
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
        let names_it = |tag: &String| Crs::ALL.into_iter().any(|crs| *tag == etag(version, crs));
        match &self.0 {
            None => Ok(()),
            Some(tags) if tags.iter().any(names_it) => Ok(()),
            Some(_) => Err(Error::refused(Reason::VersionMismatch)),
        }
    }
}

impl IfMatch {
    /// Refuses unless the client named one of these ways to show the thing as it is.
    pub fn allows_shown<T: Serialize>(&self, mut shown: impl Iterator<Item = Entity<T>>) -> Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(tags) if shown.any(|entity| tags.contains(&entity.tag())) => Ok(()),
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
