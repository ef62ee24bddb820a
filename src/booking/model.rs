//! Bookings, their states, and the one table of what may become of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cells::Stretch;
use super::resources::{Resource, ResourceId};
use super::rules::{RulesId, RulesVersionId};
use super::sharing::{Right, ShareId};
use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::error::{Error, Facts, Reason, Result};
use crate::grid::UnitId;
use crate::identity::PersonId;

/// Declares an enum whose variants have one name in code, tables and API.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident as $shown:ident { $($(#[$variant_doc:meta])* $variant:ident $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $shown)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name in code, tables and API.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> std::result::Result<Self, ()> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(()),
                }
            }
        }
    };
}
pub(super) use named;

named! {
    /// How a booking stands.
    State as BookingState {
        /// Its place is held for a while, until it is confirmed.
        Held "held",
        /// It is offered to somebody who waited, until they confirm it.
        Offered "offered",
        /// It waits for the staff's approval.
        Pending "pending",
        /// It stands.
        Confirmed "confirmed",
        /// They are there.
        CheckedIn "checked_in",
        /// They were there.
        Completed "completed",
        /// The staff refused it.
        Declined "declined",
        /// It was taken back.
        Cancelled "cancelled",
        /// Nobody came.
        NoShow "no_show",
        /// It was not confirmed or approved in time.
        Expired "expired",
    }
}

named! {
    /// What is done to a booking.
    Act as BookingAct {
        /// It is made, as a hold or as itself.
        Make "make",
        /// A place that came free is offered to somebody who waits for one.
        Offer "offer",
        /// A hold or an offer becomes a booking.
        Confirm "confirm",
        /// The staff agree.
        Approve "approve",
        /// The staff refuse.
        Decline "decline",
        /// Its time or party becomes another.
        Change "change",
        /// It is taken back.
        Cancel "cancel",
        /// They have come.
        CheckIn "check_in",
        /// They have gone.
        Complete "complete",
        /// They did not come.
        NoShow "no_show",
        /// They did come, or could not help it: it counts no more.
        Excuse "excuse",
        /// Its person says that it is wrong to count it as not come to.
        Object "object",
        /// The staff do not agree with that.
        Uphold "uphold",
        /// Its time to be confirmed or approved is over.
        Expire "expire",
    }
}

named! {
    /// How an objection stands.
    Objection as BookingObjection {
        /// The staff are to decide on it: until then the booking is not counted.
        Open "open",
        /// They did not agree.
        Rejected "rejected",
    }
}

use Act as A;
use State as S;

/// What may become of a booking: the act, from which states, to which. Whatever does not
/// stand here is refused.
pub const TRANSITIONS: &[(Act, &[State], &[State])] = &[
    (A::Make, &[], &[S::Held, S::Pending, S::Confirmed]),
    (A::Offer, &[], &[S::Offered]),
    // Who confirms a hold too late still books where there is room.
    (
        A::Confirm,
        &[S::Held, S::Offered, S::Expired],
        &[S::Pending, S::Confirmed],
    ),
    (A::Approve, &[S::Pending], &[S::Confirmed]),
    (A::Decline, &[S::Pending], &[S::Declined]),
    (
        A::Change,
        &[S::Held, S::Pending, S::Confirmed],
        &[S::Held, S::Pending, S::Confirmed],
    ),
    (
        A::Cancel,
        &[S::Held, S::Offered, S::Pending, S::Confirmed, S::CheckedIn],
        &[S::Cancelled],
    ),
    (A::CheckIn, &[S::Confirmed], &[S::CheckedIn]),
    (A::Complete, &[S::Confirmed, S::CheckedIn], &[S::Completed]),
    (A::NoShow, &[S::Confirmed], &[S::NoShow]),
    (A::Excuse, &[S::NoShow], &[S::Completed]),
    (A::Object, &[S::NoShow], &[S::NoShow]),
    (A::Uphold, &[S::NoShow], &[S::NoShow]),
    (A::Expire, &[S::Held, S::Offered, S::Pending], &[S::Expired]),
];

