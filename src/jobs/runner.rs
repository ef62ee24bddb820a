//! The workers of an instance: one for each kind, which claims jobs, does them, and renews
//! the claims meanwhile.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;

use super::model::{Claimed, Failure, JobId, Limits, NewJob};
use super::recurring::KEY;
use super::settle::Settling;
use super::{Kind, put, store};
use crate::clock::{self, Timestamp};
use crate::db::Db;
use crate::error::Result;
use crate::metrics;

/// How often somebody looks whether a job has fallen due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long those that end together are waited for before others are claimed in their place.
const GATHER: Duration = Duration::from_millis(2);
/// How often the numbers of those that wait are taken for the metrics.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// How long what is broken off may take to be given back.
const AT_THE_END: Duration = Duration::from_secs(5);

/// How far a shutdown has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Jobs are taken up.
    Open,
    /// None is taken up any more.
    Draining,
    /// What is under way is broken off.
    Over,
}

/// The workers of an instance.
pub struct Jobs {
    stage: watch::Sender<Stage>,
    workers: JoinSet<()>,
}

impl Jobs {
    /// Starts to do the jobs of these kinds.
    pub fn start(db: &Db, kinds: Vec<Arc<dyn Kind>>) -> Self {
        let stage = watch::Sender::new(Stage::Open);
        let mut workers = JoinSet::new();
        for kind in kinds {
            let worker = Worker {
                limits: kind.limits(),
                settling: Settling::start(db.clone()),
                db: db.clone(),
                kind,
                held: Arc::default(),
            };
            workers.spawn(worker.work(stage.subscribe()));
        }
        Self { stage, workers }
    }

    /// Takes up no more and waits for what is under way. What is not done within this time
    /// is broken off and given back, for another instance to do at once.
    pub async fn stop(mut self, within: Duration) {
        self.stage.send_replace(Stage::Draining);
        if tokio::time::timeout(within, self.ended()).await.is_err() {
            tracing::warn!("jobs were still under way when the time was up");
            self.stage.send_replace(Stage::Over);
            // A database that is silent is not waited for: the claims run out by themselves.
            if tokio::time::timeout(AT_THE_END, self.ended()).await.is_err() {
                tracing::warn!("jobs could not be given back in time");
                self.workers.abort_all();
            }
        }
    }

    async fn ended(&mut self) {
        while self.workers.join_next().await.is_some() {}
    }
}

/// A job under way.
struct Held {
    job: Claimed,
    task: AbortHandle,
}

/// Does the jobs of one kind.
#[derive(Clone)]
struct Worker {
    db: Db,
    kind: Arc<dyn Kind>,
    limits: Limits,
    settling: Settling,
    held: Arc<Mutex<HashMap<JobId, Held>>>,
}

impl Worker {
    async fn work(self, mut stage: watch::Receiver<Stage>) {
        if let Some(every) = self.kind.recurs() {
            self.write_the_one(every, &mut stage).await;
        }
        tokio::select! {
            () = self.claiming(&mut stage) => {}
            () = self.renewing() => {}
            () = self.counting() => {}
        }
    }

