//! The way out to a client: frames that wait until it reads, bounded in bytes and in time.
//!
//! What can be written is written at once, by whoever has it; only what does not go waits, and
//! a task is there only as long as something does. So an idle connection costs no buffer.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::clock;

/// So much may wait for a client that does not read, in bytes.
const WAITS_AT_MOST: usize = 1024 * 1024;
/// Below so much there is room for another page.
const ROOM: usize = 64 * 1024;
/// So many frames are written at once.
const TOGETHER: usize = 64;

/// The way out to a client over a TCP connection.
pub(in crate::live) struct Line {
    stream: TcpStream,
    waiting: RefCell<VecDeque<Bytes>>,
    bytes: Cell<usize>,
    /// Since when nothing went.
    stalled: Cell<Option<Instant>>,
    is_flushing: Cell<bool>,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::live) enum Sent {
    /// It went, or waits behind others that somebody flushes already.
    Fine,
    /// It waits, and nobody flushes yet.
    Waits,
    /// The client does not read, or is gone.
    Stuck,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            waiting: RefCell::default(),
            bytes: Cell::new(0),
            stalled: Cell::new(None),
            is_flushing: Cell::new(false),
        }
    }

    pub(super) const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a frame.
    pub(super) fn send(&self, mut frame: Bytes) -> Sent {
        if self.bytes.get() == 0 {
            match self.stream.try_write(&frame) {
                Ok(written) if written == frame.len() => return Sent::Fine,
                Ok(written) => frame.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Sent::Stuck,
            }
            self.stalled.set(Some(clock::monotonic()));
        }
        let bytes = self.bytes.get() + frame.len();
        if bytes > WAITS_AT_MOST {
            return Sent::Stuck;
        }
        self.bytes.set(bytes);
        self.waiting.borrow_mut().push_back(frame);
        if self.is_flushing.replace(true) {
            Sent::Fine
        } else {
            Sent::Waits
        }
    }

    /// Whether there is room for much more.
    pub(super) fn has_room(&self) -> bool {
        self.bytes.get() < ROOM
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.get() == 0
    }

    /// What waits is dropped, but for a frame of which a part went already.
    pub(super) fn drop_waiting(&self) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.truncate(1);
        waiting.shrink_to_fit();
        self.bytes.set(waiting.iter().map(Bytes::len).sum());
    }

    /// Whether what waits has not moved for so long.
    pub(super) fn is_stalled_for(&self, long: Duration) -> bool {
        self.stalled.get().is_some_and(|since| since.elapsed() >= long)
    }

    /// Writes what waits as the client reads it; an error where it is gone. Calls `room` when
    /// there is room again.
    pub(super) async fn flush(&self, room: impl Fn()) -> io::Result<()> {
        while self.bytes.get() > 0 {
            self.stream.writable().await?;
            match self.write() {
                Ok(written) => {
                    let had_room = self.has_room();
                    self.sent(written);
                    if !had_room && self.has_room() {
                        room();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        self.is_flushing.set(false);
        room();
        Ok(())
    }

    fn write(&self) -> io::Result<usize> {
        let waiting = self.waiting.borrow();
        let slices: Vec<IoSlice<'_>> = waiting.iter().take(TOGETHER).map(|frame| IoSlice::new(frame)).collect();
        self.stream.try_write_vectored(&slices)
    }

    fn sent(&self, mut written: usize) {
        let mut waiting = self.waiting.borrow_mut();
        self.bytes.set(self.bytes.get() - written);
        while let Some(first) = waiting.front_mut() {
            if written < first.len() {
                first.advance(written);
                break;
            }
            written -= first.len();
            waiting.pop_front();
        }
        if waiting.is_empty() {
            *waiting = VecDeque::new();
            self.stalled.set(None);
        } else {
            self.stalled.set(Some(clock::monotonic()));
        }
    }

    /// Nothing more is sent nor read. What the client did not read is dropped where it was told
    /// nothing, so that it takes no memory of the kernel.
    pub(super) fn hang_up(&self, is_abrupt: bool) {
        let socket = SockRef::from(&self.stream);
        if is_abrupt {
            // Whoever is gone already is gone.
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
        let _ = socket.shutdown(Shutdown::Both);
    }
}
