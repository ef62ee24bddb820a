//! What becomes of memberships, each step with its entry in the audit.

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{Membership, MembershipId, State};
use super::role::{BodyKind, Role};
use super::store::{self, Wanted};
use crate::clock;
use crate::db::Tx;
use crate::error::{Error, Reason, Result};
use crate::grid::audit::{self, Act, Entry};
use crate::grid::bodies::At;
use crate::grid::model::UnitId;
use crate::identity::PersonId;

/// How many requests somebody may have open at once.
const OPEN_REQUESTS: usize = 3;

/// A membership to be asked for or granted.
#[derive(Debug, Clone)]
pub struct NewMembership {
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Role,
    /// At what kind of body.
    pub body_kind: BodyKind,
    /// At which.
    pub body: Uuid,
    /// The unit that this is or belongs to, whose superiors read of it; none where only
    /// those inside may know.
    pub unit: Option<UnitId>,
    /// From this day on.
    pub from_day: NaiveDate,
    /// To this day.
    pub to_day: Option<NaiveDate>,
    /// As a deputy.
    pub deputy: bool,
    /// In a named office of an organisation.
    pub title: Option<String>,
}

impl NewMembership {
    fn in_state(&self, state: State, granted_by: Option<&str>) -> Membership {
        let now = clock::now();
        Membership {
            id: MembershipId::new(),
            person_id: self.person,
            role: self.role,
            body_kind: self.body_kind,
            body_id: self.body,
            from_day: self.from_day,
            to_day: self.to_day,
            deputy: self.deputy,
            title: self.title.clone(),
            state,
            granted_by: granted_by.map(str::to_owned),
            ended_by: None,
            reason: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

/// Asks for a role; it gives no right until it is granted.
pub(super) fn request(tx: &mut Tx<'_>, by: &str, new: &NewMembership) -> Result<Membership> {
    let open = store::load_of_locked(tx, new.person)?;
    if open.iter().filter(|one| one.state == State::Requested).count() >= OPEN_REQUESTS {
        return Err(Error::because(
            Reason::StateConflict,
            "您已有三个申请待处理，请先等待答复或撤回。",
            "Three requests of yours are open; wait for an answer or take one back.",
        ));
    }
    let membership = new.in_state(State::Requested, None);
    store::insert(tx, &membership)?;
    note(tx, by, Act::RoleRequested, &membership, new.unit, None)?;
    Ok(membership)
}

/// Gives a role.
pub fn grant(tx: &mut Tx<'_>, by: &str, new: &NewMembership, reason: Option<&str>) -> Result<Membership> {
    if new.role == Role::Resident {
        leave_other_homes(tx, by, new.person, None)?;
    }
    let membership = new.in_state(State::Active, Some(by));
    store::insert(tx, &membership)?;
    note(tx, by, Act::RoleGranted, &membership, new.unit, reason)?;
    Ok(membership)
}

/// Gives a role unless the person has it there already; what was asked for is
/// confirmed. Whether it was given now.
pub fn grant_once(tx: &mut Tx<'_>, by: &str, new: &NewMembership) -> Result<bool> {
    store::load_of_locked(tx, new.person)?;
    match store::load_open(tx, new.person, new.role, new.body_kind, new.body)? {
        Some(open) if open.state == State::Active => Ok(false),
        Some(open) => {
            let (id, person, unit) = (open.id, open.person_id, new.unit);
            confirm(tx, by, Step { id, person, unit }, new.from_day)?;
            Ok(true)
        }
        None => {
            grant(tx, by, new, None)?;
            Ok(true)
        }
    }
}

/// Grants what was asked for, from today on.
pub(super) fn confirm(tx: &mut Tx<'_>, by: &str, asked: Step, today: NaiveDate) -> Result<Membership> {
    let mut membership = asked.locked(tx, State::Active)?;
    if membership.role == Role::Resident {
        leave_other_homes(tx, by, membership.person_id, Some(membership.id))?;
    }
    membership.state = State::Active;
    membership.from_day = today;
    membership.granted_by = Some(by.to_owned());
    let membership = store::update(tx, membership)?;
    note(tx, by, Act::RoleGranted, &membership, asked.unit, None)?;
    Ok(membership)
}

/// Refuses what was asked for.
pub(super) fn refuse(tx: &mut Tx<'_>, by: &str, asked: Step, reason: Option<&str>) -> Result<Membership> {
    let mut membership = asked.locked(tx, State::Refused)?;
    membership.state = State::Refused;
    membership.granted_by = Some(by.to_owned());
    membership.reason = reason.map(str::to_owned);
    let membership = store::update(tx, membership)?;
    note(tx, by, Act::RoleRefused, &membership, asked.unit, reason)?;
    Ok(membership)
}

/// Ends a role at once, or takes back a request.
pub(super) fn end_one(tx: &mut Tx<'_>, by: &str, asked: Step, reason: Option<&str>) -> Result<Membership> {
    let membership = asked.locked(tx, State::Ended)?;
    end(tx, by, membership, asked.unit, reason)
}

/// Ends a role that this transaction has locked.
pub fn end(
    tx: &mut Tx<'_>,
    by: &str,
    mut membership: Membership,
    unit: Option<UnitId>,
    reason: Option<&str>,
) -> Result<Membership> {
    membership.state = State::Ended;
    membership.ended_by = Some(by.to_owned());
    membership.reason = reason.map(str::to_owned);
    let membership = store::update(tx, membership)?;
    note(tx, by, Act::RoleEnded, &membership, unit, reason)?;
    Ok(membership)
}

/// Ends a person's open role at a body; whether there was one.
pub fn end_at(tx: &mut Tx<'_>, by: &str, of: &NewMembership, reason: Option<&str>) -> Result<bool> {
    store::load_of_locked(tx, of.person)?;
    let found = store::load_open(tx, of.person, of.role, of.body_kind, of.body)?;
    let was_there = found.is_some();
    if let Some(membership) = found {
        end(tx, by, membership, of.unit, reason)?;
    }
    Ok(was_there)
}

/// Ends whatever anybody holds or has asked for at a body that is closed.
pub fn end_all_at(tx: &mut Tx<'_>, by: &str, body: Uuid, at: At, reason: Option<&str>) -> Result<()> {
    let wanted = Wanted {
        bodies: vec![body],
        most: i64::MAX,
        ..Wanted::default()
    };
    let mut found = store::load_at(tx, &wanted)?;
    found.retain(|one| one.state.may_become(State::Ended));
    // All who lock several persons lock them in this order.
    found.sort_by_key(|one| one.person_id);
    for one in found {
        store::load_of_locked(tx, one.person_id)?;
        // They may have given it up themselves in the meantime.
        let still = store::load_one(tx, one.id)?.filter(|one| one.state.may_become(State::Ended));
        if let Some(membership) = still {
            let unit = at.seen_from(&membership);
            end(tx, by, membership, unit, reason)?;
        }
    }
    Ok(())
}

/// Ends the plain membership of somebody who gets a named office of the organisation, so
/// that whoever names them is not told whether they were a member.
pub fn end_untitled(tx: &mut Tx<'_>, by: &str, new: &NewMembership, at: At) -> Result<()> {
    store::load_of_locked(tx, new.person)?;
    let open = store::load_open(tx, new.person, new.role, new.body_kind, new.body)?;
    if let Some(plain) = open.filter(|one| one.title.is_none()) {
        let unit = at.seen_from(&plain);
        end(tx, by, plain, unit, None)?;
    }
    Ok(())
}

/// A membership to be changed, and the unit that its body is or belongs to, where those
/// above may know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub id: MembershipId,
    pub person: PersonId,
    pub unit: Option<UnitId>,
}

impl Step {
    /// The membership with all that its person holds locked, unless it cannot become
    /// that any more: of two who decide at once, one is told so.
    fn locked(self, tx: &mut Tx<'_>, next: State) -> Result<Membership> {
        store::load_of_locked(tx, self.person)?;
        let membership = store::load_one(tx, self.id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        if membership.state.may_become(next) {
            return Ok(membership);
        }
        Err(Error::because(
            Reason::StateConflict,
            "该申请或身份已有人处理。",
            format!("This was decided already; it is {}.", membership.state.name()),
        ))
    }
}

/// Somebody has one home: who moves in somewhere moves out elsewhere.
fn leave_other_homes(tx: &mut Tx<'_>, by: &str, person: PersonId, but: Option<MembershipId>) -> Result<()> {
    let homes = store::load_of_locked(tx, person)?;
    for home in homes {
        let is_home = home.role == Role::Resident && home.state == State::Active;
        if is_home && Some(home.id) != but {
            let unit = UnitId::from_uuid(home.body_id);
            end(tx, by, home, Some(unit), Some("moved"))?;
        }
    }
    Ok(())
}

fn note(
    tx: &mut Tx<'_>,
    by: &str,
    act: Act,
    membership: &Membership,
    unit: Option<UnitId>,
    reason: Option<&str>,
) -> Result<()> {
    audit::record(
        tx,
        &Entry {
            actor: by,
            act,
            person: Some(membership.person_id),
            role: Some(membership.role),
            body: Some((membership.body_kind, membership.body_id)),
            unit,
            reason,
        },
    )
}
