//! The client's address: the peer, unless the peer is a proxy that we trust.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

use super::Http;
use crate::addr_range::AddrRange;

/// The address that limits are counted by. From `X-Forwarded-For` the rightmost
/// entry that no trusted proxy wrote is taken; a header from anybody else is ignored.
pub fn client_addr(request: &HttpRequest, http: &Http) -> Option<IpAddr> {
    addr_of(request.peer_addr(), request.headers(), &http.trusted_proxies)
}

/// The same of a connection from this peer with these headers.
pub(super) fn addr_of(peer: Option<SocketAddr>, headers: &HeaderMap, trusted: &[AddrRange]) -> Option<IpAddr> {
    let peer = peer?.ip().to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    Some(resolve(peer, &forwarded, trusted))
}

fn resolve(peer: IpAddr, forwarded: &[&str], trusted: &[AddrRange]) -> IpAddr {
    let is_trusted = |addr: IpAddr| trusted.iter().any(|range| range.contains(addr));
    let mut current = peer;
    for entry in forwarded.iter().rev() {
        if !is_trusted(current) {
            break;
        }
        // Some proxies write the port as well.
        let with_port = entry.parse::<SocketAddr>().map(|addr| addr.ip());
        match entry.parse::<IpAddr>().or(with_port) {
            Ok(addr) => current = addr.to_canonical(),
            Err(_) => break,
        }
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_forged_header_is_not_believed() {
        let trusted = ["10.0.0.0/8".parse().expect("a range")];
        let of = |peer, forwarded: &[&str]| resolve(addr(peer), forwarded, &trusted);
        assert_eq!(of("203.0.113.9", &["1.2.3.4"]), addr("203.0.113.9"));
        assert_eq!(of("10.0.0.1", &["1.2.3.4", "203.0.113.9"]), addr("203.0.113.9"));
        assert_eq!(
            of("10.0.0.1", &["1.2.3.4", "203.0.113.9", "10.0.0.2"]),
            addr("203.0.113.9")
        );
        assert_eq!(of("10.0.0.1", &["nonsense"]), addr("10.0.0.1"));
        assert_eq!(of("10.0.0.1", &[]), addr("10.0.0.1"));
    }
}
