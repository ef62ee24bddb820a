//! Delegations and their rules.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::gate::{Apply, Book, Read, Report, Scope};
use crate::identity::model::PersonId;

/// For so many days ahead at the most.
pub(super) const LONGEST_DAYS: i64 = 366;
/// So many people may one person act for at once.
pub(super) const MOST_HELD: usize = 20;
/// So many people may act for one person at once.
pub(super) const MOST_GIVEN: usize = 10;
/// How long a delegation that was asked for waits for its code, in seconds.
pub(super) const WAITS_S: i64 = 15 * 60;

/// What one may do for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeName {
    /// Read where they stand.
    Read,
    /// Ask for what takes a decision: a home, a household.
    Apply,
    /// Raise requests and follow them.
    Report,
    /// Book a place at a facility.
    Book,
}

impl ScopeName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Apply, Self::Report, Self::Book];

    /// The name in tables and signatures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => Read::NAME,
            Self::Apply => Apply::NAME,
            Self::Report => Report::NAME,
            Self::Book => Book::NAME,
        }
    }
}

impl FromStr for ScopeName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(())
    }
}

/// How the principal agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By a code to their phone.
    Code,
    /// Face to face, before two of the staff.
    Desk,
    /// It is a child, and this their guardian.
    Guardian,
}

impl Way {
    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Desk => "desk",
            Self::Guardian => "guardian",
        }
    }
}

impl FromStr for Way {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Code, Self::Desk, Self::Guardian]
            .into_iter()
            .find(|way| way.name() == text)
            .ok_or(())
    }
}

/// The id of a delegation.
pub type DelegationId = Id<Delegation>;

/// One person may act for another.
#[derive(Debug, Clone)]
pub struct Delegation {
    /// Its id.
    pub id: DelegationId,
    /// For whom; none until they agreed by a code.
    pub principal_id: Option<PersonId>,
    /// Who acts.
    pub agent_id: PersonId,
    /// In what.
    pub scopes: Vec<ScopeName>,
    /// The last day on which it counts, from 1970-01-01.
    pub until_day: i64,
    /// How the principal agreed.
    pub way: Way,
    /// When it was asked for or proposed.
    pub asked_at: Timestamp,
    /// Since when it counts.
    pub confirmed_at: Option<Timestamp>,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// Who of the staff proposed it.
    pub proposed_by: Option<PersonId>,
    /// Who of the staff countersigned it.
    pub countersigned_by: Option<PersonId>,
    /// At which unit's desk.
    pub unit_id: Option<uuid::Uuid>,
}

impl Named for Delegation {
    const PREFIX: &'static str = "del";
}

impl Delegation {
    /// Whether it counts on a day.
    pub fn counts_on(&self, today: i64) -> bool {
        self.confirmed_at.is_some() && self.ended_at.is_none() && today <= self.until_day
    }

    /// Whether it covers this.
    pub fn covers(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own.name() == scope)
    }
}

/// The scopes as the table has them.
pub(super) fn in_one(scopes: &[ScopeName]) -> String {
    let mut names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scopes_of_delegations_are_those_of_the_gate() {
        let mut names: Vec<&str> = ScopeName::ALL.iter().map(|scope| scope.name()).collect();
        let mut gate = crate::gate::SCOPES.to_vec();
        names.sort_unstable();
        gate.sort_unstable();
        assert_eq!(names, gate);
        assert_eq!(
            in_one(&[ScopeName::Read, ScopeName::Apply, ScopeName::Read]),
            "apply read"
        );
    }
}
