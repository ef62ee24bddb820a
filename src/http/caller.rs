//! Who calls, and may they: the permission in a handler's signature.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};

use super::Http;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Actor, Permission};

/// A caller that the gate admitted for `P`.
pub struct Caller<P> {
    /// In whose name.
    pub actor: Actor,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admit::<P>(request))
    }
}

fn admit<P: Permission>(request: &HttpRequest) -> Result<Caller<P>> {
    let http = request
        .app_data::<web::Data<Http>>()
        .ok_or_else(|| Error::internal("the HTTP context is missing"))?;
    let actor = http.gate.admit(bearer(request)?, P::NAME)?;
    Ok(Caller {
        actor,
        permission: PhantomData,
    })
}

/// The credential of `Authorization: Bearer …` (RFC 6750).
fn bearer(request: &HttpRequest) -> Result<Option<&str>> {
    let Some(value) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    let malformed = || {
        Error::because(
            Reason::Unauthenticated,
            "Authorization 头应为 Bearer 加凭证。",
            "The Authorization header takes Bearer and a credential.",
        )
    };
    let text = value.to_str().map_err(|_| malformed())?;
    match text.split_once(' ') {
        Some((scheme, credential)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(credential.trim())),
        _ => Err(malformed()),
    }
}

/// The value of a header that must be text.
pub(super) fn text_header<'a>(request: &'a HttpRequest, name: &str) -> Result<Option<&'a str>> {
    request
        .headers()
        .get(name)
        .map(|value| {
            value.to_str().map_err(|_| {
                Error::field(FieldError::header(
                    name,
                    "format",
                    "只能包含可见的 ASCII 字符。",
                    "It takes visible ASCII characters only.",
                ))
            })
        })
        .transpose()
}
