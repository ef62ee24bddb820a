//! What becomes of memberships, each step with its entry in the audit.

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{Membership, MembershipId, State};
use super::role::{BodyKind, Role};
use super::store::{self, Wanted};
use super::telling;
use crate::clock;
use crate::db::Tx;
use crate::error::{Error, Reason, Result};
use crate::grid::audit::{self, Act, Entry};
use crate::grid::bodies::{self, At};
use crate::grid::holds::PARTY_MEMBERSHIP;
use crate::grid::households;
use crate::grid::model::UnitId;
use crate::grid::store as unit_store;
use crate::identity::PersonId;
use crate::privacy::consents;

/// How many requests somebody may have open at once.
const OPEN_REQUESTS: usize = 3;

/// In whose name something is done, and on which civil day.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// A person's id, or the command line.
    pub name: &'a str,
    /// The day.
    pub today: NaiveDate,
}

impl By<'_> {
    /// Whether this is a person or the operator, rather than an import of many.
    pub(super) fn is_one_act(self) -> bool {
        self.name == audit::OPERATOR || audit::who(self.name).is_some()
    }
}

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
    fn is_same_role(&self, one: &Membership) -> bool {
        one.role == self.role && one.body_kind == self.body_kind && one.body_id == self.body
    }

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
pub fn request(tx: &mut Tx<'_>, by: By<'_>, new: &NewMembership) -> Result<Membership> {
    hold_body(tx, new.body_kind, new.body)?;
    let open = store::load_of_locked(tx, new.person, by.today)?;
    if open.iter().filter(|one| one.state == State::Requested).count() >= OPEN_REQUESTS {
        return Err(Error::because(
            Reason::StateConflict,
            "您已有三个申请待处理，请先等待答复或撤回。",
            "Three requests of yours are open; wait for an answer or take one back.",
        ));
    }
    need_consent(tx, new.person, new.body_kind, new.body)?;
    let membership = new.in_state(State::Requested, None);
    store::insert(tx, &membership)?;
    note(tx, by, Act::RoleRequested, &membership, new.unit, None)?;
    Ok(membership)
}

/// Gives a role.
pub fn grant(tx: &mut Tx<'_>, by: By<'_>, new: &NewMembership, reason: Option<&str>) -> Result<Membership> {
    hold_body(tx, new.body_kind, new.body)?;
    let open = store::load_of_locked(tx, new.person, by.today)?;
    give(tx, by, new, open, reason)
}

/// Gives a role to somebody who is locked, and holds this.
fn give(
    tx: &mut Tx<'_>,
    by: By<'_>,
    new: &NewMembership,
    open: Vec<Membership>,
    reason: Option<&str>,
) -> Result<Membership> {
    need_consent(tx, new.person, new.body_kind, new.body)?;
    if new.role == Role::Resident {
        leave_other_homes(tx, by, open, None)?;
    }
    let membership = new.in_state(State::Active, Some(by.name));
    store::insert(tx, &membership)?;
    note(tx, by, Act::RoleGranted, &membership, new.unit, reason)?;
    Ok(membership)
}

/// Gives a role unless the person has it there already; what was asked for is
/// confirmed. Whether it was given now.
pub fn grant_once(tx: &mut Tx<'_>, by: By<'_>, new: &NewMembership) -> Result<bool> {
    hold_body(tx, new.body_kind, new.body)?;
    let open = store::load_of_locked(tx, new.person, by.today)?;
    match open.iter().find(|one| new.is_same_role(one)).cloned() {
        Some(same) if same.state == State::Active => return Ok(false),
        Some(asked) => {
            let terms = (new.from_day, new.to_day);
            confirm_locked(tx, by, asked, open, terms, new.unit)?;
        }
        None => {
            give(tx, by, new, open, None)?;
        }
    }
    Ok(true)
}

/// Grants what was asked for, from today on.
pub(super) fn confirm(tx: &mut Tx<'_>, by: By<'_>, asked: Step) -> Result<Membership> {
    if let Some(membership) = store::load_one(tx, asked.id)? {
        hold_body(tx, membership.body_kind, membership.body_id)?;
    }
    let (membership, open) = asked.locked(tx, by, State::Active)?;
    let terms = (by.today, membership.to_day);
    confirm_locked(tx, by, membership, open, terms, asked.unit)
}

