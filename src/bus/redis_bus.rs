//! The bus over Redis pub/sub.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Payload, Topics};
use crate::metrics;

const RECONNECT_AFTER: Duration = Duration::from_millis(500);
/// How long a connection may take to stand.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How long Redis may take to say that it has a message.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How often an instance rings itself.
const BEAT: Duration = Duration::from_secs(1);
/// After so many beats that were not heard the connection is replaced.
const UNHEARD_AT_MOST: u64 = 3;
/// So many messages may wait to be sent; more are lost.
const QUEUE: usize = 4096;
/// So many are sent at once.
const TOGETHER: usize = 128;

/// What is to be said, and where.
type Said = (Arc<str>, Payload);

#[derive(Clone)]
pub(super) struct RedisBus {
    queue: mpsc::Sender<Said>,
    prefix: Arc<str>,
    well: Arc<AtomicBool>,
}

impl RedisBus {
    /// Starts the tasks that speak and listen, for the life of the runtime.
    pub(super) fn start(client: Client, prefix: &str, topics: &[&'static str], listeners: Arc<Topics>) -> Self {
        let prefix: Arc<str> = format!("{prefix}bus:").into();
        let (queue, said) = mpsc::channel(QUEUE);
        tokio::spawn(speak(client.clone(), said));
        let bus = Self {
            queue,
            prefix,
            // Until the first beat is heard, or not, nothing else is known.
            well: Arc::new(AtomicBool::new(true)),
        };
        tokio::spawn(bus.clone().listen(client, topics.to_vec(), listeners));
        bus
    }

    pub(super) fn is_well(&self) -> bool {
        self.well.load(Ordering::Relaxed)
    }

    pub(super) fn publish(&self, topic: &str, message: Payload) {
        let channel = format!("{}{topic}", self.prefix).into();
        if self.queue.try_send((channel, message)).is_err() {
            metrics::bus_lost(1);
        }
    }

    fn set_well(&self, is_well: bool) {
        metrics::bus_connected(is_well);
        if self.well.swap(is_well, Ordering::Relaxed) != is_well {
            tracing::info!(is_well, "the bus");
        }
    }

    async fn listen(self, client: Client, topics: Vec<&'static str>, listeners: Arc<Topics>) {
        loop {
            match self.listen_once(&client, &topics, &listeners).await {
                Ok(()) => tracing::warn!("the bus hung up"),
                Err(error) => tracing::warn!(%error, "the bus is not connected"),
            }
            self.set_well(false);
            tokio::time::sleep(RECONNECT_AFTER).await;
        }
    }

    /// Listens as long as its own beats are heard.
    async fn listen_once(
        &self,
        client: &Client,
        topics: &[&'static str],
        listeners: &Topics,
    ) -> Result<(), RedisError> {
        let own = Arc::<str>::from(format!("{}beat:{}", self.prefix, Uuid::new_v4().simple()));
        let connecting = async {
            let mut pubsub = client.get_async_pubsub().await?;
            for topic in topics {
                pubsub.subscribe(format!("{}{topic}", self.prefix)).await?;
            }
            pubsub.subscribe(&*own).await?;
            Ok::<_, RedisError>(pubsub)
        };
        let mut pubsub = in_time(CONNECT_WITHIN, connecting).await?;
        let mut messages = pubsub.on_message();
        let mut beats = tokio::time::interval(BEAT);
        let (mut sent, mut heard) = (0_u64, 0_u64);
        loop {
            tokio::select! {
                message = messages.next() => {
                    let Some(message) = message else { return Ok(()) };
                    let channel = message.get_channel_name();
                    if channel == &*own {
                        let number = std::str::from_utf8(message.get_payload_bytes()).ok().and_then(|text| text.parse().ok());
                        heard = heard.max(number.unwrap_or(0));
                        self.set_well(true);
                    } else if let Some(topic) = channel.strip_prefix(&*self.prefix) {
                        listeners.deliver(topic, message.get_payload_bytes().into());
                    }
                }
                _ = beats.tick() => {
                    if sent - heard.min(sent) >= UNHEARD_AT_MOST {
                        metrics::bus_unheard();
                        return Err(RedisError::from((redis::ErrorKind::Io, "its own beats are not heard")));
                    }
                    sent += 1;
                    let beat = sent.to_string().into_bytes().into();
                    if self.queue.try_send((Arc::clone(&own), beat)).is_err() {
                        metrics::bus_lost(1);
                    }
                }
            }
        }
    }
}

/// Sends what is said, those that wait together. While Redis is away it is lost.
async fn speak(client: Client, mut said: mpsc::Receiver<Said>) {
    let mut connection: Option<MultiplexedConnection> = None;
    let mut batch = Vec::with_capacity(TOGETHER);
    let lost = AtomicU64::new(0);
    while said.recv_many(&mut batch, TOGETHER).await > 0 {
        let together = batch.len() as u64;
        let sent = async {
            let mut speaking = match connection.take() {
                Some(speaking) => speaking,
                None => connect(&client).await?,
            };
            let mut pipe = redis::pipe();
            for (channel, message) in batch.drain(..) {
                pipe.publish(&*channel, &*message).ignore();
            }
            in_time(ANSWER_WITHIN, pipe.query_async::<()>(&mut speaking)).await?;
            Ok::<_, RedisError>(speaking)
        };
        match sent.await {
            Ok(speaking) => {
                connection = Some(speaking);
                lost.store(0, Ordering::Relaxed);
            }
            Err(error) => {
                batch.clear();
                metrics::bus_lost(together);
                // Once is enough for the log.
                if lost.fetch_add(together, Ordering::Relaxed) == 0 {
                    tracing::warn!(%error, "messages were not published");
                }
                // A bell that rings late rings for nobody: what waits is lost too.
                tokio::time::sleep(RECONNECT_AFTER).await;
                while said.try_recv().is_ok() {
                    metrics::bus_lost(1);
                }
            }
        }
    }
}

async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN));
    client.get_multiplexed_async_connection_with_config(&config).await
}

async fn in_time<T>(most: Duration, asked: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    match tokio::time::timeout(most, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(RedisError::from((redis::ErrorKind::Io, "no answer in time"))),
    }
}
