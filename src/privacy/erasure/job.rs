//! Erases an account when its time has come.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::model::{Erasure, ErasureId};
use super::store;
use crate::db::Tx;
use crate::error::Result;
use crate::identity::lock_person;
use crate::jobs::{Claimed, Doing, Failure, Kind, Limits, NewJob, Next, Outcome};
use crate::privacy::Privacy;

const KIND: &str = "erasure";

#[derive(Debug, Serialize, Deserialize)]
struct Of {
    erasure: ErasureId,
}

/// The job that erases.
pub(super) fn job(erasure: &Erasure) -> Result<NewJob> {
    Ok(NewJob::new(KIND, &Of { erasure: erasure.id })?.at(erasure.due_at))
}

/// Erases accounts.
pub struct Erase(Privacy);

impl Erase {
    /// Of those of whom these hold something.
    pub const fn new(privacy: Privacy) -> Self {
        Self(privacy)
    }

    async fn erase(&self, id: ErasureId) -> Outcome {
        let holders = self.0.holders.clone();
        let forget = move |tx: &mut Tx<'_>| {
            let Some(erasure) = store::load(tx, id)? else {
                return Ok(false);
            };
            // They thought again, or it was done at a try before.
            if !erasure.is_open() {
                return Ok(erasure.done_at.is_some());
            }
            lock_person(tx, erasure.person_id)?;
            if !store::load(tx, id)?.is_some_and(|erasure| erasure.is_open()) {
                return Ok(false);
            }
            for holder in holders.iter() {
                holder.erase(tx, erasure.person_id.uuid())?;
            }
            store::done(tx, id)?;
            Ok(true)
        };
        // What was overwritten still stands in SQLite's log until that is emptied.
        if self.0.db.write(forget).await? && !self.0.db.empty_log().await? {
            return Err(Failure::again("somebody reads from the database's log"));
        }
        Ok(Next::Done)
    }
}

impl Kind for Erase {
    fn name(&self) -> &'static str {
        KIND
    }

    fn limits(&self) -> Limits {
        Limits {
            at_once: 2,
            lease: Duration::from_secs(10),
            // It is never given up: what was promised is done, whenever it can be.
            tries: i64::MAX,
        }
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a> {
        Box::pin(async move { self.erase(job.payload::<Of>()?.erasure).await })
    }
}