/// Grants what somebody asked for who is locked, and holds this, from a day to a day.
fn confirm_locked(
    tx: &mut Tx<'_>,
    by: By<'_>,
    mut membership: Membership,
    open: Vec<Membership>,
    (from_day, to_day): (NaiveDate, Option<NaiveDate>),
    unit: Option<UnitId>,
) -> Result<Membership> {
    need_consent(tx, membership.person_id, membership.body_kind, membership.body_id)?;
    if membership.role == Role::Resident {
        leave_other_homes(tx, by, open, Some(membership.id))?;
    }
    membership.state = State::Active;
    membership.from_day = from_day;
    membership.to_day = to_day;
    membership.granted_by = Some(by.name.to_owned());
    let membership = store::update(tx, membership)?;
    note(tx, by, Act::RoleGranted, &membership, unit, None)?;
    Ok(membership)
}

/// Refuses what was asked for.
pub(super) fn refuse(tx: &mut Tx<'_>, by: By<'_>, asked: Step, reason: Option<&str>) -> Result<Membership> {
    let (mut membership, _) = asked.locked(tx, by, State::Refused)?;
    membership.state = State::Refused;
    membership.granted_by = Some(by.name.to_owned());
    membership.reason = reason.map(str::to_owned);
    let membership = store::update(tx, membership)?;
    note(tx, by, Act::RoleRefused, &membership, asked.unit, reason)?;
    Ok(membership)
}

/// Ends a role at once, or takes back a request.
pub(super) fn end_one(tx: &mut Tx<'_>, by: By<'_>, asked: Step, reason: Option<&str>) -> Result<Membership> {
    let (membership, _) = asked.locked(tx, by, State::Ended)?;
    end(tx, by, membership, asked.unit, reason)
}

/// Ends a role of somebody whom this transaction has locked. Who moves out leaves the
/// household there.
fn end(
    tx: &mut Tx<'_>,
    by: By<'_>,
    membership: Membership,
    unit: Option<UnitId>,
    reason: Option<&str>,
) -> Result<Membership> {
    if membership.role == Role::Resident && membership.state == State::Active {
        households::leave(tx, membership.person_id)?;
    }
    close(tx, by, membership, unit, reason)
}

fn close(
    tx: &mut Tx<'_>,
    by: By<'_>,
    membership: Membership,
    unit: Option<UnitId>,
    reason: Option<&str>,
) -> Result<Membership> {
    // Who had only asked has lost nothing.
    let was_granted = membership.state == State::Active;
    let membership = close_untold(tx, by, membership, unit, reason)?;
    if was_granted {
        telling::tell(tx, by, Act::RoleEnded, &membership)?;
    }
    Ok(membership)
}

fn close_untold(
    tx: &mut Tx<'_>,
    by: By<'_>,
    mut membership: Membership,
    unit: Option<UnitId>,
    reason: Option<&str>,
) -> Result<Membership> {
    membership.state = State::Ended;
    membership.ended_by = Some(by.name.to_owned());
    membership.reason = reason.map(str::to_owned);
    let membership = store::update(tx, membership)?;
    record(tx, by, Act::RoleEnded, &membership, unit, reason)?;
    Ok(membership)
}

/// Where somebody lives today, who is locked and so lives there until the transaction ends.
pub fn home_locked(tx: &mut Tx<'_>, person: PersonId, today: NaiveDate) -> Result<Option<UnitId>> {
    let open = store::load_of_locked(tx, person, today)?;
    let home = open
        .iter()
        .find(|one| one.role == Role::Resident && one.counts_on(today));
    Ok(home.map(|home| UnitId::from_uuid(home.body_id)))
}

