//! The client's half of the socket, as `openapi/asyncapi.yaml` has it, for the tests and as
//! the reference for clients in Rust: [`Follower`] is what an app does, [`Socket`] what it
//! stands on. Each frame of the server is held against the document.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, Message, WebSocket};

use super::CEILING;

/// The validators of the server's frames, by type.
static FRAMES: LazyLock<BTreeMap<String, jsonschema::Validator>> = LazyLock::new(|| {
    let document = onegrid::server::live_document();
    let messages = document["components"]["messages"].as_object().expect("messages");
    let servers = messages.iter().filter_map(|(name, message)| {
        let kind = name.strip_prefix("server_")?;
        let schema = json!({ "components": document["components"], "allOf": [message["payload"]] });
        Some((kind.to_owned(), jsonschema::validator_for(&schema).expect("a schema")))
    });
    servers.collect()
});

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The code; 0 where the server hung up without one.
    pub code: u16,
    /// What it said that the client does then.
    pub action: String,
    /// After how many milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// A connection to the socket.
pub struct Socket {
    inner: WebSocket<TcpStream>,
    /// How many of the WebSocket's own pings were answered.
    pub pongs: usize,
}

impl Socket {
    /// Connects to the server at this address.
    #[track_caller]
    pub fn connect(address: &str) -> Self {
        Self::try_connect(address, &[]).unwrap_or_else(|error| panic!("the handshake: {error}"))
    }

    /// Connects and says who is there.
    #[track_caller]
    pub fn signed_in(address: &str, token: &str) -> Self {
        let mut socket = Self::connect(address);
        socket.say(&json!({ "type": "hello", "token": token }));
        socket.until("welcome");
        socket
    }

    /// Connects with further headers.
    pub fn try_connect(address: &str, headers: &[(&str, &str)]) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(CEILING)).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        let mut request = format!("ws://{address}/v1/socket")
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            let name: tungstenite::http::HeaderName = name.parse().expect("a name");
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        let (inner, _) = tungstenite::client(request, stream).map_err(|error| error.to_string())?;
        Ok(Self { inner, pongs: 0 })
    }

    /// The connection itself.
    pub fn stream(&self) -> &TcpStream {
        self.inner.get_ref()
    }

    /// How long it waits for a frame.
    pub fn wait(&self, long: Duration) {
        self.stream().set_read_timeout(Some(long)).expect("a socket");
    }

    /// Says something.
    #[track_caller]
    pub fn say(&mut self, frame: &Value) {
        self.try_say(frame).expect("the server listens");
    }

    /// Says something, if the server still listens.
    pub fn try_say(&mut self, frame: &Value) -> Result<(), String> {
        let sent = self.inner.send(Message::text(frame.to_string()));
        sent.map_err(|error| error.to_string())
    }

    /// Sends a message of any kind.
    pub fn send(&mut self, message: Message) -> Result<(), String> {
        self.inner.send(message).map_err(|error| error.to_string())
    }

    /// The next frame; none where nothing came in time. An error where the connection ended.
    pub fn hear(&mut self) -> Result<Option<Value>, Closed> {
        loop {
            match self.inner.read() {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).expect("a frame is JSON");
                    let kind = frame["type"].as_str().expect("a frame has a type");
                    let validator = FRAMES.get(kind).unwrap_or_else(|| panic!("the document has no {kind}"));
                    if let Err(error) = validator.validate(&frame) {
                        panic!("not as in the document: {error}: {frame}");
                    }
                    if kind == "ping" {
                        let _ = self.try_say(&json!({ "type": "pong" }));
                        continue;
                    }
                    return Ok(Some(frame));
                }
                Ok(Message::Close(frame)) => return Err(closed(frame)),
                Ok(Message::Pong(_)) => self.pongs += 1,
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
                {
                    return Ok(None);
                }
                Err(_) => return Err(closed(None)),
            }
        }
    }

    /// The next frame of this type; others are passed over.
    #[track_caller]
    pub fn until(&mut self, kind: &str) -> Value {
        loop {
            match self.hear() {
                Ok(Some(frame)) if frame["type"] == kind => return frame,
                Ok(Some(_)) => {}
                Ok(None) => panic!("no {kind} came"),
                Err(closed) => panic!("closed before {kind} came: {closed:?}"),
            }
        }
    }

    /// Hears on until the connection is closed, and why.
    #[track_caller]
    pub fn until_closed(&mut self) -> Closed {
        loop {
            match self.hear() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it was not closed"),
                Err(closed) => return closed,
            }
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> Closed {
    let Some(frame) = frame else {
        return Closed {
            code: 0,
            action: String::new(),
            retry_after_ms: None,
        };
    };
    let reason: Value = serde_json::from_str(&frame.reason).unwrap_or_default();
    Closed {
        code: frame.code.into(),
        action: reason["action"].as_str().unwrap_or_default().to_owned(),
        retry_after_ms: reason["retry_after_ms"].as_u64(),
    }
}

/// What an app has of one stream.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Its cursor.
    pub cursor: Option<String>,
    /// The entries, in order.
    pub items: Vec<Value>,
    /// How often it had to begin anew.
    pub resets: usize,
    /// The floor that it was told of last.
    pub floor: i64,
}

