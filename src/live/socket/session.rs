//! What is done with what a client says over its socket.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use actix_codec::Decoder;
use actix_http::ws::{Codec, Frame, Item, ProtocolError};
use bytes::{Bytes, BytesMut};

use super::connection::{Connection, Way, Who, pong};
use super::floor::Floor;
use super::frames::{ClientFrame, Close, HEARTBEAT_S, LONGEST, STREAMS, ServerFrame, Trouble};
use crate::clock;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Credentials, Gate, Permission, Shown, SignedIn};
use crate::language::Language;
use crate::live::{Cursor, Key, PersonId, Window, inbox};

/// So much is read from a connection at once, in bytes.
const READ_AT_ONCE: usize = 16 * 1024;
/// The longest head of a frame, in bytes (RFC 6455, 5.2).
const LONGEST_HEAD: usize = 14;
/// So many connections may somebody have on an instance.
pub(in crate::live) const CONNECTIONS_OF_ONE: u32 = 16;

thread_local! {
    /// Where what comes in is read to; nothing stays in it.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_AT_ONCE].into());
}

/// Who decides whether somebody is who they say.
#[derive(Clone)]
pub(in crate::live) struct Doors {
    pub gate: Arc<dyn Gate>,
    pub credentials: Arc<dyn Credentials>,
}

impl Doors {
    /// Whose token this is, and until when it is good.
    pub async fn open(&self, token: &str) -> Result<Who> {
        let shown = Shown {
            bearer: Some(token),
            acting_for: None,
            permission: SignedIn::NAME,
            scope: None,
        };
        self.gate.admit(shown).await?;
        let (signed, expires_at) = self.credentials.good_until(token)?;
        Ok(Who { signed, expires_at })
    }
}

/// What came in and is not whole yet.
pub(super) struct Inbound {
    codec: Codec,
    partial: BytesMut,
    message: BytesMut,
}

/// What was heard.
enum Heard {
    Text(String),
    /// The WebSocket's own ping, which is answered with the same bytes (RFC 6455, 5.5.3).
    Ping(Bytes),
    Nothing,
    Goes,
    Wrong(Close),
}

impl Inbound {
    pub(super) fn new(early: BytesMut) -> Self {
        Self {
            codec: Codec::new().max_size(LONGEST),
            partial: early,
            message: BytesMut::new(),
        }
    }

