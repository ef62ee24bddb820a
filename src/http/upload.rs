//! A body that is a file: its bytes, whatever they are.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use sha2::{Digest, Sha256};

use super::body::{hex, read};
use crate::error::{Error, Result};

/// The bytes of a request, at most so many.
pub struct Upload<const MOST: usize> {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256, in hexadecimal; tells two requests with one idempotency key apart.
    pub digest: String,
}

impl<const MOST: usize> FromRequest for Upload<MOST> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(_: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = read(&mut payload, MOST).await?;
            let digest = hex(&Sha256::digest(&bytes));
            Ok(Self { bytes, digest })
        })
    }
}