impl Kept {
    /// The numbers of the entries.
    pub fn numbers(&self) -> Vec<i64> {
        self.items.iter().map(number).collect()
    }
}

fn number(item: &Value) -> i64 {
    item["number"].as_i64().expect("an entry has a number")
}

/// An app: it follows streams over one connection after the other, and has each entry once.
pub struct Follower {
    token: String,
    socket: Option<Socket>,
    /// What it has, by stream.
    pub streams: BTreeMap<String, Kept>,
    /// Other frames that came.
    pub others: Vec<Value>,
}

impl Follower {
    /// Of whoever has this token, following these streams from the beginning.
    pub fn new(token: &str, streams: &[&str]) -> Self {
        let from_the_beginning = || Kept {
            cursor: Some("0".to_owned()),
            ..Kept::default()
        };
        Self {
            token: token.to_owned(),
            socket: None,
            streams: streams
                .iter()
                .map(|name| ((*name).to_owned(), from_the_beginning()))
                .collect(),
            others: Vec::new(),
        }
    }

    /// Connects to a server, and goes on where it was; whether that could be done.
    pub fn connect(&mut self, address: &str) -> bool {
        self.socket = None;
        let Ok(mut socket) = Socket::try_connect(address, &[]) else {
            return false;
        };
        let cursors: BTreeMap<&String, &Option<String>> =
            self.streams.iter().map(|(name, kept)| (name, &kept.cursor)).collect();
        let said = socket
            .try_say(&json!({ "type": "hello", "token": self.token }))
            .and_then(|()| socket.try_say(&json!({ "type": "subscribe", "streams": cursors })));
        if said.is_err() {
            return false;
        }
        socket.wait(Duration::from_millis(20));
        self.socket = Some(socket);
        true
    }

    /// Hangs up, as a phone does that goes into a tunnel.
    pub fn hang_up(&mut self) {
        self.socket = None;
    }

    /// The connection.
    #[track_caller]
    pub fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("it is connected")
    }

    /// Takes in what came, some of it where it goes on and on; an error where the connection
    /// ended.
    pub fn listen(&mut self) -> Result<(), Closed> {
        for _ in 0..64 {
            let Some(socket) = &mut self.socket else {
                return Err(closed(None));
            };
            match socket.hear() {
                Ok(Some(frame)) => self.take(frame),
                Ok(None) => return Ok(()),
                Err(closed) => {
                    self.socket = None;
                    return Err(closed);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, frame: Value) {
        let stream = frame["stream"].as_str().unwrap_or_default().to_owned();
        let Some(kept) = self.streams.get_mut(&stream) else {
            self.others.push(frame);
            return;
        };
        match frame["type"].as_str() {
            Some("entries") => {
                let items = frame["items"].as_array().expect("items");
                for item in items {
                    // The server promises more than a client needs: nothing twice, no hole.
                    let known = kept.cursor.as_deref().unwrap_or("0");
                    let last: i64 = known
                        .split('.')
                        .next()
                        .and_then(|text| text.parse().ok())
                        .expect("a cursor");
                    assert_eq!(number(item), last.max(kept.floor) + 1, "{stream}: the next entry");
                    let id: onegrid::live::EntryId = item["id"].as_str().expect("an id").parse().expect("an id");
                    kept.cursor = Some(format!("{}.{}", number(item), id.uuid().simple()));
                    kept.items.push(item.clone());
                }
                assert!(items.is_empty() || frame["cursor"] == kept.cursor.as_deref().unwrap_or_default());
                kept.cursor = frame["cursor"].as_str().map(str::to_owned);
            }
            Some("gap") => {
                kept.floor = frame["floor"].as_i64().expect("a floor");
                kept.items.clear();
            }
            Some("reset") => {
                *kept = Kept {
                    cursor: Some("0".to_owned()),
                    resets: kept.resets + 1,
                    ..Kept::default()
                };
                let again = json!({ "type": "subscribe", "streams": { (stream): "0" } });
                // Where it hung up the next connection says so.
                let _ = self.socket().try_say(&again);
            }
            _ => self.others.push(frame),
        }
    }
}
