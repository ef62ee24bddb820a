//! The short-lived store: rates and presence, which may be lost at any time.
//!
//! In one process it is memory; with `REDIS_URL` it is Redis, so that all
//! instances count together. A Redis that does not answer is replaced by memory
//! call by call, which is logged and counted: limits then hold per instance.

mod local;
mod redis_kv;

use std::sync::Arc;
use std::time::Duration;

use crate::metrics;
use local::Local;
use redis_kv::RedisKv;

/// A handle on the store; clones share it.
#[derive(Clone)]
pub struct Kv {
    local: Arc<Local>,
    shared: Option<RedisKv>,
}

/// What a [`Kv::take`] gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Units left at once.
    pub left: u32,
    /// How long until all units are there again.
    pub full_in: Duration,
    /// How long to wait for these units; none where they were given.
    pub wait: Option<Duration>,
}

impl Kv {
    /// In this process's memory.
    pub fn local() -> Self {
        Self {
            local: Arc::default(),
            shared: None,
        }
    }

    /// In Redis, under keys that begin with `prefix`.
    pub fn redis(connection: redis::aio::ConnectionManager, prefix: &str) -> Self {
        Self {
            local: Arc::default(),
            shared: Some(RedisKv::new(connection, prefix)),
        }
    }

    /// Takes `cost` units from a bucket of `burst` units that fills with
    /// `per_second` units a second (the generic cell rate algorithm, ITU-T I.371).
    pub async fn take(&self, key: &str, cost: u32, per_second: u32, burst: u32) -> Taken {
        let bucket = Bucket::new(per_second, burst);
        if let Some(shared) = &self.shared {
            match shared.take(key, cost, bucket).await {
                Ok(taken) => return taken,
                Err(error) => {
                    metrics::kv_failed("take");
                    tracing::warn!(%error, "Redis did not count; counting in this process");
                }
            }
        }
        self.local.take(key, cost, bucket)
    }
}

/// A rate in microseconds.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Microseconds for one unit to come back.
    unit_us: i64,
    /// Microseconds for the whole bucket to fill.
    full_us: i64,
}

impl Bucket {
    fn new(per_second: u32, burst: u32) -> Self {
        let unit_us = 1_000_000 / i64::from(per_second.clamp(1, 1_000_000));
        Self {
            unit_us,
            full_us: unit_us * i64::from(burst.max(1)),
        }
    }

    /// `ahead_us` is how far the bucket's fill time lies ahead of now, with the
    /// cost in it; `given` whether that was within the burst.
    fn taken(self, ahead_us: i64, given: bool) -> Taken {
        let micros = |us: i64| Duration::from_micros(us.max(0) as u64);
        let left = if given {
            (self.full_us - ahead_us) / self.unit_us
        } else {
            0
        };
        Taken {
            left: u32::try_from(left).unwrap_or(0),
            full_in: micros(ahead_us),
            wait: (!given).then(|| micros(ahead_us - self.full_us)),
        }
    }
}
