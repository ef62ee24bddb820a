//! A body that is a file: its bytes, whatever they are.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use super::Http;
use super::body::{hex, read};
use crate::error::{Error, Reason, Result};

/// So many files are held in memory at once.
pub(super) const AT_ONCE: usize = 16;
/// How long one waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// How long its bytes may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The bytes of a request, at most so many.
pub struct Upload<const MOST: usize> {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256, in hexadecimal; tells two requests with one idempotency key apart.
    pub digest: String,
    /// Its place among those in memory, until the answer is made.
    pub turn: OwnedSemaphorePermit,
}

impl<const MOST: usize> FromRequest for Upload<MOST> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut payload = payload.take();
        let uploads = request
            .app_data::<web::Data<Http>>()
            .map(|http| Arc::clone(&http.uploads));
        Box::pin(async move {
            let uploads = uploads.ok_or_else(|| Error::internal("the HTTP context is missing"))?;
            let turn = tokio::time::timeout(TURN, uploads.acquire_owned()).await;
            let turn = turn
                .map_err(|_| Error::refused(Reason::Busy))?
                .map_err(Error::internal)?;
            let bytes = tokio::time::timeout(PATIENCE, read(&mut payload, MOST)).await;
            let bytes = bytes.map_err(|_| {
                Error::because(
                    Reason::BadRequest,
                    "文件传得太慢，请换个网络重试。",
                    "The file came too slowly; try again on another network.",
                )
            })??;
            let digest = hex(&Sha256::digest(&bytes));
            Ok(Self { bytes, digest, turn })
        })
    }
}
