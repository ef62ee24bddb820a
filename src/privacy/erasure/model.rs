//! That somebody asked for their account to be erased.

use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::identity::PersonId;

/// For how many days one may think again.
pub const GRACE_DAYS: i64 = 7;

/// That somebody asked for their account to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: ErasureId,
    /// Whose account.
    pub person_id: PersonId,
    /// When they asked.
    pub asked_at: Timestamp,
    /// When it is erased.
    pub due_at: Timestamp,
    /// When they thought again.
    pub withdrawn_at: Option<Timestamp>,
    /// When it was erased.
    pub done_at: Option<Timestamp>,
}

/// Its id.
pub type ErasureId = Id<Erasure>;

impl Named for Erasure {
    const PREFIX: &'static str = "ers";
}

impl Erasure {
    /// Whether it is to be done.
    pub const fn is_open(&self) -> bool {
        self.withdrawn_at.is_none() && self.done_at.is_none()
    }
}
