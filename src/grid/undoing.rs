//! How what was done for somebody in the grid is undone by them.

use uuid::Uuid;

use super::households;
use super::members::{self, By, MembershipId, PersonId};
use crate::clock;
use crate::db::Tx;
use crate::error::{Error, Reason, Result};
use crate::identity::delegations::{Around, Undoing};

/// All that is done here for others.
pub const UNDOINGS: [Undoing; 2] = [HOME_ASKED, HOUSEHOLD_JOINED];

/// Somebody asked for a home for another.
pub const HOME_ASKED: Undoing = Undoing {
    what: "home_asked",
    words: ("申请入住登记", "asked for a home"),
    undo: take_back_request,
};

/// Somebody joined a household for another.
pub const HOUSEHOLD_JOINED: Undoing = Undoing {
    what: "household_joined",
    words: ("加入住户", "joined a household"),
    undo: leave_household,
};

fn take_back_request(tx: &mut Tx<'_>, person: PersonId, membership: Uuid, around: &Around) -> Result<()> {
    let today = around.calendar.date_of(clock::now().to_utc());
    let name = person.to_string();
    let by = By { name: &name, today };
    members::take_back(tx, by, person, MembershipId::from_uuid(membership))
}

fn leave_household(tx: &mut Tx<'_>, person: PersonId, household: Uuid, _: &Around) -> Result<()> {
    let is_of_it = households::of_person(tx, person)?.is_some_and(|id| id.uuid() == household);
    match is_of_it {
        true => households::leave(tx, person),
        false => Err(Error::because(
            Reason::StateConflict,
            "已不在该户中。",
            "They are of that household no more.",
        )),
    }
}
