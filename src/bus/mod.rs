//! The bus: short messages from any instance to all, at most once. A bell, not a
//! store: whoever listens also looks by itself from time to time.
//!
//! In one process it is a channel; with `REDIS_URL` it is Redis pub/sub, which is watched:
//! each instance hears its own beat every second, by the way that all messages take, or takes
//! another connection.

mod redis_bus;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use redis_bus::RedisBus;

/// What a message holds.
pub type Payload = Arc<[u8]>;

/// How many messages a slow listener may be behind before it misses some.
const BACKLOG: usize = 4096;

/// A handle on the bus; clones share it.
#[derive(Clone)]
pub struct Bus {
    topics: Arc<Topics>,
    shared: Option<RedisBus>,
}

impl Bus {
    /// Within this process.
    pub fn local() -> Self {
        Self {
            topics: Arc::default(),
            shared: None,
        }
    }

    /// Over Redis, on channels that begin with `prefix` (Redis pub/sub knows no
    /// database numbers). `topics` are all that will be listened to.
    pub fn redis(client: redis::Client, prefix: &str, topics: &[&'static str]) -> Self {
        let own = Arc::<Topics>::default();
        let shared = RedisBus::start(client, prefix, topics, Arc::clone(&own));
        Self {
            topics: own,
            shared: Some(shared),
        }
    }

    /// Whether other instances may listen.
    pub const fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Whether what is published is heard, as far as is known.
    pub fn is_well(&self) -> bool {
        self.shared.as_ref().is_none_or(RedisBus::is_well)
    }

    /// Rings on a topic, and does not wait for it. A message that cannot be sent is lost,
    /// which is logged.
    pub fn publish(&self, topic: &'static str, message: Payload) {
        match &self.shared {
            None => self.topics.deliver(topic, message),
            Some(shared) => shared.publish(topic, message),
        }
    }

    /// Listens to a topic from now on.
    pub fn subscribe(&self, topic: &str) -> broadcast::Receiver<Payload> {
        self.topics.sender(topic).subscribe()
    }
}

/// Who listens to what in this process.
#[derive(Default)]
struct Topics {
    senders: Mutex<HashMap<String, broadcast::Sender<Payload>>>,
}

impl Topics {
    fn sender(&self, topic: &str) -> broadcast::Sender<Payload> {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        senders
            .entry(topic.to_owned())
            .or_insert_with(|| broadcast::Sender::new(BACKLOG))
            .clone()
    }

    fn deliver(&self, topic: &str, message: Payload) {
        // An error says that nobody listens, which is fine.
        let _ = self.sender(topic).send(message);
    }
}
