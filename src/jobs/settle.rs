//! Writes what came of jobs: those that are done together, in one transaction.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::model::{Claimed, Failure, JobId, Next, Outcome, wait_after};
use super::store;
use crate::clock::{self, Timestamp};
use crate::db::Db;

/// So many are removed in one statement.
const AT_ONCE: usize = 256;

struct Done {
    id: JobId,
    lease: Uuid,
    told: oneshot::Sender<()>,
}

/// Where the workers of a kind bring their results.
#[derive(Clone)]
pub(super) struct Settling {
    db: Db,
    done: mpsc::Sender<Done>,
}

impl Settling {
    /// Starts to take results; ends with its last handle.
    pub(super) fn start(db: Db) -> Self {
        let (done, queue) = mpsc::channel(AT_ONCE);
        tokio::spawn(remove_what_is_done(db.clone(), queue));
        Self { db, done }
    }

    /// Writes what came of a job, and tells it in one word. Where the database fails the
    /// claim runs out, and the job is done again.
    pub(super) async fn settle(&self, job: &Claimed, outcome: Outcome, tries: i64) -> &'static str {
        let now = clock::now();
        match outcome {
            Ok(Next::Done) => {
                if !job.is_finished() {
                    self.remove(job).await;
                }
                "done"
            }
            Ok(Next::At(time)) => {
                self.put_back(job, time, 0, None).await;
                "done"
            }
            Err(Failure::Again { why, after }) if job.attempt < tries => {
                let chance = f64::from(Uuid::new_v4().as_u128() as u32) / f64::from(u32::MAX);
                let wait = after.unwrap_or_else(|| wait_after(job.attempt, chance));
                tracing::info!(job = %job.id, attempt = job.attempt, why, "a job is tried again later");
                self.put_back(job, later(now, wait), job.attempt, Some(why)).await;
                "failed"
            }
            Err(Failure::Again { why, .. } | Failure::Never { why }) => {
                tracing::error!(job = %job.id, attempt = job.attempt, why, "a job is given up");
                let held = (job.id, job.lease);
                self.or_warn(self.db.write(move |tx| store::bury(tx, held, now, &why)).await);
                "dead"
            }
        }
    }

    async fn remove(&self, job: &Claimed) {
        let (told, is_told) = oneshot::channel();
        let done = Done {
            id: job.id,
            lease: job.lease,
            told,
        };
        if self.done.send(done).await.is_ok() {
            // An error says that it was not written: its claim runs out.
            let _ = is_told.await;
        }
    }

    async fn put_back(&self, job: &Claimed, due_at: Timestamp, attempts: i64, why: Option<String>) {
        let held = (job.id, job.lease);
        let written = self
            .db
            .write(move |tx| store::put_back(tx, held, due_at, attempts, why.as_deref()));
        self.or_warn(written.await);
    }

    fn or_warn(&self, written: crate::error::Result<()>) {
        if let Err(error) = written {
            tracing::warn!(%error, "what came of a job was not written: it is done again");
        }
    }
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_add(wait))
}

async fn remove_what_is_done(db: Db, mut queue: mpsc::Receiver<Done>) {
    let mut batch = Vec::with_capacity(AT_ONCE);
    while queue.recv_many(&mut batch, AT_ONCE).await > 0 {
        let (ids, leases): (Vec<JobId>, Vec<Uuid>) = batch.iter().map(|done| (done.id, done.lease)).unzip();
        match db.write(move |tx| store::remove(tx, &ids, &leases)).await {
            Ok(_) => batch.drain(..).for_each(|done| {
                // Whoever waited may be gone.
                let _ = done.told.send(());
            }),
            Err(error) => {
                tracing::warn!(%error, jobs = batch.len(), "jobs that are done stand there still: they are done again");
                batch.clear();
            }
        }
    }
}
