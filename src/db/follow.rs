//! Keeping what an instance holds in memory true.
//!
//! Each process asks for the newest number of the table `changes` at least every
//! 500 ms; a bell only makes it sooner. Who finds a lower number than it knows,
//! another change of that number, a hole, or rows already trimmed reloads everything. So a command line beside a
//! running server, two instances without Redis, and a lost message all come right
//! by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::{Change, Conn, Db, Mark, changes};
use crate::clock;
use crate::error::Result;
use crate::metrics;

/// The longest time between two looks.
const EVERY: Duration = Duration::from_millis(500);
/// After this long without a look that succeeded, what is in memory is not trusted.
const STALE_AFTER: Duration = Duration::from_secs(5);
/// Of more things than this all are read anew: many small changes while one did not look
/// are as one large one.
const KEYS_AT_MOST: usize = 5_000;
/// How many changes stay for those that come late.
const KEPT: i64 = 10_000;

/// Something kept in memory that follows a kind of change.
pub trait Follow: Send + Sync {
    /// The kind it follows.
    fn kind(&self) -> &'static str;
    /// Reads everything anew.
    fn reload(&self, conn: &mut Conn) -> Result<()>;
    /// Reads these things anew; those that are gone are dropped.
    fn apply(&self, conn: &mut Conn, keys: &[String]) -> Result<()>;
}

/// Follows the changes for all that registered.
pub struct Follower {
    db: Db,
    followers: Vec<Arc<dyn Follow>>,
    bell: Notify,
    started: Instant,
    fresh_at_ms: AtomicU64,
}

impl Follower {
    /// Loads everything once, then stands ready to [`run`](Self::run).
    pub async fn load(db: Db, followers: Vec<Arc<dyn Follow>>) -> Result<(Arc<Self>, Mark)> {
        let follower = Arc::new(Self {
            db,
            followers,
            bell: Notify::new(),
            started: clock::monotonic(),
            fresh_at_ms: AtomicU64::new(0),
        });
        let mark = follower.catch_up(None).await?;
        Ok((follower, mark))
    }

    /// Looks now rather than at the next turn.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// How long ago what is in memory was compared with the database.
    pub fn age(&self) -> Duration {
        let fresh_at = Duration::from_millis(self.fresh_at_ms.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(fresh_at)
    }

    /// Whether that was in the last 5 s.
    pub fn is_fresh(&self) -> bool {
        self.age() < STALE_AFTER
    }

    /// Follows from there on, until the task is dropped.
    pub async fn run(self: Arc<Self>, mut mark: Mark) {
        let mut turns: u64 = 0;
        loop {
            // Whether the bell rang or the time is up makes no difference.
            let _ = tokio::time::timeout(EVERY, self.bell.notified()).await;
            match self.catch_up(Some(mark)).await {
                Ok(seen) => mark = seen,
                Err(error) => tracing::warn!(%error, "could not follow the changes"),
            }
            turns += 1;
            if turns.is_multiple_of(7200) {
                self.trim(mark.number - KEPT).await;
            }
        }
    }

    /// Brings memory up to the newest change, which it answers.
    async fn catch_up(self: &Arc<Self>, known: Option<Mark>) -> Result<Mark> {
        let this = Arc::clone(self);
        let looked_at = self.started.elapsed();
        let (mark, reloaded) = self.db.read(move |conn| this.look(conn, known)).await?;
        let millis = u64::try_from(looked_at.as_millis()).unwrap_or(u64::MAX);
        self.fresh_at_ms.store(millis, Ordering::Relaxed);
        if reloaded {
            tracing::debug!(number = mark.number, "loaded from the database");
        }
        metrics::changes_seen(mark.number);
        Ok(mark)
    }

    fn look(&self, conn: &mut Conn, known: Option<Mark>) -> Result<(Mark, bool)> {
        let head = changes::head(conn)?;
        let Some(known) = known else {
            return self.reload_all(conn, head);
        };
        if head == known {
            return Ok((known, false));
        }
        let is_same_log = changes::mark(conn, known.number)? == known;
        let rows = changes::after(conn, known.number)?;
        let dense = rows
            .iter()
            .zip(known.number + 1..)
            .all(|((number, _), expected)| *number == expected);
        match rows.last() {
            Some((last, _)) if is_same_log && dense && head.number > known.number && *last >= head.number => {
                let items: Vec<Change> = rows.iter().flat_map(|(_, items)| items.clone()).collect();
                self.apply(conn, &items)?;
                Ok((changes::mark(conn, *last)?, false))
            }
            _ => {
                tracing::info!(
                    known = known.number,
                    head = head.number,
                    "the changes have a hole; reloading"
                );
                self.reload_all(conn, head)
            }
        }
    }

    fn reload_all(&self, conn: &mut Conn, head: Mark) -> Result<(Mark, bool)> {
        for follower in &self.followers {
            follower.reload(conn)?;
        }
        Ok((head, true))
    }

    fn apply(&self, conn: &mut Conn, items: &[Change]) -> Result<()> {
        for follower in &self.followers {
            let of_this_kind = || items.iter().filter(|item| item.kind == follower.kind());
            if of_this_kind().any(|item| item.key.is_none()) {
                follower.reload(conn)?;
                continue;
            }
            let mut keys: Vec<String> = of_this_kind().filter_map(|item| item.key.clone()).collect();
            keys.sort();
            keys.dedup();
            if keys.len() > KEYS_AT_MOST {
                follower.reload(conn)?;
            } else if !keys.is_empty() {
                follower.apply(conn, &keys)?;
            }
        }
        Ok(())
    }

    async fn trim(&self, up_to: i64) {
        let trimmed = self.db.write(move |tx| changes::trim(tx, up_to)).await;
        if let Err(error) = trimmed {
            tracing::warn!(%error, "could not trim the changes");
        }
    }
}
