//! Taking a connection over from HTTP: every request with `Upgrade: websocket` comes here,
//! whatever its path and method, before routing and middleware. So what these do is done here.

use std::net::SocketAddr;

use actix_codec::Framed;
use actix_http::header::{
    ACCEPT_LANGUAGE, ALLOW, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, ORIGIN, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use actix_http::ws::{HandshakeError, hash_key, verify_handshake};
use actix_http::{HttpMessage, Method, Request, h1};
use actix_web::body::MessageBody;
use actix_web::{HttpResponse, web};
use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::Live;
use super::connection::Way;
use super::floor::Floor;
use super::line::Line;
use super::session::{self, Inbound};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::Public;
use crate::http::{self, Answer, Caller, Http, Nothing, Operation, Query, Rate};
use crate::language::Language;
use crate::{clock, metrics};

/// Where the socket is.
const PATH: &str = "/v1/socket";
/// The subprotocol.
const PROTOCOL: &str = "onegrid.v1";
/// With this a subprotocol begins that brings the token.
const BEARER: &str = "bearer.";
/// Over more than this a client that was refused is not listened to, in bytes.
const IGNORED_AT_MOST: usize = 64 * 1024;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_open_socket, _, _>(open_socket)]
}

/// The socket: a WebSocket (RFC 6455) over which I follow my streams. Its frames are in `openapi/asyncapi.yaml`. The token
/// comes in the first frame, or as a second subprotocol: `Sec-WebSocket-Protocol: onegrid.v1, bearer.TOKEN`; never in the
/// address.
#[utoipa::path(
    get,
    path = "/socket",
    tag = "live",
    responses(
        (status = 101, description = "The connection is a WebSocket now"),
        (status = 426, description = "Not asked for as a WebSocket of version 13", body = crate::http::Problem, content_type = "application/problem+json"),
    ),
)]
async fn open_socket(_: Caller<Public>, _: Query<Nothing>) -> Answer {
    Err(Error::refused(Reason::UpgradeRequired))
}

/// What taking a connection over needs.
#[derive(Clone)]
pub struct Entrance {
    /// The live connections.
    pub live: Live,
    /// Limits, and who may name a client's address.
    pub http: web::Data<Http>,
    /// The web origins that may come, besides our own.
    pub origins: std::rc::Rc<[String]>,
    /// How often one address may come.
    pub rate: Rate,
}

/// A connection that may be taken over.
struct Accepted {
    accept: [u8; 28],
    has_protocol: bool,
    token: Option<String>,
    language: Language,
}

impl Entrance {
    /// Takes a connection over, or says why not.
    pub async fn take_over(self, request: Request, framed: Framed<TcpStream, h1::Codec>) {
        let started = clock::monotonic();
        let parts = framed.into_parts();
        let (mut stream, early) = (parts.io, parts.read_buf);
        // Answers to what was asked before on this connection. Who is gone hears no other either.
        let _ = stream.write_all(&parts.write_buf).await;
        let id = http::request_id_of(request.headers());
        let is_get = request.method() == Method::GET;
        let method = if is_get { "GET" } else { "OTHER" };
        let route = if request.path() == PATH { PATH } else { "(none)" };
        let span = tracing::info_span!("request", id = %id, method, route);
        let peer = stream.peer_addr().ok();
        let judged = self.judge(&request, peer).await;
        let language = language(request.headers());
        drop(request);
        match judged {
            Ok(accepted) => {
                metrics::request(method, route, 101, started.elapsed());
                span.in_scope(|| tracing::debug!(status = 101, "answered"));
                let answer = switching(&accepted);
                if stream.write_all(&answer).await.is_ok() {
                    self.begin(stream, early, accepted);
                }
            }
            Err(error) => {
                let status = error.reason().status();
                metrics::request(method, route, status, started.elapsed());
                span.in_scope(|| tracing::debug!(status, reason = error.reason().slug(), "refused"));
                refuse(stream, http::detached_problem(language, id, &error), error.reason()).await;
            }
        }
    }

    /// Whether this may be taken over.
    async fn judge(&self, request: &Request, peer: Option<SocketAddr>) -> Result<Accepted> {
        let client = http::client_name_of(peer, request.headers(), &self.http.trusted_proxies);
        self.http.limits.charge_client(&client, self.rate, 1).await?;
        if request.method() == Method::CONNECT {
            return Err(Error::refused(Reason::MethodNotAllowed));
        }
        if request.path() != PATH {
            return Err(Error::because(
                Reason::BadRequest,
                format!("只有 {PATH} 可以升级为 WebSocket；请去掉 Upgrade 头。"),
                format!("Nothing but {PATH} becomes a WebSocket; leave the header Upgrade out."),
            ));
        }
        let headers = request.headers();
        verify_handshake(request.head()).map_err(|error| not_a_handshake(&error))?;
        let has_body = headers.contains_key(TRANSFER_ENCODING)
            || headers
                .get(CONTENT_LENGTH)
                .is_some_and(|length| length.as_bytes() != b"0");
        if has_body {
            return Err(Error::refused(Reason::BadRequest));
        }
        if let Some(query) = request.uri().query().filter(|query| !query.is_empty()) {
            let name = query.split(['=', '&']).next().unwrap_or_default();
            return Err(Error::field(FieldError::query(
                name,
                "unknown_parameter",
                "此地址没有参数；凭证请放在第一条消息或子协议中。",
                "This address takes no parameters; the token comes in the first frame or as a subprotocol.",
            )));
        }
        self.comes_from_where_it_may(headers)?;
        self.live.has_room()?;
        let offered: Vec<&str> = headers
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let token = offered.iter().find_map(|offer| offer.strip_prefix(BEARER));
        let key = headers.get("sec-websocket-key");
        Ok(Accepted {
            accept: hash_key(key.map(|key| key.as_bytes()).unwrap_or_default()),
            has_protocol: offered.contains(&PROTOCOL),
            token: token.map(str::to_owned),
            language: language(headers),
        })
    }

