//! A request to see many numbers, and its rules.

use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::grid::members::MembershipId;
use crate::grid::model::UnitId;
use crate::identity::PersonId;

/// How long a request waits for the second person, in seconds: a week.
const WAITS_S: i64 = 7 * 86_400;
/// For how long the numbers can be fetched once they are approved, in seconds.
const GOOD_S: i64 = 30 * 60;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevealState {
    /// Waits for the second person.
    Requested,
    /// Approved: whoever asked may fetch the numbers, once.
    Approved,
    /// Refused.
    Refused,
    /// Fetched.
    Fetched,
    /// Nobody answered, or fetched, in time.
    Expired,
}

impl RevealState {
    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Fetched => "fetched",
            Self::Expired => "expired",
        }
    }
}

impl FromStr for RevealState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Requested, Self::Approved, Self::Refused, Self::Fetched]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(())
    }
}

/// A request to see the numbers of many.
#[derive(Debug, Clone)]
pub struct Reveal {
    /// Its id.
    pub id: RevealId,
    /// The unit in whose name it is asked; all whose numbers they are stand at it or below.
    pub unit_id: UnitId,
    /// Who asks.
    pub asked_by: PersonId,
    /// Why, in their words.
    pub reason: String,
    /// When.
    pub asked_at: Timestamp,
    /// The second person.
    pub decided_by: Option<PersonId>,
    /// When they answered.
    pub decided_at: Option<Timestamp>,
    /// Where it stands, as the table has it.
    pub state: RevealState,
    /// Whose numbers.
    pub memberships: Vec<MembershipId>,
}

/// The id of a request.
pub type RevealId = Id<Reveal>;

impl Named for Reveal {
    const PREFIX: &'static str = "rvl";
}

impl Reveal {
    /// Where it stands at an instant.
    pub fn state_at(&self, now: Timestamp) -> RevealState {
        let is_over = |since: Timestamp, for_s: i64| now.micros() - since.micros() > for_s * 1_000_000;
        match (self.state, self.decided_at) {
            (RevealState::Requested, _) if is_over(self.asked_at, WAITS_S) => RevealState::Expired,
            (RevealState::Approved, Some(at)) if is_over(at, GOOD_S) => RevealState::Expired,
            (state, _) => state,
        }
    }
}
