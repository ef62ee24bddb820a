//! How often something was done today, by whom: counted in the database, in the
//! transaction that it decides, so that no instance and no lost store lets more
//! through.

mod store;

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::clock::{self, Timestamp};
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};

/// The day in the city's zone.
pub(super) struct Today {
    /// The instant at which it was asked.
    pub now: Timestamp,
    /// How long it goes on.
    pub left_s: u64,
    name: String,
}

impl Today {
    pub(super) fn in_zone(zone: Tz) -> Self {
        let now = clock::now();
        let local = now.to_utc().with_timezone(&zone);
        let day = local.date_naive();
        let midnight = day
            .checked_add_days(Days::new(1))
            .and_then(|next| zone.from_local_datetime(&next.and_time(NaiveTime::MIN)).earliest());
        // A day without a midnight: come back tomorrow.
        let left_s = midnight.map_or(86_400, |midnight| (midnight - local).num_seconds());
        Self {
            now,
            left_s: u64::try_from(left_s).unwrap_or(0) + 1,
            name: name_of(day),
        }
    }

    /// That it was done often enough today.
    pub(super) fn had_enough(&self) -> Error {
        Error::refused(Reason::TooManyRequests).retry_after(self.left_s)
    }
}

/// A day as the table has it.
fn name_of(day: NaiveDate) -> String {
    day.to_string()
}

/// Adds to what is counted of a subject today and tells it. Its row stays locked until
/// the transaction ends, also where nothing is added.
pub(super) fn add(tx: &mut Tx<'_>, what: &str, subject: &[u8], today: &Today, number: i64) -> Result<i64> {
    store::add(tx, what, subject, &today.name, number)
}

/// Forgets what was counted of a subject.
pub(super) fn forget(tx: &mut Tx<'_>, subject: &[u8]) -> Result<()> {
    store::forget(tx, subject)
}

/// Forgets what was counted before this day; how many counts.
pub(super) fn forget_before(conn: &mut Conn, day: NaiveDate) -> Result<usize> {
    store::forget_before(conn, &name_of(day))
}
