//! Who calls, and may they: the permission in a handler's signature.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};

use super::Http;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Actor, Pass, Permission, Scoped, Shown, Unscoped};

/// The header that says by what somebody acts for another.
pub(super) const ACTING_FOR: &str = "acting-for";

/// A caller that the gate let in for `P`.
pub struct Caller<P> {
    pass: Arc<dyn Pass>,
    permission: PhantomData<fn() -> P>,
}

impl<P> Clone for Caller<P> {
    fn clone(&self) -> Self {
        Self {
            pass: Arc::clone(&self.pass),
            permission: PhantomData,
        }
    }
}

impl<P: Unscoped> Caller<P> {
    /// In whose name.
    pub fn actor(&self) -> &Actor {
        self.pass.actor()
    }
}

impl<P: Scoped> Caller<P> {
    /// In whose name, if they have the permission at this. It is decided from memory,
    /// so it may be asked within a transaction, where what is at stake is locked.
    pub fn at(&self, subject: P::Of) -> Result<&Actor> {
        self.pass.decide(P::NAME, subject.into())?;
        Ok(self.pass.actor())
    }
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let http = request
                .app_data::<web::Data<Http>>()
                .ok_or_else(|| Error::internal("the HTTP context is missing"))?;
            let bearer = match P::IGNORES_CREDENTIAL {
                true => None,
                false => bearer(&request)?,
            };
            let shown = Shown {
                bearer,
                acting_for: text_header(&request, ACTING_FOR)?.map(str::trim),
                permission: P::NAME,
                scope: P::SCOPE,
            };
            let pass = http.gate.admit(shown).await?;
            Ok(Caller {
                pass,
                permission: PhantomData,
            })
        })
    }
}

/// The credential of `Authorization: Bearer …` (RFC 6750).
///
/// # Errors
/// Where the header is of another form.
pub fn bearer(request: &HttpRequest) -> Result<Option<&str>> {
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
