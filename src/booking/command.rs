//! What is asked of the book.

use super::model::{Act, BookingId};
use super::resources::ResourceId;
use crate::clock::Timestamp;
use crate::db::repeats::Repeat;
use crate::error::Result;
use crate::gate::Actor;
use crate::identity::PersonId;
use crate::jobs::Claimed;

/// A booking is at most so long.
pub const LONGEST_MICROS: i64 = 8 * 86_400 * 1_000_000;

/// Compares the version that a client has seen with the one that there is.
pub type Expected = Box<dyn Fn(i64) -> Result<()> + Send + Sync>;

/// Something that is asked of the book.
pub struct Command {
    /// In whose name.
    pub actor: Actor,
    /// Whether they are of the staff of the resource, and act as such.
    pub is_staff: bool,
    /// Whether limits, lead time, horizon and approval are passed over.
    pub pass: bool,
    /// Why, in their words.
    pub reason: Option<String>,
    /// What tells it from others, where it may come again.
    pub repeat: Option<Repeat>,
    /// Which version they have seen.
    pub expected: Option<Expected>,
    /// On which resource, as far as is known before it is locked.
    pub resource_id: ResourceId,
    /// What.
    pub what: What,
}

/// What is asked.
pub enum What {
    /// To book.
    Make(Make),
    /// That another time or party becomes of a booking.
    Change(BookingId, Place),
    /// Anything else.
    Do(BookingId, Act),
    /// That those who wait are served, after a resource changed.
    Serve,
    /// That whom a closure met is offered another time, by these bookings of theirs.
    Instead(Vec<BookingId>),
    /// That what is due at this time is done, by the job that waits for it.
    Look(BookingId, Claimed),
}

/// A booking to be made.
#[derive(Debug, Clone)]
pub struct Make {
    /// For whom; nobody where somebody walks in without a name.
    pub person: Option<PersonId>,
    /// When and for how many.
    pub place: Place,
    /// Whether it is a hold at first.
    pub is_hold: bool,
}

/// When and for how many.
#[derive(Debug, Clone)]
pub struct Place {
    /// From when.
    pub start: Timestamp,
    /// Until when; one slot where it is not said.
    pub end: Option<Timestamp>,
    /// How many come.
    pub party: i64,
    /// In which part of the pool, where the staff choose.
    pub resource: Option<ResourceId>,
}

impl Place {
    /// The time that it is about: where it names no end one slot, which is so many minutes long at
    /// the most.
    pub fn within(&self, slot_minutes: i64) -> (Timestamp, Timestamp) {
        let longest = Timestamp::from_micros(self.start.micros().saturating_add(LONGEST_MICROS));
        let slot = Timestamp::from_micros(self.start.micros().saturating_add(slot_minutes * 60_000_000));
        (self.start, self.end.unwrap_or(slot).min(longest))
    }
}

impl What {
    /// The bookings that it is about.
    pub fn bookings(&self) -> Vec<BookingId> {
        match self {
            Self::Instead(ids) => ids.clone(),
            other => other.booking().into_iter().collect(),
        }
    }

    /// The place that is asked for.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Make(make) => Some(&make.place),
            Self::Change(_, place) => Some(place),
            _ => None,
        }
    }

    /// The booking that it is about.
    pub fn booking(&self) -> Option<BookingId> {
        match self {
            Self::Make(_) | Self::Serve | Self::Instead(_) => None,
            Self::Change(id, _) | Self::Do(id, _) | Self::Look(id, _) => Some(*id),
        }
    }
}