impl State {
    /// Whether somebody still means to come, or is there.
    pub const fn is_live(self) -> bool {
        matches!(self, S::Held | S::Offered | S::Pending | S::Confirmed | S::CheckedIn)
    }

    /// Whether its place was given back whole.
    pub const fn is_void(self) -> bool {
        matches!(self, S::Declined | S::Cancelled | S::Expired)
    }

    /// What can be done in this state.
    pub fn allowed(self) -> impl Iterator<Item = Act> {
        let from = move |(_, from, _): &&(Act, &[State], &[State])| from.contains(&self);
        TRANSITIONS.iter().filter(from).map(|(act, ..)| *act)
    }

    /// That the act can be done in this state.
    ///
    /// # Errors
    /// Where it cannot: with what can.
    pub fn permits(self, act: Act) -> Result<()> {
        match self.allowed().any(|allowed| allowed == act) {
            true => Ok(()),
            false => Err(self.refusal()),
        }
    }

    /// That something cannot be done in this state, with what can.
    pub fn refusal(self) -> Error {
        let facts = Facts {
            allowed: self.allowed().map(Act::name).collect(),
            ..Facts::default()
        };
        let error = Error::because(
            Reason::StateConflict,
            format!("该预约{}，不能再进行此操作。", self.words().0),
            format!("The booking {}; this cannot be done any more.", self.words().1),
        );
        error.with_facts(facts)
    }

    /// In words.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            S::Held => ("为暂时保留", "is held"),
            S::Offered => ("为候补名额，待您确认", "is offered, to be confirmed"),
            S::Pending => ("正在等待审核", "waits for approval"),
            S::Confirmed => ("已确认", "is confirmed"),
            S::CheckedIn => ("已签到", "is checked in"),
            S::Completed => ("已完成", "is completed"),
            S::Declined => ("未获批准", "was declined"),
            S::Cancelled => ("已取消", "was cancelled"),
            S::NoShow => ("因未到场已释放", "was released since nobody came"),
            S::Expired => ("已过期", "has expired"),
        }
    }
}

/// The id of a booking.
pub type BookingId = Id<Booking>;

/// A person's hold on a stretch of a resource's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its id.
    pub id: BookingId,
    /// What is booked.
    pub resource_id: ResourceId,
    /// What was asked for: the pool, where "any of these" was.
    pub asked_id: ResourceId,
    /// For whom; none for somebody who walked in without a name.
    pub person_id: Option<PersonId>,
    /// When it begins.
    pub start_at: Timestamp,
    /// When it ends.
    pub end_at: Timestamp,
    /// How many come.
    pub party: i64,
    /// From when on it takes places.
    pub load_from: Timestamp,
    /// Until when it takes places.
    pub load_to: Timestamp,
    /// How many places it takes; none where it competes with others or was given back.
    pub load: i64,
    /// How it stands.
    pub state: State,
    /// Whether it was a hold at first.
    pub was_held: bool,
    /// Until when it is to be confirmed or approved.
    pub until_at: Option<Timestamp>,
    /// Under which rules it was made.
    pub rules_id: RulesId,
    /// Under which version of them.
    pub rules_version_id: RulesVersionId,
    /// How often its person changed it.
    pub changes: i64,
    /// Whether it was cancelled late.
    pub is_late: bool,
    /// Whether a change of its resource left it there beyond what fits.
    pub is_excess: bool,
    /// When its person was reminded of it.
    pub reminded_at: Option<Timestamp>,
    /// In whose name it was made.
    pub made_by: String,
    /// By what right it was made.
    pub right: Right,
    /// Of which withheld share it takes.
    pub share_id: Option<ShareId>,
    /// The booking that a closure met, for which this is offered.
    pub replaces_id: Option<BookingId>,
    /// What its person objected to its being counted as not come to.
    pub objection: Option<Objection>,
    /// Grows with each step.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Named for Booking {
    const PREFIX: &'static str = "bkg";
}

impl Booking {
    /// The cells in which it takes places.
    pub fn stretch(&self) -> Stretch {
        Stretch::of(self.load_from, self.load_to)
    }

