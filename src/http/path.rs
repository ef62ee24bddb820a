//! The id in a path.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::error::{Error, Reason, Result};

/// The path's segment `{id}`. A text that is no such id names nothing: 404.
pub struct Path<T>(pub T);

impl<T: FromStr> FromRequest for Path<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| text.parse().ok());
        ready(id.map(Self).ok_or_else(|| Error::refused(Reason::NotFound)))
    }
}
