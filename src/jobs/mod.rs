//! Durable work: what is done after the answer was sent, by whichever instance has time.
//!
//! A room writes a job in its own transaction ([`put`]) and registers its [`Kind`] in
//! `server.rs`; from there [`Jobs`] does the rest. A job is claimed by lease and done **at
//! least once**: its id is the same at each try, so whoever gets an effect twice can tell;
//! an effect that is in the database is there once by [`Claimed::finish`]. What fails is
//! tried again later and later, and after so many tries is a dead letter, which the operator
//! lists, retries or discards. This module knows no room.

mod model;
mod recurring;
mod runner;
mod settle;
mod store;

pub use model::{Claimed, Failure, Job, JobId, Limits, NewJob, Next, Outcome};
pub use recurring::Recurring;
pub use runner::Jobs;
pub use store::{Dead, Listed, discard, id_of, list, retry};

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::holdings::{Cutoff, Erased, Holding, Kept};

/// What a job is doing until it is done.
pub type Doing<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A kind of work.
pub trait Kind: Send + Sync + 'static {
    /// As it stands in the table: never changed.
    fn name(&self) -> &'static str;

    /// How many at a time, how long a claim holds, how often it is tried.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// After how long it recurs, where it is one job that does: then its row is written where
    /// there is none, and is never due later than that.
    fn recurs(&self) -> Option<Duration> {
        None
    }

    /// Does one. It may be broken off where the claim was lost, and at the end of a shutdown.
    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a>;
}

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 2] = [DEAD, WAITING];

/// Work that was given up.
const DEAD: Holding = Holding {
    name: "dead_letters",
    columns: &["job.payload", "job.key"],
    what: (
        "未能完成的工作涉及的人的代号",
        "The ids of those whom work is about that could not be done",
    ),
    purpose: (
        "让值班人员查明原因后重试",
        "So that whoever is on duty finds out why, and tries again",
    ),
    kept: Kept::Days {
        days: 30,
        from: ("从放弃起", "From when it was given up"),
        forget: forget_dead,
    },
    erased: Erased::Goes,
};

fn forget_dead(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    store::forget_dead(conn, cutoff.before)
}

const WAITING: Holding = Holding {
    name: "jobs",
    columns: &["job.payload", "job.key"],
    what: (
        "待办工作涉及的人的代号",
        "The ids of those whom work that waits is about",
    ),
    purpose: (
        "完成答应过的事，如推送消息",
        "To do what was promised, such as to push a message",
    ),
    kept: Kept::Until(("直到工作完成", "Until the work is done")),
    erased: Erased::Goes,
};

/// Those of a kind whose keys begin so are due now, as far as nobody has them in hand.
///
/// # Errors
/// Where the database fails.
pub fn hasten(tx: &mut Tx<'_>, kind: &'static str, begins: &str) -> Result<()> {
    if store::hasten(tx, kind, begins, crate::clock::now())? > 0 {
        tx.wake_workers(kind);
    }
    Ok(())
}

/// Writes a job in the caller's transaction, without waking anybody: it is found within a
/// second of its time.
///
/// # Errors
/// Where the database fails.
pub fn put_unheard(conn: &mut Conn, job: &NewJob) -> Result<()> {
    store::insert(conn, job).map(drop)
}

/// Writes many jobs in the caller's transaction, without waking anybody. Of those whose key is
/// there nothing becomes.
///
/// # Errors
/// Where the database fails.
pub fn put_all(conn: &mut Conn, jobs: &[NewJob]) -> Result<()> {
    match jobs.is_empty() {
        true => Ok(()),
        false => store::insert_all(conn, jobs, false),
    }
}

/// The same for jobs of what is new itself, so that none of their keys can be there.
///
/// # Errors
/// Where the database fails, or one of the keys is there.
pub fn put_new(conn: &mut Conn, jobs: &[NewJob]) -> Result<()> {
    match jobs.is_empty() {
        true => Ok(()),
        false => store::insert_all(conn, jobs, true),
    }
}

/// The job of this kind and key is due at this time at the latest, unless somebody has it
/// in hand.
///
/// # Errors
/// Where the database fails.
pub fn bring_back(tx: &mut Tx<'_>, kind: &'static str, key: &str, latest: Timestamp) -> Result<()> {
    store::bring_back(tx, kind, key, latest)
}

/// Writes a job in the caller's transaction, and wakes whoever does such. Whether it was
/// taken: none is where one of its kind and key is there.
///
/// # Errors
/// Where the database fails.
pub fn put(tx: &mut Tx<'_>, job: &NewJob) -> Result<bool> {
    let taken = store::insert(tx, job)?;
    if taken {
        tx.wake_workers(job.kind);
    }
    Ok(taken)
}
