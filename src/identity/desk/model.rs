//! Desk sessions and their rules.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::identity::model::PersonId;

/// How long one lasts at the most, in seconds.
pub(super) const LONGEST_S: i64 = 30 * 60;
/// Who is younger has no account of their own.
pub(super) const AGE: i32 = 14;

/// Whether somebody born in this year may still be under age in that year: not until the
/// year in which they turn so old is over.
pub(in crate::identity) const fn may_be_under_age(birth_year: i32, year: i32) -> bool {
    year - birth_year <= AGE
}

/// One of the staff serves somebody.
#[derive(Debug, Clone)]
pub struct DeskSession {
    /// Its id.
    pub id: DeskSessionId,
    /// Who serves.
    pub staff_id: PersonId,
    /// At which unit's desk.
    pub unit_id: Uuid,
    /// Whom.
    pub person_id: PersonId,
    /// Since when.
    pub begun_at: Timestamp,
    /// Until when at the most.
    pub expires_at: Timestamp,
    /// When it was ended before.
    pub ended_at: Option<Timestamp>,
}

/// The id of a desk session.
pub type DeskSessionId = Id<DeskSession>;

impl Named for DeskSession {
    const PREFIX: &'static str = "dsk";
}

impl DeskSession {
    /// Whether it goes on.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_in_which_one_turns_fourteen_is_still_a_childs() {
        assert!(may_be_under_age(2015, 2026) && may_be_under_age(2012, 2026));
        assert!(!may_be_under_age(2011, 2026));
    }
}
