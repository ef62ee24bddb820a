//! Writes what came of jobs: those that are done together, in one transaction.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::model::{Claimed, Failure, JobId, Limits, Next, Outcome, wait_after};
use super::store;
use crate::clock::{self, Timestamp};
use crate::db::Db;
use crate::error::{Error, Reason, Result};

/// So many are removed in one statement.
const AT_ONCE: usize = 256;
/// How long after a write that failed the next is tried; twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

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
    pub(super) async fn settle(&self, job: &Claimed, outcome: Outcome, limits: Limits) -> &'static str {
        let (now, holds, tries) = (clock::now(), limits.lease, limits.tries);
        match outcome {
            Ok(Next::Done) => {
                if !job.is_finished() {
                    self.remove(job, holds).await;
                }
                "done"
            }
            Ok(Next::At(time)) => {
                self.put_back(job, time, 0, None, holds).await;
                "done"
            }
            Err(Failure::Again { why }) if job.attempt < tries => {
                let chance = f64::from(Uuid::new_v4().as_u128() as u32) / f64::from(u32::MAX);
                let wait = wait_after(job.attempt, chance);
                tracing::info!(job = %job.id, attempt = job.attempt, why, "a job is tried again later");
                self.put_back(job, later(now, wait), job.attempt, Some(why), holds)
                    .await;
                "failed"
            }
            Err(Failure::Again { why } | Failure::Never { why }) => {
                tracing::error!(job = %job.id, attempt = job.attempt, why, "a job is given up");
                let held = (job.id, job.lease);
                let bury = || {
                    let why = why.clone();
                    self.db.write(move |tx| store::bury(tx, held, now, &why))
                };
                while_it_holds(holds, bury).await;
                "dead"
            }
        }
    }

    async fn remove(&self, job: &Claimed, holds: Duration) {
        let remove = || async {
            let (told, is_told) = oneshot::channel();
            let done = Done {
                id: job.id,
                lease: job.lease,
                told,
            };
            // Whoever takes results may be gone, at the end of a shutdown.
            let sent = self.done.send(done).await.is_ok();
            match sent && is_told.await.is_ok() {
                true => Ok(()),
                false => Err(Error::refused(Reason::DatabaseUnavailable)),
            }
        };
        while_it_holds(holds, remove).await;
    }

    async fn put_back(&self, job: &Claimed, due_at: Timestamp, attempts: i64, why: Option<String>, holds: Duration) {
        let held = (job.id, job.lease);
        let put_back = || {
            let why = why.clone();
            self.db
                .write(move |tx| store::put_back(tx, held, due_at, attempts, why.as_deref()))
        };
        while_it_holds(holds, put_back).await;
    }
}

/// Writes what came of a job, again and again where the database fails, as long as the claim
/// certainly holds: what was done and not written is done once more.
async fn while_it_holds<F: Future<Output = Result<()>>>(holds: Duration, write: impl Fn() -> F) {
    let begun = clock::monotonic();
    let mut pause = FIRST_PAUSE;
    while let Err(error) = write().await {
        // The claim was renewed a third of its time ago at the latest.
        if begun.elapsed() + pause > holds / 2 {
            tracing::warn!(%error, "what came of a job was not written: it is done again");
            return;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
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
                tracing::warn!(%error, jobs = batch.len(), "jobs that are done stand there still");
                batch.clear();
            }
        }
    }
}
