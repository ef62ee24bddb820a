//! Around every request: its id, its span in the log, its metrics, its problem
//! document, and the headers that all answers carry.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};
use tracing::Instrument;
use uuid::Uuid;

use super::limits::Quota;
use super::problem::{Detached, from_status, render_problem};
use crate::error::Error;
use crate::{clock, metrics};

/// The header that carries the id.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, kept with it.
#[derive(Clone)]
struct RequestId(String);

/// The id of this request, as its answer and the log have it.
pub(super) fn request_id(request: &HttpRequest) -> String {
    request
        .extensions()
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.0.clone())
}

/// The middleware.
pub async fn observe<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = clock::monotonic();
    let id = request_id_of(request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = known_method(request.method());
    let span = tracing::info_span!("request", id = %id, method, route = tracing::field::Empty);
    let language = super::language(request.request());

    let outcome = next.call(request).instrument(span.clone()).await;
    let response = match outcome {
        Ok(response) => {
            let problem = response
                .response()
                .error()
                .map(|error| of_actix(error, response.status()));
            match problem {
                Some(error) => {
                    log(&span, &error);
                    let (request, _) = response.into_parts();
                    let rendered = render_problem(&request, &error);
                    ServiceResponse::new(request, rendered).map_into_right_body()
                }
                None => response.map_into_left_body(),
            }
        }
        Err(error) => {
            let status = error.as_response_error().status_code();
            let error = of_actix(&error, status);
            log(&span, &error);
            metrics::request(method, "(none)", error.reason().status(), started.elapsed());
            return Err(Detached {
                language,
                request_id: id,
                error,
            }
            .into());
        }
    };
    Ok(finish(response, &id, method, started, &span))
}

fn finish<B>(
    mut response: ServiceResponse<B>,
    id: &str,
    method: &str,
    started: std::time::Instant,
    span: &tracing::Span,
) -> ServiceResponse<B> {
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "(none)".to_owned());
    let status = response.status().as_u16();
    let took = started.elapsed();
    metrics::request(method, &route, status, took);
    span.record("route", route.as_str());
    span.in_scope(|| tracing::debug!(status, took_us = took.as_micros() as u64, "answered"));

    let quota = response.request().extensions().get::<Quota>().cloned();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.append(VARY, HeaderValue::from_static("Accept, Accept-Language, Authorization"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if let Some(quota) = quota {
        quota.write(headers);
    }
    response
}

/// The method as a label of metrics: whoever invents methods makes no new series.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// The id of a request with these headers: the client's or a proxy's own, or another.
pub fn request_id_of(headers: &HeaderMap) -> String {
    given_id(headers).unwrap_or_else(|| Uuid::now_v7().simple().to_string())
}

/// A client's or a proxy's own id, where it is short and harmless in a log.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let harmless = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    ((8..=64).contains(&id.len()) && id.chars().all(harmless)).then(|| id.to_owned())
}

/// Our own error where it is one; what its status says where it is actix's.
fn of_actix(error: &actix_web::Error, status: actix_web::http::StatusCode) -> Error {
    match error.as_error::<Error>() {
        Some(Error::Invalid(fields)) => Error::Invalid(fields.clone()),
        Some(Error::Refused(refusal)) => Error::Refused(Box::new(crate::error::Refusal {
            reason: refusal.reason,
            detail: refusal.detail.clone(),
            retry_after_s: refusal.retry_after_s,
            facts: refusal.facts.clone(),
        })),
        Some(other) if other.reason() == crate::error::Reason::Internal => Error::internal(other),
        Some(other) => Error::refused(other.reason()),
        None => from_status(status),
    }
}

fn log(span: &tracing::Span, error: &Error) {
    span.in_scope(|| match error {
        Error::Internal(what) => tracing::error!(what, "failed"),
        Error::Database(what) => tracing::error!(%what, "failed"),
        Error::Invalid(_) | Error::Refused(_) => tracing::debug!(reason = error.reason().slug(), "refused"),
    });
}