    /// Reads what is there; whether the client is still there.
    #[inline(never)]
    fn read(&mut self, connection: &Connection) -> io::Result<bool> {
        let Way::Socket(line) = &connection.way else {
            return Ok(false);
        };
        SCRATCH.with_borrow_mut(|scratch| match line.stream().try_read(scratch) {
            Ok(0) => Ok(false),
            Ok(many) => {
                self.partial.extend_from_slice(scratch.get(..many).unwrap_or_default());
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
        })
    }

    /// The next thing that is whole.
    #[inline(never)]
    fn next(&mut self) -> Option<Heard> {
        let frame = match self.codec.decode(&mut self.partial) {
            Ok(Some(frame)) => frame,
            Ok(None) => {
                if self.partial.is_empty() {
                    self.partial = BytesMut::new();
                }
                // The parser looks at the length of a frame when it is whole.
                return (self.partial.len() > LONGEST + LONGEST_HEAD).then_some(Heard::Wrong(Close::TooLarge));
            }
            Err(ProtocolError::Overflow) => return Some(Heard::Wrong(Close::TooLarge)),
            Err(_) => return Some(Heard::Wrong(Close::Protocol)),
        };
        let text = match frame {
            Frame::Text(text) => text,
            Frame::Continuation(Item::FirstText(part) | Item::Continue(part)) => {
                if self.message.len() + part.len() > LONGEST {
                    return Some(Heard::Wrong(Close::TooLarge));
                }
                self.message.extend_from_slice(&part);
                return Some(Heard::Nothing);
            }
            Frame::Continuation(Item::Last(part)) => {
                let mut message = std::mem::take(&mut self.message);
                if message.len() + part.len() > LONGEST {
                    return Some(Heard::Wrong(Close::TooLarge));
                }
                message.extend_from_slice(&part);
                message.freeze()
            }
            Frame::Binary(_) | Frame::Continuation(Item::FirstBinary(_)) => return Some(Heard::Wrong(Close::Binary)),
            Frame::Ping(bytes) => return Some(Heard::Ping(bytes)),
            Frame::Pong(_) => return Some(Heard::Nothing),
            Frame::Close(_) => return Some(Heard::Goes),
        };
        Some(match std::str::from_utf8(&text) {
            Ok(text) => Heard::Text(text.to_owned()),
            Err(_) => Heard::Wrong(Close::NotText),
        })
    }
}

/// Listens to a client until it is gone.
pub(super) async fn listen(floor: Rc<Floor>, connection: Rc<Connection>, doors: Doors, mut inbound: Inbound) {
    loop {
        while let Some(heard) = inbound.next() {
            connection.heard.set(clock::monotonic());
            match heard {
                Heard::Nothing | Heard::Text(_) | Heard::Ping(_) if !connection.may_say() => {
                    floor.close(&connection, Close::Flood);
                }
                Heard::Nothing => {}
                Heard::Text(text) => Box::pin(hear(&floor, &connection, &doors, &text)).await,
                Heard::Ping(bytes) => floor.send(&connection, pong(&bytes)),
                Heard::Goes => floor.close(&connection, Close::Answered),
                Heard::Wrong(why) => floor.close(&connection, why),
            }
            if connection.is_closing() {
                break;
            }
        }
        if connection.is_closing() {
            // What is said from here on is not looked at, but for that they hang up.
            inbound = Inbound::new(BytesMut::new());
        }
        let Way::Socket(line) = &connection.way else {
            break;
        };
        if line.stream().readable().await.is_err() || !matches!(inbound.read(&connection), Ok(true)) {
            break;
        }
        // Whoever says much in one go lets others have their turn.
        tokio::task::consume_budget().await;
    }
    floor.end(&connection);
}

/// One frame of a client.
async fn hear(floor: &Rc<Floor>, connection: &Rc<Connection>, doors: &Doors, text: &str) {
    let parsed: std::result::Result<ClientFrame, _> = serde_json::from_str(text);
    let frame = match parsed {
        Ok(frame) => frame,
        Err(error) => return refuse(floor, connection, kind_of(text), None, &not_a_frame(&error)),
    };
    let kind = frame.kind();
    if connection.who.get().is_none() && !matches!(frame, ClientFrame::Hello { .. } | ClientFrame::Ping { .. }) {
        return refuse(
            floor,
            connection,
            Some(kind),
            None,
            &Error::refused(Reason::Unauthenticated),
        );
    }
    let done = match frame {
        ClientFrame::Hello { token, language } => {
            if let Some(language) = language {
                connection.language.set(Language::from_accept_language(Some(&language)));
            }
            return sign_in(floor, connection, doors, &token).await;
        }
        ClientFrame::Refresh { token } => refresh(floor, connection, doors, &token).await,
        ClientFrame::Subscribe { id, streams } => {
            subscribe(floor, connection, id, streams).await;
            Ok(())
        }
        ClientFrame::Unsubscribe { streams } => unsubscribe(floor, connection, &streams),
        ClientFrame::Send { stream, message } => return send(floor, connection, &stream, message).await,
        ClientFrame::Read { stream, number } => mark_read(floor, connection, &stream, number).await,
        ClientFrame::Ping { id } => {
            floor.say(connection, &ServerFrame::Pong { id });
            Ok(())
        }
        ClientFrame::Pong => Ok(()),
    };
    if let Err(error) = done {
        refuse(floor, connection, Some(kind), None, &error);
    }
}

fn refuse(floor: &Rc<Floor>, connection: &Rc<Connection>, of: Option<&str>, client_id: Option<String>, error: &Error) {
    if let Error::Internal(_) | Error::Database(_) = error {
        tracing::error!(%error, of, "a frame failed");
    }
    let problem = Trouble::of(error, connection.language.get());
    let of = of.map(str::to_owned);
    floor.say(connection, &ServerFrame::Error { of, client_id, problem });
}

/// Says something in a stream.
async fn send(floor: &Rc<Floor>, connection: &Rc<Connection>, name: &str, message: serde_json::Value) {
    let client_id = message
        .get("client_id")
        .and_then(|name| name.as_str())
        .map(str::to_owned);
    let posted = async {
        let key = find(floor, connection, name)?;
        let who = connection.signed_in()?;
        let source = floor.hub.sources().named(key.kind)?;
        source.post(who.signed.person, key.owner, message).await
    };
    match posted.await {
        Ok(posted) => floor.say(
            connection,
            &ServerFrame::Sent {
                stream: name.to_owned(),
                client_id: posted.client_id,
                id: posted.id,
                number: posted.number,
                at: posted.at,
            },
        ),
        Err(error) => refuse(floor, connection, Some("send"), client_id, &error),
    }
}

/// Lets somebody in; who shows nothing good is sent away.
pub(super) async fn sign_in(floor: &Rc<Floor>, connection: &Rc<Connection>, doors: &Doors, token: &str) {
    if connection.who.get().is_some() {
        let error = Error::because(
            Reason::StateConflict,
            "此连接已登录；换凭证请用 refresh。",
            "This connection is signed in; another token comes with refresh.",
        );
        return refuse(floor, connection, Some("hello"), None, &error);
    }
    let who = match doors.open(token).await {
        Ok(who) => who,
        Err(error) => {
            refuse(floor, connection, Some("hello"), None, &error);
            let why = match error.reason() {
                Reason::Unauthenticated => Close::Unauthenticated,
                _ => Close::Unable,
            };
            return floor.close(connection, why);
        }
    };
    let Some(seat) = floor.hub.seat(who.signed.person, CONNECTIONS_OF_ONE) else {
        return floor.close(connection, Close::TooMany);
    };
    connection.seat.borrow_mut().replace(seat);
    floor.is_in(connection, who);
    floor.say(
        connection,
        &ServerFrame::Welcome {
            person_id: PersonId::from_uuid(who.signed.person),
            expires_at: who.expires_at,
            now: clock::now(),
            heartbeat_s: HEARTBEAT_S,
            streams_at_most: STREAMS,
            bytes_at_most: LONGEST,
        },
    );
}

async fn refresh(floor: &Rc<Floor>, connection: &Rc<Connection>, doors: &Doors, token: &str) -> Result<()> {
    let who = doors.open(token).await?;
    let is_same = connection.who.get().is_some_and(|known| known.signed == who.signed);
    if !is_same {
        return Err(Error::because(
            Reason::StateConflict,
            "凭证属于另一次登录，请重新连接。",
            "The token is of another session; open another connection.",
        ));
    }
    connection.who.set(Some(who));
    let expires_at = who.expires_at;
    floor.say(connection, &ServerFrame::Refreshed { expires_at });
    Ok(())
}

async fn subscribe(
    floor: &Rc<Floor>,
    connection: &Rc<Connection>,
    id: Option<String>,
    streams: BTreeMap<String, Option<String>>,
) {
    let language = connection.language.get();
    let (mut refused, mut taken);
    loop {
        // Where a role ends while it is asked who may see what, it is asked again.
        let rechecks = connection.rechecks.get();
        (refused, taken) = (BTreeMap::new(), Vec::<(Key, Option<Cursor>, Window)>::new());
        for (name, cursor) in &streams {
            match wanted(floor, connection, name, cursor.as_deref(), taken.len()).await {
                Ok(stream) => taken.push(stream),
                Err(error) => {
                    refused.insert(name.clone(), Trouble::of(&error, language));
                }
            }
        }
        if connection.rechecks.get() == rechecks || connection.is_closing() {
            break;
        }
    }
    let is_new = |key: &Key| !connection.is_following(*key);
    let followed = connection.followed() + taken.iter().filter(|(key, _, _)| is_new(key)).count();
    floor.say(connection, &ServerFrame::Subscribed { id, followed, refused });
    for (key, cursor, window) in taken {
        floor.follow(connection, key, cursor, window);
    }
}

/// A stream that somebody wants to follow, and from where.
async fn wanted(
    floor: &Floor,
    connection: &Connection,
    name: &str,
    cursor: Option<&str>,
    taken: usize,
) -> Result<(Key, Option<Cursor>, Window)> {
    let key = find(floor, connection, name)?;
    let cursor = cursor.map(str::parse::<Cursor>).transpose().map_err(|()| {
        Error::field(FieldError::body(
            pointer(&["streams", name]),
            "cursor",
            "请原样使用收到的 cursor。",
            "Give the cursor as it came.",
        ))
    })?;
    if connection.followed() + taken >= STREAMS && !connection.is_following(key) {
        return Err(Error::because(
            Reason::StateConflict,
            format!("一个连接最多订阅 {STREAMS} 个。"),
            format!("One connection follows {STREAMS} streams at the most."),
        ));
    }
    let window = floor.admit(connection, key).await?;
    Ok((key, cursor, window))
}

fn find(floor: &Floor, connection: &Connection, name: &str) -> Result<Key> {
    let who = connection.signed_in()?;
    let found = floor.hub.sources().find(name, who.signed.person);
    found.ok_or_else(|| Error::refused(Reason::NotFound))
}

fn unsubscribe(floor: &Rc<Floor>, connection: &Rc<Connection>, streams: &[String]) -> Result<()> {
    let mut faults = Vec::new();
    for (number, name) in streams.iter().enumerate() {
        match find(floor, connection, name) {
            Ok(key) => floor.unfollow(connection, key),
            Err(_) => faults.push(FieldError::body(
                pointer(&["streams", &number.to_string()]),
                "unknown",
                "没有这个流。",
                "There is no such stream.",
            )),
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(faults))
    }
}

async fn mark_read(floor: &Rc<Floor>, connection: &Rc<Connection>, name: &str, number: i64) -> Result<()> {
    const MOST: i64 = 9_007_199_254_740_991;
    if !(1..=MOST).contains(&number) {
        return Err(Error::field(FieldError::body(
            "/number",
            if number < 1 { "minimum" } else { "maximum" },
            "应为 1 或更大的编号。",
            "It takes the number of an entry, from 1.",
        )));
    }
    let key = find(floor, connection, name)?;
    let who = connection.signed_in()?;
    let source = floor.hub.sources().named(key.kind)?;
    let state = source.mark_read(who.signed.person, key.owner, number).await?;
    // Whoever follows their inbox is told with all their devices.
    if !connection.is_following(inbox::key(who.signed.person)) {
        let stream = source.name(key.owner);
        let (read_to, unread) = (state.read_to, state.unread);
        floor.say(
            connection,
            &ServerFrame::Read {
                stream,
                read_to,
                unread,
            },
        );
    }
    Ok(())
}

/// The type of a frame that cannot be read as one, where it has one that we know.
fn kind_of(text: &str) -> Option<&'static str> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let kind = value.get("type")?.as_str()?;
    ClientFrame::KINDS.into_iter().find(|known| *known == kind)
}

fn not_a_frame(error: &serde_json::Error) -> Error {
    match error.classify() {
        serde_json::error::Category::Data => Error::field(FieldError::body(
            "",
            "frame",
            "不是接口文档中的消息。",
            format!("This is no frame of the document: {error}."),
        )),
        _ => Error::refused(Reason::MalformedBody),
    }
}

/// A JSON pointer (RFC 6901).
fn pointer(parts: &[&str]) -> String {
    let escaped = |part: &&str| format!("/{}", part.replace('~', "~0").replace('/', "~1"));
    parts.iter().map(escaped).collect()
}
