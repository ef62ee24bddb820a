//! The bus over Redis pub/sub.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use redis::AsyncCommands;

use super::Topics;
use crate::metrics;

const RECONNECT_AFTER: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub(super) struct RedisBus {
    connection: redis::aio::ConnectionManager,
    prefix: Arc<str>,
}

impl RedisBus {
    /// Starts the task that listens, for the life of the runtime.
    pub(super) fn start(
        client: redis::Client,
        connection: redis::aio::ConnectionManager,
        prefix: &str,
        topics: &[&'static str],
        listeners: Arc<Topics>,
    ) -> Self {
        let prefix: Arc<str> = format!("{prefix}bus:").into();
        tokio::spawn(listen(client, Arc::clone(&prefix), topics.to_vec(), listeners));
        Self { connection, prefix }
    }

    pub(super) async fn publish(&self, topic: &str, message: &[u8]) {
        let mut connection = self.connection.clone();
        let channel = format!("{}{topic}", self.prefix);
        if let Err(error) = connection.publish::<_, _, ()>(channel, message).await {
            tracing::warn!(%error, topic, "a message was not published");
        }
    }
}

async fn listen(client: redis::Client, prefix: Arc<str>, topics: Vec<&'static str>, listeners: Arc<Topics>) {
    loop {
        if let Err(error) = listen_once(&client, &prefix, &topics, &listeners).await {
            tracing::warn!(%error, "the bus is not connected");
        }
        metrics::bus_connected(false);
        tokio::time::sleep(RECONNECT_AFTER).await;
    }
}

async fn listen_once(
    client: &redis::Client,
    prefix: &str,
    topics: &[&'static str],
    listeners: &Topics,
) -> Result<(), redis::RedisError> {
    let mut pubsub = client.get_async_pubsub().await?;
    for topic in topics {
        pubsub.subscribe(format!("{prefix}{topic}")).await?;
    }
    metrics::bus_connected(true);
    let mut messages = pubsub.on_message();
    while let Some(message) = messages.next().await {
        if let Some(topic) = message.get_channel_name().strip_prefix(prefix) {
            listeners.deliver(topic, message.get_payload_bytes().into());
        }
    }
    Ok(())
}
