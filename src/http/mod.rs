//! What every handler shares: who calls, may they, is the input well-formed,
//! what went wrong, paging, idempotency, limits, language, and the API document.
//!
//! A handler takes a [`Caller`] of the permission that it needs as its first
//! argument; one that does not cannot be registered (see [`operations`]).

mod accept;
mod body;
mod caller;
mod client_addr;
mod entity;
mod idempotency;
mod input;
mod json;
mod limits;
mod location;
mod observe;
mod openapi;
mod operation;
mod page;
mod path;
mod problem;
mod query;
mod schema;
mod upload;

pub use accept::preferred;
pub use body::Body;
pub use caller::{Caller, bearer};
pub use client_addr::client_addr;
pub use entity::{Entity, IfMatch, Version};
pub use idempotency::{HOLDINGS, Once, RequestsHolder, Stored};
pub use input::Input;
pub use limits::{Limits, Rate, client_name, client_name_of};
pub use location::{CrsQuery, Location};
pub use observe::{observe, request_id_of};
pub use openapi::document;
pub use operation::{Operation, operations};
pub use page::{Cursor, Page, PageQuery};
pub use path::Path;
pub use problem::{Answer, Problem, detached_problem, not_found, render_problem};
pub use query::{Nothing, Query};
pub use upload::Upload;

use std::sync::Arc;

use aws_lc_rs::hmac;

use tokio::sync::Semaphore;

use crate::addr_range::AddrRange;
use crate::gate::Gate;
use crate::language::Language;

/// What the extractors need to know, the same for the whole process.
pub struct Http {
    /// Decides what a caller may do.
    pub gate: Arc<dyn Gate>,
    /// Who may name the client's address in `X-Forwarded-For`.
    pub trusted_proxies: Vec<AddrRange>,
    /// Rates per address.
    pub limits: Limits,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The files that are held in memory at once.
    pub uploads: Arc<Semaphore>,
    /// By which the digests of requests are kept, so that nobody guesses a body from one.
    pub digest_key: hmac::Key,
}

/// The language of the answer to this request.
pub fn language(request: &actix_web::HttpRequest) -> Language {
    let header = request.headers().get(actix_web::http::header::ACCEPT_LANGUAGE);
    Language::from_accept_language(header.and_then(|value| value.to_str().ok()))
}

/// Room for the files that are held in memory at once.
pub fn room_for_uploads() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(upload::AT_ONCE))
}
