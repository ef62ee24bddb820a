//! A connection over which somebody follows streams: a socket, or server-sent events.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::frames::{Close, ServerFrame};
use super::line::{Line, Sent};
use crate::clock::{self, Timestamp};
use crate::error::{Error, Reason, Result};
use crate::gate::Signed;
use crate::language::Language;
use crate::live::hub::Seat;
use crate::live::hub::core::Reader;
use crate::live::{Cursor, Key, Window};

/// So many frames may be said a second in the long run.
const FRAMES_A_SECOND: f32 = 40.0;
/// So many may be said at once.
const FRAMES_AT_ONCE: f32 = 400.0;
/// So much may wait for a reader of events, in bytes.
const EVENTS_AT_MOST: usize = 1024 * 1024;
/// Below so much there is room for another page.
const EVENTS_ROOM: usize = 64 * 1024;

/// How what is sent gets to the client.
pub(in crate::live) enum Way {
    /// As frames of a WebSocket.
    Socket(Line),
    /// As server-sent events.
    Events(EventsWay),
}

/// The way of server-sent events: what waits until the answer's body is asked for more.
pub(in crate::live) struct EventsWay {
    pub(in crate::live) sender: RefCell<Option<mpsc::UnboundedSender<Bytes>>>,
    pub(in crate::live) bytes: Cell<usize>,
    /// When something was read last, or began to wait.
    pub(in crate::live) read_at: Cell<Instant>,
}

/// Who is there.
#[derive(Debug, Clone, Copy)]
pub(in crate::live) struct Who {
    pub signed: Signed,
    pub expires_at: Timestamp,
}

/// A stream that is followed.
#[derive(Debug, Clone, Copy)]
pub(in crate::live) struct Following {
    pub key: Key,
    pub reader: Reader,
    pub window: Window,
}

/// A connection.
pub(in crate::live) struct Connection {
    pub id: u64,
    pub way: Way,
    pub language: Cell<Language>,
    pub who: Cell<Option<Who>>,
    pub opened: Instant,
    pub heard: Cell<Instant>,
    pub said: Cell<Instant>,
    /// When it was last asked whether it is there.
    pub pinged: Cell<Instant>,
    /// Why it is being closed, and since when.
    pub closing: Cell<Option<(Close, Instant)>>,
    /// What is followed over it.
    pub follows: RefCell<Vec<Following>>,
    /// What is to be followed as soon as others are live: not all that was missed is sent at once.
    pub queued: RefCell<VecDeque<(Key, Option<Cursor>, Window)>>,
    /// Who is not live yet.
    pub coming: RefCell<Vec<Reader>>,
    /// Who waits for room.
    pub without_room: RefCell<Vec<(Reader, Key)>>,
    pub seat: RefCell<Option<Seat>>,
    /// How often what they may see had to be looked at again.
    pub rechecks: Cell<u64>,
    /// Whether it waits to be looked at again.
    pub waits_for_recheck: Cell<bool>,
    frames_left: Cell<f32>,
    frames_at: Cell<Instant>,
}

impl Connection {
    pub fn new(id: u64, way: Way, language: Language) -> Self {
        let now = clock::monotonic();
        Self {
            id,
            way,
            language: Cell::new(language),
            who: Cell::new(None),
            opened: now,
            heard: Cell::new(now),
            said: Cell::new(now),
            pinged: Cell::new(now),
            closing: Cell::new(None),
            follows: RefCell::default(),
            queued: RefCell::default(),
            coming: RefCell::default(),
            without_room: RefCell::default(),
            seat: RefCell::default(),
            rechecks: Cell::new(0),
            waits_for_recheck: Cell::new(false),
            frames_left: Cell::new(FRAMES_AT_ONCE),
            frames_at: Cell::new(now),
        }
    }