    /// A browser says from which page it comes: one of ours, or one that is listed.
    fn comes_from_where_it_may(&self, headers: &HeaderMap) -> Result<()> {
        let Some(origin) = headers.get(ORIGIN) else {
            return Ok(());
        };
        let origin = origin.to_str().unwrap_or_default();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let is_own = origin.split_once("://").map(|(_, host)| host) == host && host.is_some();
        if is_own || self.origins.iter().any(|listed| listed == origin) {
            return Ok(());
        }
        Err(Error::because(
            Reason::Forbidden,
            "此网页来源不在允许之列。",
            "This web origin is not among those that may connect.",
        ))
    }

    fn begin(self, stream: TcpStream, early: BytesMut, accepted: Accepted) {
        let floor = Floor::here(&self.live.hub, &self.live.doors.credentials);
        let connection = floor.open(Way::Socket(Line::new(stream)), accepted.language);
        let (doors, token) = (self.live.doors, accepted.token);
        // Empty buffers hold no memory.
        let early = if early.is_empty() {
            BytesMut::new()
        } else {
            BytesMut::from(&*early)
        };
        let Some(token) = token else {
            actix_web::rt::spawn(session::listen(floor, connection, doors, Inbound::new(early)));
            return;
        };
        actix_web::rt::spawn(async move {
            Box::pin(session::sign_in(&floor, &connection, &doors, &token)).await;
            drop(token);
            actix_web::rt::spawn(session::listen(floor, connection, doors, Inbound::new(early)));
        });
    }
}

fn language(headers: &HeaderMap) -> Language {
    Language::from_accept_language(headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

fn not_a_handshake(error: &HandshakeError) -> Error {
    match error {
        HandshakeError::GetMethodRequired => Error::refused(Reason::MethodNotAllowed),
        HandshakeError::NoVersionHeader | HandshakeError::UnsupportedVersion => Error::refused(Reason::UpgradeRequired),
        _ => Error::because(
            Reason::BadRequest,
            "不是有效的 WebSocket 握手（RFC 6455）：请检查 Connection、Upgrade 与 Sec-WebSocket-Key。",
            "This is no WebSocket handshake (RFC 6455): check Connection, Upgrade and Sec-WebSocket-Key.",
        ),
    }
}

fn switching(accepted: &Accepted) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n".to_vec();
    answer.extend_from_slice(b"sec-websocket-accept: ");
    answer.extend_from_slice(&accepted.accept);
    if accepted.has_protocol {
        answer.extend_from_slice(format!("\r\nsec-websocket-protocol: {PROTOCOL}").as_bytes());
    }
    answer.extend_from_slice(b"\r\n\r\n");
    answer
}

/// Answers, and hangs up when the client has read it.
async fn refuse(mut stream: TcpStream, response: HttpResponse, reason: Reason) {
    let status = response.status();
    let name = status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {name}\r\n", status.as_u16()).into_bytes();
    let mut put = |name: &HeaderName, value: &[u8]| {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    };
    for (name, value) in response.headers() {
        put(name, value.as_bytes());
    }
    match reason {
        Reason::MethodNotAllowed => put(&ALLOW, b"GET, HEAD"),
        Reason::UpgradeRequired => {
            put(&UPGRADE, b"websocket");
            put(&SEC_WEBSOCKET_VERSION, b"13");
        }
        _ => {}
    }
    // A problem document is there as a whole.
    let body = response.into_body().try_into_bytes().unwrap_or_default();
    head.extend_from_slice(format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).as_bytes());
    head.extend_from_slice(&body);
    let told = async {
        stream.write_all(&head).await?;
        stream.shutdown().await?;
        // What it still says is read, or it would not hear the answer.
        let (mut scratch, mut read) = (vec![0; 1024], 0);
        while read < IGNORED_AT_MOST {
            match tokio::io::AsyncReadExt::read(&mut stream, &mut scratch).await? {
                0 => break,
                many => read += many,
            }
        }
        Ok::<(), std::io::Error>(())
    };
    // Whoever is gone already has no use for it.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), told).await;
}
