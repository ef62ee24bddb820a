//! A JSON body, checked whole.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::json::Unique;
use super::{Http, Input, schema};
use crate::error::{Error, Reason, Result};

/// The body of a request, read as JSON and checked against the schema of `T`.
pub struct Body<T> {
    /// The value.
    pub value: T,
    /// SHA-256 of the bytes, in hexadecimal; tells two requests with one
    /// idempotency key apart.
    pub digest: String,
}

impl<T: Input + ToSchema> FromRequest for Body<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let limit = request.app_data::<web::Data<Http>>().map_or(0, |http| http.body_limit);
            expect_json(&request)?;
            let bytes = read(&mut payload, limit).await?;
            parse(&bytes, &request)
        })
    }
}

fn expect_json(request: &HttpRequest) -> Result<()> {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Error::refused(Reason::UnsupportedMediaType))
    }
}

pub(super) async fn read(payload: &mut Payload, limit: usize) -> Result<Vec<u8>> {
    use futures_util::StreamExt;
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            tracing::debug!(%error, "the body broke off");
            Error::refused(Reason::BadRequest)
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(Error::because(
                Reason::BodyTooLarge,
                format!("请求内容最多 {limit} 字节。"),
                format!("A body has at most {limit} bytes."),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn parse<T: Input + ToSchema>(bytes: &[u8], request: &HttpRequest) -> Result<Body<T>> {
    let Unique(value) = serde_json::from_slice(bytes).map_err(|error| {
        Error::because(
            Reason::MalformedBody,
            format!(
                "第 {} 行第 {} 列不是有效的 JSON，或有字段重复。",
                error.line(),
                error.column()
            ),
            format!(
                "Not valid JSON, or a member that stands twice, at line {}, column {}.",
                error.line(),
                error.column()
            ),
        )
    })?;
    let compiled = schema::compiled::<T>(schema::of_type::<T>)?;
    let mut faults = schema::faults(&compiled, &value, "body");
    T::cross_check(&value, request, &mut faults);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let value = serde_json::from_value(value)
        .map_err(|error| Error::internal(format!("the schema lets through what the type does not: {error}")))?;
    Ok(Body {
        value,
        digest: hex(&Sha256::digest(bytes)),
    })
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
