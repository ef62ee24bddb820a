//! What becomes of erasures.

use super::job;
use super::model::Erasure;
use super::store;
use crate::db::Tx;
use crate::error::Result;
use crate::identity::{PersonId, lock_person};
use crate::jobs;

/// An account is to be erased, in a week; and whether that was asked for now.
///
/// # Errors
/// Where there is no such person, or the database fails.
pub fn ask(tx: &mut Tx<'_>, person: PersonId) -> Result<(Erasure, bool)> {
    lock_person(tx, person)?;
    if let Some(open) = store::open_of(tx, person)? {
        return Ok((open, false));
    }
    let erasure = store::insert(tx, person)?;
    jobs::put(tx, &job::job(&erasure)?)?;
    Ok((erasure, true))
}
