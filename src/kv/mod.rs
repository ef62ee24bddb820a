//! The short-lived store: rates and presence, which may be lost at any time.
//!
//! In one process it is memory; with `REDIS_URL` it is Redis, so that all
//! instances count together. A Redis that does not answer in time is replaced by
//! memory for a second, which is logged and counted: limits then hold per instance.

mod local;
mod redis_kv;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::metrics;
use local::Local;
use redis_kv::RedisKv;

/// A handle on the store; clones share it.
#[derive(Clone)]
pub struct Kv {
    local: Arc<Local>,
    shared: Option<RedisKv>,
    rest: Arc<Rest>,
}

/// How long a Redis may think about one call.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long a Redis that failed is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// Until when the shared store is left alone.
#[derive(Default)]
struct Rest(Mutex<Option<Instant>>);

impl Rest {
    fn is_over(&self) -> bool {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_none_or(|until| until <= clock::monotonic())
    }

    fn begin(&self) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Some(clock::monotonic() + LEFT_ALONE);
    }
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
            rest: Arc::default(),
        }
    }

    /// In Redis, under keys that begin with `prefix`.
    pub fn redis(connection: redis::aio::ConnectionManager, prefix: &str) -> Self {
        Self {
            local: Arc::default(),
            shared: Some(RedisKv::new(connection, prefix)),
            rest: Arc::default(),
        }
    }

    /// Takes `cost` units from a bucket of `burst` units that fills with
    /// `per_second` units a second (the generic cell rate algorithm, ITU-T I.371).
    pub async fn take(&self, key: &str, cost: u32, per_second: u32, burst: u32) -> Taken {
        let bucket = Bucket::new(per_second, burst);
        if let Some(shared) = self.shared.as_ref().filter(|_| self.rest.is_over()) {
            let why = match tokio::time::timeout(PATIENCE, shared.take(key, cost, bucket)).await {
                Ok(Ok(taken)) => return taken,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            self.rest.begin();
            metrics::kv_failed("take");
            tracing::warn!(why, "Redis did not count; counting in this process for a second");
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
