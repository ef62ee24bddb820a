//! The one socket of the product: frames over a WebSocket, taken over from the HTTP service.
//!
//! `routes` takes the connection over, `session` does what the client says, and the worker's
//! `floor` brings what the hub gives. An idle socket holds no buffer: it is read when there is
//! something to read, and what is sent waits only where the client does not read. The frames
//! are those of `openapi/asyncapi.yaml`, which [`document`] makes of them.

pub(in crate::live) mod connection;
mod document;
mod encode;
pub(in crate::live) mod floor;
pub mod frames;
mod line;
pub mod routes;
pub(in crate::live) mod session;

pub use document::{StreamDocument, document};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::session::Doors;
use super::hub::Hub;
use crate::clock;
use crate::error::{Error, Reason, Result};
use crate::gate::{Credentials, Gate};

/// How long it takes until everybody is gone who was sent away.
const GONE_WITHIN: Duration = Duration::from_secs(3);

/// What live connections need, the same for the whole process.
#[derive(Clone)]
pub struct Live {
    /// Who follows what.
    pub hub: Hub,
    pub(in crate::live) doors: Doors,
    connections_at_most: usize,
    is_closing: Arc<AtomicBool>,
}

impl Live {
    /// With so many connections at the most.
    pub fn new(hub: Hub, gate: Arc<dyn Gate>, credentials: Arc<dyn Credentials>, connections_at_most: usize) -> Self {
        Self {
            hub,
            doors: Doors { gate, credentials },
            connections_at_most,
            is_closing: Arc::default(),
        }
    }

    /// Refuses where another connection is one too many, or the instance stops. Of those who
    /// have not said who they are there are a quarter at the most.
    pub(in crate::live) fn has_room(&self) -> Result<()> {
        let (open, waiting) = self.hub.connections();
        let is_full = open >= self.connections_at_most || waiting >= self.connections_at_most.div_ceil(4);
        match is_full || self.is_closing.load(Ordering::Relaxed) {
            true => Err(Error::refused(Reason::Busy).retry_after(2)),
            false => Ok(()),
        }
    }

    /// Sends everybody away, each with a time of their own to come again, and waits until they
    /// are gone.
    pub async fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        self.hub.close();
        let since = clock::monotonic();
        while self.hub.connections().0 > 0 && since.elapsed() < GONE_WITHIN {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
