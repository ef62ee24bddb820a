//! Those who wait.

use crate::booking::model::{BookingId, named};
use crate::booking::resources::ResourceId;
use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::identity::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

named! {
    /// How somebody who waits stands.
    WaitingState as WaitingState {
        /// They wait.
        Waiting "waiting",
        /// A place is offered to them.
        Offered "offered",
        /// They took it.
        Taken "taken",
        /// They wait no more.
        Left "left",
    }
}

/// The id of a place on a waiting list.
pub type WaitingId = Id<Waiting>;

/// Somebody who waits for a place: in one slot, or in any slot that begins between two times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: WaitingId,
    /// At which resource.
    pub resource_id: ResourceId,
    /// Who.
    pub person_id: PersonId,
    /// From when.
    pub from_at: Timestamp,
    /// Until when.
    pub to_at: Timestamp,
    /// Whether any slot between is good.
    pub is_day: bool,
    /// How many come.
    pub party: i64,
    /// Since when they stand where they stand in the list.
    pub queued_at: Timestamp,
    /// How they stand.
    pub state: WaitingState,
    /// The offer, or the booking that came of it.
    pub booking_id: Option<BookingId>,
    /// Since when they wait.
    pub created_at: Timestamp,
    /// When that changed last.
    pub updated_at: Timestamp,
}

impl Named for Waiting {
    const PREFIX: &'static str = "wtg";
}

impl Waiting {
    /// Whether a place may be offered to them now. Who has just let one go is not offered
    /// the same in the same moment.
    pub fn is_next(&self, now: Timestamp) -> bool {
        self.state == WaitingState::Waiting && self.queued_at < now && self.to_at > now
    }
}
