//! What the grid's handlers share.

use std::sync::Arc;

use chrono::NaiveDate;

use super::tree::{LiveTree, Tree};
use crate::calendar::Calendar;
use crate::clock;
use crate::db::Db;
use crate::identity::People;

/// The database, and what is kept in memory.
pub struct Shared {
    /// The database.
    pub db: Db,
    /// The tree.
    pub tree: Arc<LiveTree>,
    /// Names and masked phone numbers.
    pub people: People,
    /// Where days begin and end.
    pub calendar: Arc<Calendar>,
}

impl Shared {
    /// The tree as it is now, the people, and the civil day.
    pub fn now(&self) -> (Arc<Tree>, People, NaiveDate) {
        (self.tree.now(), self.people.clone(), self.today())
    }

    /// The civil day.
    pub fn today(&self) -> NaiveDate {
        self.calendar.date_of(clock::now().to_utc())
    }
}
