//! Bookings as handlers and jobs have them.

use std::sync::Arc;

use super::act::Done;
use super::check_in::Codes;
use super::command::Command;
use super::lane::Booker;
use super::model::{Booking, BookingId};
use super::store;
use crate::calendar::Calendar;
use crate::db::Db;
use crate::db::lane::Lanes;
use crate::error::{Error, Reason, Result};
use crate::identity::People;

/// So many lanes an instance has: few with large batches do better than many.
const LANES: usize = 2;

/// All bookings. Clones share them.
#[derive(Clone)]
pub struct Bookings {
    /// The database.
    pub db: Db,
    /// What a lane does.
    pub(super) booker: Arc<Booker>,
    pub(super) codes: Codes,
    lanes: Lanes<Booker>,
}

impl Bookings {
    /// Of a database, with days as this calendar has them, and of these people. Starts their lanes.
    pub fn new(db: &Db, calendar: &Arc<Calendar>, people: &People) -> Self {
        let booker = Arc::new(Booker::new(Arc::clone(calendar), people.clone()));
        Self {
            lanes: Lanes::start(db, &booker, LANES),
            db: db.clone(),
            codes: Codes::new(people.derived_key("codes of bookings")),
            booker,
        }
    }

    /// Where days begin and end.
    pub fn calendar(&self) -> &Arc<Calendar> {
        self.booker.calendar()
    }

    /// Does something to the book, and answers when it is durable.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) async fn submit(&self, command: Command) -> Result<Done> {
        self.lanes.submit(command.resource_id, command).await
    }

    /// One booking.
    ///
    /// # Errors
    /// Where the database fails.
    pub(super) async fn one(&self, id: BookingId) -> Result<Option<Booking>> {
        self.db.read(move |conn| store::load_one(conn, id)).await
    }

    /// One that must be there.
    ///
    /// # Errors
    /// Where it is not.
    pub(super) async fn existing(&self, id: BookingId) -> Result<Booking> {
        let found = self.one(id).await?;
        found.ok_or_else(|| Error::refused(Reason::NotFound))
    }
}
