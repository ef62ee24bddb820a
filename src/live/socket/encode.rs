//! What is sent, as each way has it: frames of a WebSocket, or server-sent events.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::connection::{Connection, Way, socket_frame};
use super::frames::{Close, ServerFrame};
use crate::language::Language;
use crate::live::hub::Hub;
use crate::live::{Cursor, Entry, Head, Key, Window};

/// Some entries, encoded once for all who get the same.
pub(super) struct Encoded<'a> {
    hub: &'a Hub,
    key: Key,
    entries: &'a [Arc<Entry>],
    cursor: Cursor,
    more: bool,
    window: Window,
    made: [[Option<Bytes>; 2]; 2],
}

impl<'a> Encoded<'a> {
    pub(super) fn new(hub: &'a Hub, key: Key, entries: &'a [Arc<Entry>], cursor: Cursor, more: bool) -> Self {
        Self {
            hub,
            key,
            entries,
            cursor,
            more,
            window: Window::ALL,
            made: Default::default(),
        }
    }

    /// As somebody sees them who does not see all.
    pub(super) fn seen_through(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// As this connection gets it.
    pub(super) fn of(&mut self, connection: &Connection) -> Option<Bytes> {
        let language = connection.language.get();
        let place = usize::from(language == Language::En);
        let way = usize::from(connection.is_socket());
        if let Some(made) = &self.made[way][place] {
            return Some(made.clone());
        }
        let made = match connection.way {
            Way::Socket(_) => self.as_frame(language),
            Way::Events(_) => self.as_events(language),
        }?;
        self.made[way][place] = Some(made.clone());
        Some(made)
    }

    fn show(&self, language: Language) -> Option<(String, Vec<Value>)> {
        let source = self.hub.sources().of(self.key.kind)?;
        let show = |entry: &Arc<Entry>| {
            if entry.number <= self.window.hidden_to {
                return source.show_hidden(entry);
            }
            source.show(entry, language).unwrap_or_else(|error| {
                tracing::error!(%error, kind = self.key.kind, entry = %entry.id, "an entry cannot be shown");
                // Its number is not left out.
                source.show_hidden(entry)
            })
        };
        Some((source.name(self.key.owner), self.entries.iter().map(show).collect()))
    }

    fn as_frame(&self, language: Language) -> Option<Bytes> {
        let (stream, items) = self.show(language)?;
        Some(socket_frame(&ServerFrame::Entries {
            stream,
            items,
            cursor: self.cursor.to_string(),
            more: self.more,
        }))
    }

    fn as_events(&self, language: Language) -> Option<Bytes> {
        let (_, items) = self.show(language)?;
        let mut text = String::new();
        for (entry, item) in self.entries.iter().zip(&items) {
            text.push_str(&event(Some(Cursor::at(entry)), "entry", item));
        }
        if self.entries.is_empty() {
            // Whoever came without a cursor has one now.
            text.push_str(&event(Some(self.cursor), "ready", &json!({})));
        }
        Some(text.into())
    }
}

fn event(id: Option<Cursor>, name: &str, data: &Value) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n")
}

fn name(hub: &Hub, key: Key) -> String {
    let source = hub.sources().of(key.kind);
    source.map(|source| source.name(key.owner)).unwrap_or_default()
}

/// That entries are kept no more.
pub(super) fn gap(hub: &Hub, connection: &Connection, key: Key, floor: i64) -> Bytes {
    let stream = name(hub, key);
    match connection.way {
        Way::Socket(_) => socket_frame(&ServerFrame::Gap { stream, floor }),
        Way::Events(_) => event(None, "gap", &json!({ "floor": floor })).into(),
    }
}

/// That a cursor is of another past.
pub(super) fn reset(hub: &Hub, connection: &Connection, key: Key, head: Head) -> Bytes {
    let (number, floor) = (head.number, head.floor);
    match connection.way {
        Way::Socket(_) => {
            let stream = name(hub, key);
            socket_frame(&ServerFrame::Reset { stream, number, floor })
        }
        Way::Events(_) => event(
            Some(Cursor::START),
            "reset",
            &json!({ "number": number, "floor": floor }),
        )
        .into(),
    }
}

/// That a stream is none of theirs any more.
pub(super) fn left(hub: &Hub, key: Key) -> Bytes {
    let stream = name(hub, key);
    socket_frame(&ServerFrame::Left { stream })
}

/// Whether somebody is there.
pub(super) fn ping(connection: &Connection) -> Bytes {
    match connection.way {
        Way::Socket(_) => socket_frame(&ServerFrame::Ping),
        Way::Events(_) => Bytes::from_static(b": ping\n\n"),
    }
}

/// Why the client is sent away, as a JSON object.
fn reason(why: Close) -> String {
    let retry_after_ms = why.retry_after_ms().map(|(least, most)| {
        let dice = uuid::Uuid::new_v4().as_u128() % u128::from(most - least);
        least + u64::try_from(dice).unwrap_or(0)
    });
    match retry_after_ms {
        Some(millis) => format!(r#"{{"action":"{}","retry_after_ms":{millis}}}"#, why.action()),
        None => format!(r#"{{"action":"{}"}}"#, why.action()),
    }
}

/// The frame that closes a WebSocket.
pub(super) fn close_frame(why: Close) -> Bytes {
    let reason = actix_http::ws::CloseReason {
        code: why.code().into(),
        description: Some(reason(why)),
    };
    let mut encoded = BytesMut::new();
    actix_http::ws::Parser::write_close(&mut encoded, Some(reason), false);
    encoded.freeze()
}

/// The event that closes an event stream.
pub(super) fn closing_event(why: Close) -> Bytes {
    let reason = reason(why);
    let retry = why
        .retry_after_ms()
        .map(|(_, most)| format!("retry: {most}\n"))
        .unwrap_or_default();
    let code = why.code();
    format!("{retry}event: closing\ndata: {{\"code\":{code},\"reason\":{reason}}}\n\n").into()
}
