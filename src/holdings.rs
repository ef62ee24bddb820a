//! The words in which each room says what it holds about people.
//!
//! A room lists what it holds ([`Holding`]), with the reason and for how long, and how it
//! forgets it; and it tells and forgets what it holds of one person ([`Holder`]).
//! `server.rs` puts them together for [`privacy`](crate::privacy).

use chrono::NaiveDate;
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::clock::{self, Timestamp};
use crate::db::{Conn, Tx};
use crate::error::Result;

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
    /// What becomes of it when the account that it is about is erased.
    pub erased: Erased,
}

/// What becomes of something when the account that it is about is erased.
#[derive(Debug, Clone, Copy)]
pub enum Erased {
    /// It goes with the account.
    Goes,
    /// It stays, under an id that leads to nobody any more; this is why.
    Stays(Both),
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
    /// So many days ago.
    pub fn days_ago(calendar: &Calendar, days: i64) -> Self {
        const DAY_MICROS: i64 = 86_400_000_000;
        let before = Timestamp::from_micros(clock::now().micros() - days * DAY_MICROS);
        let day = calendar.date_of(before.to_utc());
        Self { before, day }
    }
}
