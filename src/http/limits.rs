//! Rates per address.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};

use super::client_addr::addr_of;
use super::{Http, client_addr};
use crate::addr_range::AddrRange;
use crate::error::{Error, Reason, Result};
use crate::kv::Kv;

/// How much may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The name under which it is counted and shown.
    pub name: &'static str,
    /// Units a second, in the long run.
    pub per_second: u32,
    /// Units at once, after a pause.
    pub burst: u32,
}

/// What is left of a rate, for the `RateLimit` headers of the answer
/// (draft-ietf-httpapi-ratelimit-headers).
#[derive(Debug, Clone)]
pub(super) struct Quota {
    rate: Rate,
    left: u32,
    full_in: Duration,
}

impl Quota {
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let window = (self.rate.burst / self.rate.per_second.max(1)).max(1);
        let policy = format!("\"{}\";q={};w={window}", self.rate.name, self.rate.burst);
        let state = format!(
            "\"{}\";r={};t={}",
            self.rate.name,
            self.left,
            self.full_in.as_secs_f64().ceil()
        );
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// A client has one IPv4 address, and a whole /64 of IPv6.
fn counted_as(addr: IpAddr) -> String {
    match addr {
        IpAddr::V4(addr) => addr.to_string(),
        IpAddr::V6(addr) => {
            let prefix = u128::from(addr) >> 64 << 64;
            format!("{}/64", std::net::Ipv6Addr::from(prefix))
        }
    }
}

/// The client as limits count it: its IPv4 address, or its /64 of IPv6.
pub fn client_name(request: &HttpRequest, http: &Http) -> String {
    client_addr(request, http).map_or_else(|| "unknown".to_owned(), counted_as)
}

/// The same for a connection that is no request of actix.
pub fn client_name_of(peer: Option<SocketAddr>, headers: &HeaderMap, trusted: &[AddrRange]) -> String {
    addr_of(peer, headers, trusted).map_or_else(|| "unknown".to_owned(), counted_as)
}

/// Counts what each address asks for, over all instances.
pub struct Limits {
    kv: Kv,
}

impl Limits {
    /// Counts in this store.
    pub fn new(kv: Kv) -> Self {
        Self { kv }
    }

    /// Charges the client's address, or refuses with the time to wait.
    pub async fn charge(&self, request: &HttpRequest, http: &Http, rate: Rate, cost: u32) -> Result<()> {
        let (quota, charged) = self.take(&client_name(request, http), rate, cost).await;
        request.extensions_mut().insert(quota);
        charged
    }

    /// The same for a client that is known by its name (see [`client_name_of`]).
    pub async fn charge_client(&self, client: &str, rate: Rate, cost: u32) -> Result<()> {
        self.take(client, rate, cost).await.1
    }

    async fn take(&self, client: &str, rate: Rate, cost: u32) -> (Quota, Result<()>) {
        let key = format!("rate:{}:{client}", rate.name);
        let taken = self.kv.take(&key, cost, rate.per_second, rate.burst).await;
        let quota = Quota {
            rate,
            left: taken.left,
            full_in: taken.full_in,
        };
        let charged = match taken.wait {
            None => Ok(()),
            Some(wait) => {
                let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
                Err(Error::refused(Reason::TooManyRequests).retry_after(seconds))
            }
        };
        (quota, charged)
    }
}
