//! What is done again and again, by one instance at a time.

use std::future::Future;
use std::time::Duration;

use super::{Claimed, Doing, Kind, Limits, Next};
use crate::clock::{self, Timestamp};
use crate::error::Result;

/// The key of the one row that stands for it.
pub(super) const KEY: &str = "recurring";

/// Work that recurs: one job, due again after each time it was done, and never given up.
pub struct Recurring<W> {
    name: &'static str,
    every: Duration,
    work: W,
}

impl<W, F> Recurring<W>
where
    W: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    /// Of this name, after so long each time.
    pub const fn new(name: &'static str, every: Duration, work: W) -> Self {
        Self { name, every, work }
    }
}

impl<W, F> Kind for Recurring<W>
where
    W: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn limits(&self) -> Limits {
        Limits {
            at_once: 1,
            tries: i64::MAX,
            ..Limits::default()
        }
    }

    fn recurs(&self) -> Option<Duration> {
        Some(self.every)
    }

    fn run<'a>(&'a self, _: &'a Claimed) -> Doing<'a> {
        Box::pin(async {
            (self.work)().await?;
            let every = i64::try_from(self.every.as_micros()).unwrap_or(i64::MAX);
            Ok(Next::At(Timestamp::from_micros(
                clock::now().micros().saturating_add(every),
            )))
        })
    }
}