    /// What is counted for it in the metrics.
    pub fn state(&self) -> &'static str {
        match (&self.way, self.who.get()) {
            (Way::Events(_), _) => "events",
            (Way::Socket(_), Some(_)) => "signed_in",
            (Way::Socket(_), None) => "waiting",
        }
    }

    /// Whether a stream is followed over it, or will be.
    pub fn is_following(&self, key: Key) -> bool {
        let follows = self.follows.borrow();
        let queued = self.queued.borrow();
        follows.iter().any(|one| one.key == key) || queued.iter().any(|(followed, _, _)| *followed == key)
    }

    /// What may be seen of a stream that is followed over it.
    pub fn window(&self, key: Key) -> Window {
        let follows = self.follows.borrow();
        let found = follows.iter().find(|one| one.key == key);
        found.map_or(Window::ALL, |one| one.window)
    }

    /// By whom a stream is followed over it; none where it waits to be.
    pub fn reader(&self, key: Key) -> Option<Reader> {
        let follows = self.follows.borrow();
        follows.iter().find(|one| one.key == key).map(|one| one.reader)
    }

    /// From now on this may be seen of a stream that is followed over it.
    pub fn set_window(&self, key: Key, window: Window) {
        for one in self.follows.borrow_mut().iter_mut().filter(|one| one.key == key) {
            one.window = window;
        }
        for (queued, _, seen) in self.queued.borrow_mut().iter_mut() {
            if *queued == key {
                *seen = window;
            }
        }
    }

    /// How many streams are followed over it, or will be.
    pub fn followed(&self) -> usize {
        self.follows.borrow().len() + self.queued.borrow().len()
    }

    /// Who is there; refused where they have not said so.
    pub fn signed_in(&self) -> Result<Who> {
        self.who.get().ok_or_else(|| Error::refused(Reason::Unauthenticated))
    }

    pub fn is_closing(&self) -> bool {
        self.closing.get().is_some()
    }

    /// Counts a frame that the client said; whether that is still within what it may.
    pub fn may_say(&self) -> bool {
        let now = clock::monotonic();
        let since = now.duration_since(self.frames_at.replace(now)).as_secs_f32();
        let left = (self.frames_left.get() + since * FRAMES_A_SECOND).min(FRAMES_AT_ONCE) - 1.0;
        self.frames_left.set(left.max(-1.0));
        left >= 0.0
    }

    /// Sends what is encoded for its way.
    pub fn send(&self, encoded: Bytes) -> Sent {
        self.said.set(clock::monotonic());
        match &self.way {
            Way::Socket(line) => line.send(encoded),
            Way::Events(events) => events.send(encoded),
        }
    }

    /// Whether there is room for much more.
    pub fn has_room(&self) -> bool {
        match &self.way {
            Way::Socket(line) => line.has_room(),
            Way::Events(events) => events.bytes.get() < EVENTS_ROOM,
        }
    }

    pub const fn is_socket(&self) -> bool {
        matches!(self.way, Way::Socket(_))
    }
}

impl EventsWay {
    /// Whether what waits has not been read for so long.
    pub fn is_stalled_for(&self, long: Duration) -> bool {
        self.bytes.get() > 0 && self.read_at.get().elapsed() >= long
    }

    fn send(&self, encoded: Bytes) -> Sent {
        if self.bytes.get() == 0 {
            self.read_at.set(clock::monotonic());
        }
        let bytes = self.bytes.get() + encoded.len();
        let sender = self.sender.borrow();
        match &*sender {
            Some(sender) if bytes <= EVENTS_AT_MOST && sender.send(encoded).is_ok() => {
                self.bytes.set(bytes);
                Sent::Fine
            }
            _ => Sent::Stuck,
        }
    }
}

/// A frame as it goes over a WebSocket.
pub(in crate::live) fn socket_frame(frame: &ServerFrame) -> Bytes {
    // A frame of ours is JSON.
    socket_text(&serde_json::to_string(frame).unwrap_or_default())
}

/// A text as it goes over a WebSocket.
pub(in crate::live) fn socket_text(text: &str) -> Bytes {
    let mut encoded = BytesMut::with_capacity(text.len() + 10);
    actix_http::ws::Parser::write_message(&mut encoded, text, actix_http::ws::OpCode::Text, true, false);
    encoded.freeze()
}

/// The answer to the WebSocket's own ping.
pub(in crate::live) fn pong(bytes: &Bytes) -> Bytes {
    let mut encoded = BytesMut::with_capacity(bytes.len() + 10);
    actix_http::ws::Parser::write_message(&mut encoded, bytes, actix_http::ws::OpCode::Pong, true, false);
    encoded.freeze()
}