/// Ends a person's open role at a body; whether there was one.
pub fn end_at(tx: &mut Tx<'_>, by: By<'_>, of: &NewMembership, reason: Option<&str>) -> Result<bool> {
    let open = store::load_of_locked(tx, of.person, by.today)?;
    let found = open.into_iter().find(|one| of.is_same_role(one));
    let was_there = found.is_some();
    if let Some(membership) = found {
        end(tx, by, membership, of.unit, reason)?;
    }
    Ok(was_there)
}

/// Ends whatever anybody holds or has asked for at a body that is closed.
pub fn end_all_at(tx: &mut Tx<'_>, by: By<'_>, body: Uuid, at: At, reason: Option<&str>) -> Result<()> {
    for membership in locked_at(tx, by, body)? {
        let unit = at.seen_from(&membership);
        end(tx, by, membership, unit, reason)?;
    }
    Ok(())
}

/// Ends all that somebody holds or has asked for, or only what is at bodies whose members
/// are nobody's business.
pub fn end_all_of(tx: &mut Tx<'_>, by: By<'_>, person: PersonId, closed_circles_only: bool) -> Result<()> {
    for membership in store::load_of_locked(tx, person, by.today)? {
        let at = bodies::place_of(tx, membership.body_kind, membership.body_id)?;
        if closed_circles_only && !at.is_some_and(|at| at.is_closed_circle) {
            continue;
        }
        let unit = at.and_then(|at| at.seen_from(&membership));
        end(tx, by, membership, unit, None)?;
    }
    Ok(())
}

/// Takes back what somebody asked for, as long as nobody has answered.
pub fn take_back(tx: &mut Tx<'_>, by: By<'_>, person: PersonId, id: MembershipId) -> Result<()> {
    let open = store::load_of_locked(tx, person, by.today)?;
    let asked = open
        .into_iter()
        .find(|one| one.id == id && one.state == State::Requested);
    let asked = asked.ok_or_else(|| {
        Error::because(
            Reason::StateConflict,
            "该申请已有答复或已撤回。",
            "It was answered or taken back already.",
        )
    })?;
    let at = bodies::place_of(tx, asked.body_kind, asked.body_id)?;
    let unit = at.and_then(|at| at.seen_from(&asked));
    end(tx, by, asked, unit, None).map(drop)
}

/// Makes the residents of a unit, and those who ask to be, the residents of another that
/// takes its place; every office at it ends.
pub fn carry_over(tx: &mut Tx<'_>, by: By<'_>, from: UnitId, to: UnitId, reason: &str) -> Result<()> {
    for membership in locked_at(tx, by, from.uuid())? {
        let is_resident = membership.role == Role::Resident;
        if !is_resident {
            close(tx, by, membership, Some(from), Some(reason))?;
            continue;
        }
        let was = close_untold(tx, by, membership.clone(), Some(from), Some(reason))?;
        let mut open = store::load_of_locked(tx, was.person_id, by.today)?;
        open.retain(|one| one.role == Role::Resident && one.body_id == to.uuid());
        let (now, granted) = (clock::now(), membership.state == State::Active);
        match open.into_iter().next() {
            // Who lives here and asked to live there lives there now.
            Some(asked) if granted && asked.state == State::Requested => {
                let confirmed = Membership {
                    state: State::Active,
                    from_day: membership.from_day,
                    to_day: membership.to_day,
                    granted_by: membership.granted_by,
                    ..asked
                };
                let confirmed = store::update(tx, confirmed)?;
                record(tx, by, Act::RoleGranted, &confirmed, Some(to), Some(reason))?;
                telling::tell_moved(tx, &confirmed)?;
                continue;
            }
            Some(_) => continue,
            None => {}
        }
        let carried = Membership {
            id: MembershipId::new(),
            body_id: to.uuid(),
            created_at: now,
            updated_at: now,
            version: 1,
            ..membership
        };
        store::insert(tx, &carried)?;
        let act = if granted { Act::RoleGranted } else { Act::RoleRequested };
        record(tx, by, act, &carried, Some(to), Some(reason))?;
        if granted {
            telling::tell_moved(tx, &carried)?;
        }
    }
    Ok(())
}

