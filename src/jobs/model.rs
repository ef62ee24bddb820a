//! What a job is, what may come of it, and when it is tried again.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::clock::{self, Timestamp};
use crate::db::{Id, Named, Tx};
use crate::error::{Error, Result};

use super::store;

/// A piece of work that waits, is under way, or was given up.
pub struct Job;

impl Named for Job {
    const PREFIX: &'static str = "job";
}

/// The id of a job: the same at each try, so that whoever gets an effect of it twice can
/// tell by this.
pub type JobId = Id<Job>;

/// A job to be written.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// Its kind, by name.
    pub kind: &'static str,
    /// While a job of this kind and key waits, runs or lies dead, no other is taken.
    pub key: Option<String>,
    /// What it needs to know, as JSON: ids, and nothing that a person could be known by.
    pub payload: String,
    /// When it is due.
    pub due_at: Timestamp,
}

impl NewJob {
    /// Due now.
    ///
    /// # Errors
    /// Where the payload is no JSON.
    pub fn new(kind: &'static str, payload: &impl Serialize) -> Result<Self> {
        Ok(Self {
            id: Id::new(),
            kind,
            key: None,
            payload: serde_json::to_string(payload).map_err(Error::internal)?,
            due_at: clock::now(),
        })
    }

    /// Due at this time.
    pub fn at(self, due_at: Timestamp) -> Self {
        Self { due_at, ..self }
    }

    /// One of a key.
    pub fn keyed(self, key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..self
        }
    }
}

/// How the jobs of a kind are done.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// So many at a time in an instance.
    pub at_once: usize,
    /// How long a claim holds unless it is renewed, which happens three times as often
    /// for as long as the work goes on. After a crash nobody takes the job up for as long.
    pub lease: Duration,
    /// So many tries, then it is a dead letter.
    pub tries: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 8,
            lease: Duration::from_secs(30),
            tries: 12,
        }
    }
}

/// A job in hand; clones are the same job.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: JobId,
    /// Its key.
    pub key: Option<String>,
    /// What it needs to know, as JSON.
    pub payload: String,
    /// When it was due.
    pub due_at: Timestamp,
    /// The how manieth try this is, from 1.
    pub attempt: i64,
    pub(super) lease: Uuid,
    pub(super) finished: Arc<AtomicBool>,
}

impl Claimed {
    /// What it needs to know.
    ///
    /// # Errors
    /// A failure that no other try mends, where it is not understood.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.payload).map_err(|_| Failure::never("its payload is not understood"))
    }

    /// Says in the transaction of the effect that the job is done: so the effect is there
    /// once, whatever happens to the process.
    ///
    /// # Errors
    /// Where somebody else has the job by now: then this transaction must not be committed.
    pub fn finish(&self, tx: &mut Tx<'_>) -> Result<()> {
        if store::remove(tx, &[self.id], &[self.lease])? == 0 {
            return Err(Error::internal("the job is in other hands by now"));
        }
        self.finished.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether it was finished in a transaction.
    pub(super) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }
}

/// What comes of a job that went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is done.
    Done,
    /// It is to be done again at this time: what recurs.
    At(Timestamp),
}

/// What comes of one that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It is tried again, after a while that grows with the tries.
    Again {
        /// In words that name nobody.
        why: String,
    },
    /// No other try mends it.
    Never {
        /// In words that name nobody.
        why: String,
    },
}

impl Failure {
    /// Tried again after a while that grows.
    pub fn again(why: impl Display) -> Self {
        Self::Again { why: why.to_string() }
    }

    /// A dead letter at once.
    pub fn never(why: impl Display) -> Self {
        Self::Never { why: why.to_string() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            // What a database says of a statement may quote its values.
            Error::Database(_) => Self::again("the database refused a statement"),
            Error::Internal(what) => {
                tracing::error!(what, "a job failed");
                Self::again("something failed that should not; the log says what")
            }
            other => Self::again(other),
        }
    }
}

/// What comes of a job.
pub type Outcome = Result<Next, Failure>;

const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How long to wait after a try that failed: twice as long each time up to an hour, by a
/// quarter more or less (`chance` from 0 to 1), so that what failed together does not come
/// back together.
pub(super) fn wait_after(attempt: i64, chance: f64) -> Duration {
    let doubled = u32::try_from(attempt.clamp(1, 30) - 1).map_or(u64::MAX, |power| 1 << power);
    let wait = Duration::from_secs(doubled).min(LONGEST_WAIT);
    wait.mul_f64(0.75 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_spread_by_a_quarter() {
        let waits: Vec<f64> = [1, 2, 3, 12, 13, 40, i64::MAX]
            .iter()
            .map(|attempt| wait_after(*attempt, 0.5).as_secs_f64())
            .collect();
        assert_eq!(waits, [1.0, 2.0, 4.0, 2048.0, 3600.0, 3600.0, 3600.0]);
        assert_eq!(wait_after(3, 0.0).as_secs_f64(), 3.0);
        assert_eq!(wait_after(3, 1.0).as_secs_f64(), 5.0);
    }
}