    /// What of it counts for limits.
    pub const fn counted(&self) -> Counted {
        Counted {
            id: self.id,
            person_id: self.person_id,
            party_id: self.right.party_id,
            rules_id: self.rules_id,
            start_at: self.start_at,
            end_at: self.end_at,
            state: self.state,
            until_at: self.until_at,
            replaces_id: self.replaces_id,
            objection: self.objection,
        }
    }

    /// Whether it is still to be confirmed or approved at a time, and its time for that is over.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.counted().has_lapsed(now)
    }

    /// Where its resource says so: from when until when a booking of these times takes places.
    pub fn load_times(resource: &Resource, start: Timestamp, end: Timestamp) -> (Timestamp, Timestamp) {
        let minutes = |minutes: i64| minutes * 60_000_000;
        (
            Timestamp::from_micros(start.micros() - minutes(resource.facts.buffer_before_minutes)),
            Timestamp::from_micros(end.micros() + minutes(resource.facts.buffer_after_minutes)),
        )
    }
}

/// What of a booking counts for the limits of its person, household and party. Of others' bookings
/// nothing more is read: whoever books often has many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Its id.
    pub id: BookingId,
    /// For whom.
    pub person_id: Option<PersonId>,
    /// As residents of which party to an agreement.
    pub party_id: Option<UnitId>,
    /// Under which rules it was made.
    pub rules_id: RulesId,
    /// When it begins.
    pub start_at: Timestamp,
    /// When it ends.
    pub end_at: Timestamp,
    /// How it stands.
    pub state: State,
    /// Until when it is to be confirmed or approved.
    pub until_at: Option<Timestamp>,
    /// The booking that a closure met, for which this is offered.
    pub replaces_id: Option<BookingId>,
    /// What its person objected to its being counted as not come to.
    pub objection: Option<Objection>,
}

impl Counted {
    /// How long it is, in minutes.
    pub const fn minutes(&self) -> i64 {
        (self.end_at.micros() - self.start_at.micros()) / 60_000_000
    }

    /// Whether it is still to be confirmed or approved at a time, and its time for that is over.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        let waits = matches!(self.state, State::Held | State::Offered | State::Pending);
        waits && self.until_at.is_some_and(|until| until <= now)
    }

    /// Whether it counts as not come to: not while its person's objection is to be decided.
    pub fn is_missed(&self) -> bool {
        self.state == State::NoShow && self.objection != Some(Objection::Open)
    }
}

/// Something that became of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Of which booking.
    pub booking_id: BookingId,
    /// The how manieth, from 1.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// In whose name.
    pub actor: String,
    /// What was done.
    pub act: Act,
    /// How it stood then.
    pub state: State,
    /// What was booked then.
    pub resource_id: ResourceId,
    /// When it began then.
    pub start_at: Timestamp,
    /// When it ended then.
    pub end_at: Timestamp,
    /// How many were to come then.
    pub party: i64,
    /// Whether limits were passed over.
    pub is_override: bool,
    /// Why, in somebody's words.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over_and_every_state_is_reached() {
        for state in State::ALL {
            assert!(
                TRANSITIONS.iter().any(|(_, _, to)| to.contains(state)),
                "nothing leads to {}",
                state.name()
            );
            assert_eq!(state.name().parse(), Ok(*state));
        }
        for act in Act::ALL {
            assert!(TRANSITIONS.iter().any(|(known, ..)| known == act), "{}", act.name());
        }
        for over in [S::Completed, S::Declined, S::Cancelled] {
            assert_eq!(over.allowed().count(), 0, "{}", over.name());
        }
        let refused = S::Cancelled.permits(A::CheckIn).expect_err("refused");
        assert_eq!(refused.reason(), Reason::StateConflict);
        let refused = S::Pending.permits(A::CheckIn).expect_err("refused");
        let allowed = &refused.facts().expect("facts").allowed;
        assert_eq!(allowed, &["approve", "decline", "change", "cancel", "expire"]);
    }
}