/// The open memberships at a body, with everybody who holds one locked.
fn locked_at(tx: &mut Tx<'_>, by: By<'_>, body: Uuid) -> Result<Vec<Membership>> {
    let wanted = Wanted {
        bodies: vec![body],
        most: i64::MAX,
        ..Wanted::default()
    };
    let mut found = store::load_at(tx, &wanted)?;
    found.retain(|one| one.state.may_become(State::Ended));
    // All who lock several persons lock them in this order.
    found.sort_by_key(|one| one.person_id);
    let mut open = Vec::new();
    for one in found {
        let of_person = store::load_of_locked(tx, one.person_id, by.today)?;
        // They may have given it up themselves in the meantime.
        open.extend(of_person.into_iter().filter(|still| still.id == one.id));
    }
    Ok(open)
}

/// Ends the plain membership of somebody who gets a named office of the organisation, so
/// that whoever names them is not told whether they were a member.
pub fn end_untitled(tx: &mut Tx<'_>, by: By<'_>, new: &NewMembership, at: At) -> Result<()> {
    let open = store::load_of_locked(tx, new.person, by.today)?;
    let plain = open
        .into_iter()
        .find(|one| new.is_same_role(one) && one.title.is_none());
    if let Some(plain) = plain {
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
    /// The membership, and all that its person holds, locked; unless it cannot become
    /// that any more: of two who decide at once, one is told so.
    fn locked(self, tx: &mut Tx<'_>, by: By<'_>, next: State) -> Result<(Membership, Vec<Membership>)> {
        let open = store::load_of_locked(tx, self.person, by.today)?;
        let membership = store::load_one(tx, self.id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        if membership.state.may_become(next) {
            return Ok((membership, open));
        }
        Err(Error::because(
            Reason::StateConflict,
            "该申请或身份已有人处理。",
            format!("This was decided already; it is {}.", membership.state.name()),
        ))
    }
}

/// Somebody has one home: who moves in somewhere moves out elsewhere.
fn leave_other_homes(tx: &mut Tx<'_>, by: By<'_>, open: Vec<Membership>, but: Option<MembershipId>) -> Result<()> {
    for home in open {
        let is_home = home.role == Role::Resident && home.state == State::Active;
        if is_home && Some(home.id) != but {
            let unit = UnitId::from_uuid(home.body_id);
            end(tx, by, home, Some(unit), Some("moved"))?;
        }
    }
    Ok(())
}

/// Who is of a party branch has agreed that this is kept. The person is locked.
fn need_consent(tx: &mut Tx<'_>, person: PersonId, kind: BodyKind, body: Uuid) -> Result<()> {
    let at = match kind {
        BodyKind::Organisation => bodies::place_of(tx, kind, body)?,
        BodyKind::Unit | BodyKind::Department => None,
    };
    match at {
        Some(at) if at.is_closed_circle => consents::need(tx, person, &PARTY_MEMBERSHIP),
        _ => Ok(()),
    }
}

/// A unit that stays open takes members. Other bodies are held by whoever changes them.
fn hold_body(tx: &mut Tx<'_>, kind: BodyKind, body: Uuid) -> Result<()> {
    match kind {
        BodyKind::Unit => unit_store::hold_open(tx, UnitId::from_uuid(body)).map(drop),
        BodyKind::Organisation | BodyKind::Department => Ok(()),
    }
}

/// Writes it into the audit, and tells the person.
fn note(
    tx: &mut Tx<'_>,
    by: By<'_>,
    act: Act,
    membership: &Membership,
    unit: Option<UnitId>,
    reason: Option<&str>,
) -> Result<()> {
    record(tx, by, act, membership, unit, reason)?;
    telling::tell(tx, by, act, membership)
}

fn record(
    tx: &mut Tx<'_>,
    by: By<'_>,
    act: Act,
    membership: &Membership,
    unit: Option<UnitId>,
    reason: Option<&str>,
) -> Result<()> {
    audit::record(
        tx,
        &Entry {
            actor: by.name,
            act,
            person: Some(membership.person_id),
            role: Some(membership.role),
            body: Some((membership.body_kind, membership.body_id)),
            unit,
            reason,
        },
    )
}
