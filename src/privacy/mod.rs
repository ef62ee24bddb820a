//! What is held about people, why, and for how long: one table, which is public and which
//! retention obeys.
//!
//! Each room says what it holds ([`Holding`]) and how it forgets it; `server.rs` puts these
//! rows together. This module knows no room.

pub mod routes;
mod view;

use chrono::NaiveDate;
use diesel::Connection;
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::clock::{self, Timestamp};
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Result};

/// A text in Chinese and in English.
pub type Both = (&'static str, &'static str);

/// Something that is held about people.
#[derive(Debug, Clone, Copy)]
pub struct Holding {
    /// A name that stays.
    pub name: &'static str,
    /// Where it stands: table and column.
    pub columns: &'static [&'static str],
    /// What it is.
    pub what: Both,
    /// Why it is kept.
    pub purpose: Both,
    /// For how long.
    pub kept: Kept,
}

/// For how long something is kept.
#[derive(Debug, Clone, Copy)]
pub enum Kept {
    /// Until something happens, which forgets it.
    Until(Both),
    /// For so many days.
    Days {
        /// How many; 0 where it goes at the next look, within the hour.
        days: i64,
        /// From when they count.
        from: Both,
        /// Forgets what is older.
        forget: Forget,
    },
}

/// Forgets what came before a time; how many rows went.
pub type Forget = fn(&mut Conn, Cutoff) -> Result<usize>;

/// A room in what concerns one person: what it holds of them, and how it forgets them.
/// Registered in `server.rs`, one for each room that names a person in its tables.
pub trait Holder: Send + Sync + 'static {
    /// The member of the export that is this room's: a name that stays.
    fn name(&self) -> &'static str;

    /// All that the room holds of a person, in words that they can read: sealed fields
    /// opened, others shown as far as the person may see them.
    ///
    /// # Errors
    /// Where the database fails or a sealed field does not open.
    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<serde_json::Value>;

    /// Forgets a person in the transaction of their erasure, which may be repeated: what
    /// names them or is their text goes or is blanked; what must stay keeps their id,
    /// which leads to nobody any more.
    ///
    /// # Errors
    /// Where the database fails.
    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()>;
}

/// What is older than this is forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Cutoff {
    /// The time.
    pub before: Timestamp,
    /// The civil day on which that is.
    pub day: NaiveDate,
}

impl Cutoff {
    fn days_ago(calendar: &Calendar, days: i64) -> Self {
        const DAY_MICROS: i64 = 86_400_000_000;
        let before = Timestamp::from_micros(clock::now().micros() - days * DAY_MICROS);
        let day = calendar.date_of(before.to_utc());
        Self { before, day }
    }
}

/// How many rows of something were forgotten, or would be.
pub type Forgotten = (&'static str, usize);

/// Forgets what is older than its row of the table says, each thing in transactions of its
/// own; with `only_look` nothing is changed, and the numbers are those that would go.
///
/// # Errors
/// Where the database fails; what was forgotten by then stays so.
pub async fn forget(db: &Db, calendar: &Calendar, holdings: &[Holding], only_look: bool) -> Result<Vec<Forgotten>> {
    let mut forgotten = Vec::new();
    for holding in holdings {
        let Kept::Days { days, forget, .. } = holding.kept else {
            continue;
        };
        let cutoff = Cutoff::days_ago(calendar, days);
        let mut rows = 0;
        loop {
            let some = db.write(move |tx| match only_look {
                true => looked_at(tx, forget, cutoff),
                false => forget(tx, cutoff),
            });
            let some = some.await?;
            rows += some;
            // Some forget a part at a time.
            if some == 0 || only_look {
                break;
            }
        }
        forgotten.push((holding.name, rows));
    }
    Ok(forgotten)
}

/// Forgets, counts, and takes it back: so what would go is what goes.
fn looked_at(conn: &mut Conn, forget: Forget, cutoff: Cutoff) -> Result<usize> {
    let mut rows = 0;
    let taken_back = conn.transaction(|conn| {
        rows = forget(conn, cutoff)?;
        Err::<(), _>(Error::Database(diesel::result::Error::RollbackTransaction))
    });
    match taken_back {
        Err(Error::Database(diesel::result::Error::RollbackTransaction)) => Ok(rows),
        Err(error) => Err(error),
        Ok(()) => Ok(rows),
    }
}