    /// Writes the one job of what recurs, where it does not stand there.
    async fn write_the_one(&self, every: Duration, stage: &mut watch::Receiver<Stage>) {
        while *stage.borrow_and_update() == Stage::Open {
            let name = self.kind.name();
            let written = self.db.write(move |tx| {
                put(tx, &NewJob::new(name, &())?.keyed(KEY))?;
                store::bring_back(tx, name, KEY, in_a_while(every))
            });
            match written.await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, kind = name, "could not write the job that recurs"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stage.changed() => {}
            }
        }
    }

    /// Claims as long as the stage is open, then waits for what is under way.
    async fn claiming(&self, stage: &mut watch::Receiver<Stage>) {
        let (mut put, name) = (self.db.work_put(), self.kind.name());
        let (mut tasks, mut is_failing) = (JoinSet::new(), false);
        while *stage.borrow_and_update() == Stage::Open {
            let seen = put.borrow_and_update().get(name).copied();
            let free = self.limits.at_once.saturating_sub(tasks.len());
            let claimed = self.claim(free, &mut is_failing).await;
            if *stage.borrow() != Stage::Open {
                // They came too late to be begun.
                self.hand_back(claimed).await;
                break;
            }
            let is_busy = claimed.len() == free;
            for job in claimed {
                self.begin(job, &mut tasks);
            }
            tokio::select! {
                _ = tasks.join_next(), if is_busy => {
                    tokio::time::sleep(GATHER).await;
                    while tasks.try_join_next().is_some() {}
                }
                () = async { drop(put.wait_for(|work| work.get(name).copied() != seen).await) }, if !is_busy => {}
                () = tokio::time::sleep(LOOK_EVERY), if !is_busy => while tasks.try_join_next().is_some() {},
                _ = stage.changed() => {}
            }
        }
        loop {
            tokio::select! {
                ended = tasks.join_next() => if ended.is_none() { break },
                _ = stage.wait_for(|stage| *stage == Stage::Over) => break,
            }
        }
        tasks.shutdown().await;
        self.give_back().await;
    }

    /// Up to so many jobs. Where the database fails there are none, and one looks again; it is
    /// said when that begins and not each time.
    async fn claim(&self, most: usize, is_failing: &mut bool) -> Vec<Claimed> {
        if most == 0 {
            return Vec::new();
        }
        let claimed = self.try_to_claim(most).await;
        let was_failing = std::mem::replace(is_failing, claimed.is_err());
        claimed.unwrap_or_else(|error| {
            if !was_failing {
                tracing::warn!(%error, kind = self.kind.name(), "jobs cannot be claimed for now");
            }
            Vec::new()
        })
    }

    async fn try_to_claim(&self, most: usize) -> Result<Vec<Claimed>> {
        let (name, now) = (self.kind.name(), clock::now());
        // A look costs no transaction.
        if !self.db.read(move |conn| store::any_due(conn, name, now)).await? {
            return Ok(Vec::new());
        }
        let limits = self.limits;
        let claimed = self.db.write(move |tx| {
            let claimed = store::claim(tx, name, now, most, Uuid::new_v4(), limits.lease)?;
            let (going, gone): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|job| job.attempt <= limits.tries);
            for job in &gone {
                store::bury(
                    tx,
                    (job.id, job.lease),
                    now,
                    "the process ended each time before it was done",
                )?;
            }
            Ok((going, gone.len()))
        });
        let (going, gone) = claimed.await?;
        for _ in 0..gone {
            metrics::job_given_up(name, "dead");
        }
        Ok(going)
    }

    fn begin(&self, job: Claimed, tasks: &mut JoinSet<()>) {
        let delay = clock::now().micros().saturating_sub(job.due_at.micros());
        metrics::job_begun(self.kind.name(), Duration::from_micros(delay.max(0).unsigned_abs()));
        // Nobody looks for it before it stands there: the lock is held until it does.
        let mut held = self.held();
        let task = tasks.spawn(self.clone().do_it(job.clone()));
        // One that was lost and came back is not done by two at once.
        if let Some(lost) = held.insert(job.id, Held { job, task }) {
            lost.task.abort();
        }
    }

    async fn do_it(self, job: Claimed) {
        let begun = clock::monotonic();
        // What panics before it is under way is caught as well.
        let outcome = AssertUnwindSafe(async { self.kind.run(&job).await })
            .catch_unwind()
            .await;
        let outcome = outcome.unwrap_or_else(|_| Err(Failure::again("it panicked")));
        // What is being settled has no claim to renew.
        self.let_go(&job);
        let told = self.settling.settle(&job, outcome, self.limits).await;
        metrics::job_ended(self.kind.name(), told, begun.elapsed());
    }

    fn let_go(&self, job: &Claimed) {
        let mut all = self.held();
        if all.get(&job.id).is_some_and(|held| held.job.lease == job.lease) {
            all.remove(&job.id);
        }
    }

    /// Renews the claims for as long as there is something under way; what somebody else has
    /// by now is broken off.
    async fn renewing(&self) {
        loop {
            tokio::time::sleep(self.limits.lease / 3).await;
            let held: Vec<(JobId, Uuid)> = self.held().values().map(|held| (held.job.id, held.job.lease)).collect();
            if held.is_empty() {
                continue;
            }
            let (asked, holds) = (held.clone(), self.limits.lease);
            match self.db.write(move |tx| store::renew(tx, &asked, holds)).await {
                Ok(still) => held
                    .iter()
                    .filter(|(id, _)| !still.contains(id))
                    .for_each(|(id, lease)| self.break_off(*id, *lease)),
                Err(error) => tracing::warn!(%error, kind = self.kind.name(), "could not renew the claims of jobs"),
            }
        }
    }

    fn break_off(&self, id: JobId, lease: Uuid) {
        let mut all = self.held();
        // One that is finished has no claim to lose, and writes its last words; one that was
        // claimed again meanwhile is another.
        let is_lost = |held: &Held| held.job.lease == lease && !held.job.is_finished();
        if all.get(&id).is_some_and(is_lost)
            && let Some(held) = all.remove(&id)
        {
            held.task.abort();
            tracing::warn!(job = %id, kind = self.kind.name(), "a job was lost to another worker");
            metrics::job_given_up(self.kind.name(), "lost");
        }
    }

    /// What was broken off at the end of a shutdown is due at once, as if it had not been tried.
    async fn give_back(&self) {
        let broken_off: Vec<Claimed> = self.held().drain().map(|(_, held)| held.job).collect();
        self.hand_back(broken_off).await;
    }

    async fn hand_back(&self, jobs: Vec<Claimed>) {
        if jobs.is_empty() {
            return;
        }
        let given = self.db.write(move |tx| {
            for job in &jobs {
                store::put_back(tx, (job.id, job.lease), job.due_at, job.attempt - 1, None)?;
            }
            Ok(())
        });
        if let Err(error) = given.await {
            tracing::warn!(%error, "jobs could not be given back: they are free when their claims run out");
        }
    }

    async fn counting(&self) {
        let name = self.kind.name();
        let mut every = tokio::time::interval(COUNT_EVERY);
        loop {
            every.tick().await;
            if let Some(recurs) = self.kind.recurs() {
                // An error is told by whoever claims; the next look mends it.
                let _ = self
                    .db
                    .write(move |tx| store::bring_back(tx, name, KEY, in_a_while(recurs)))
                    .await;
            }
            let now = clock::now();
            if let Ok((due, dead)) = self.db.read(move |conn| store::counts(conn, name, now)).await {
                metrics::jobs_waiting(name, due, dead);
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<JobId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So long from now.
fn in_a_while(length: Duration) -> Timestamp {
    let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(clock::now().micros().saturating_add(micros))
}
