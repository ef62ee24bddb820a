//! Memberships and their rules.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::role::{BodyKind, Role};
use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::identity::PersonId;

/// Where a membership stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked for; gives no right.
    Requested,
    /// Granted; counts from its day to its day.
    Active,
    /// Asked for in vain.
    Refused,
    /// Over, or taken back before it was answered.
    Ended,
}

/// What may become of a membership.
const TRANSITIONS: [(State, State); 4] = [
    (State::Requested, State::Active),
    (State::Requested, State::Refused),
    (State::Requested, State::Ended),
    (State::Active, State::Ended),
];

impl State {
    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Refused => "refused",
            Self::Ended => "ended",
        }
    }

    /// Whether it may become that.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Requested, Self::Active, Self::Refused, Self::Ended]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(())
    }
}

/// The id of a membership.
pub type MembershipId = Id<Membership>;

/// Somebody in a role at a body, from a day to a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// Who.
    pub person_id: PersonId,
    /// As what.
    pub role: Role,
    /// At what kind of body.
    pub body_kind: BodyKind,
    /// At which.
    pub body_id: Uuid,
    /// The first day on which it counts.
    pub from_day: NaiveDate,
    /// The last; none where it has no end.
    pub to_day: Option<NaiveDate>,
    /// Whether they stand in for whoever holds the office.
    pub deputy: bool,
    /// The named office that they hold in an organisation: 书记.
    pub title: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Who granted or refused it: a person's id, or the command line.
    pub granted_by: Option<String>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// What they said.
    pub reason: Option<String>,
    /// When it was asked for or granted.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Grows with each change.
    pub version: i64,
}

impl Named for Membership {
    const PREFIX: &'static str = "mbr";
}

impl Membership {
    /// Where it stands on a day: what was granted to a day is over on the next, whether or
    /// not somebody has written so.
    pub fn state_on(&self, day: NaiveDate) -> State {
        match self.state {
            State::Active if self.to_day.is_some_and(|last| last < day) => State::Ended,
            state => state,
        }
    }

    /// Whether it gives its rights on a day.
    pub fn counts_on(&self, day: NaiveDate) -> bool {
        self.state_on(day) == State::Active && self.from_day <= day
    }
}

/// An active membership as memory holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// The id of the unit or other body.
    pub body: Uuid,
    /// The first day on which it counts.
    pub from_day: i32,
    /// The last day on which it counts.
    pub to_day: i32,
    /// Whether they hold a named office of the organisation.
    pub is_officer: bool,
}

impl Held {
    /// Whether it counts on a day.
    pub const fn counts_on(&self, day: i32) -> bool {
        self.from_day <= day && day <= self.to_day
    }
}

/// What chrono calls the days up to 1970-01-01, from which we count.
const EPOCH: i32 = 719_163;

/// A day as tables and memory count it: from 1970-01-01.
pub fn day_number(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH
}

/// The day of a number.
pub fn day_of(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?.checked_add(EPOCH)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_granted_to_a_day_is_over_on_the_next() {
        let day = |number: u32| NaiveDate::from_ymd_opt(2026, 11, number).expect("a day");
        let mut one = Membership {
            id: MembershipId::new(),
            person_id: PersonId::new(),
            role: Role::GridLeader,
            body_kind: BodyKind::Unit,
            body_id: Uuid::nil(),
            from_day: day(10),
            to_day: Some(day(20)),
            deputy: false,
            title: None,
            state: State::Active,
            granted_by: None,
            ended_by: None,
            reason: None,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
            version: 1,
        };
        for (today, state, counts) in [
            (day(9), State::Active, false),
            (day(10), State::Active, true),
            (day(20), State::Active, true),
            (day(21), State::Ended, false),
        ] {
            assert_eq!((one.state_on(today), one.counts_on(today)), (state, counts), "{today}");
        }
        one.state = State::Requested;
        assert_eq!(one.state_on(day(21)), State::Requested, "nothing was granted");
    }

    #[test]
    fn days_are_counted_from_1970() {
        let first = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day");
        assert_eq!(day_number(first), 0);
        let date = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day");
        assert_eq!(day_of(i64::from(day_number(date))), Some(date));
        assert_eq!(day_of(i64::MAX), None);
    }
}
