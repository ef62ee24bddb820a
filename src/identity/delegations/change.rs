//! What becomes of delegations.

use uuid::Uuid;

use super::model::{Delegation, DelegationId, LONGEST_DAYS, MOST_GIVEN, MOST_HELD, ScopeName, WAITS_S, Way};
use super::store;
use crate::clock::{self, Timestamp};
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Acting, ActsBy};
use crate::identity::desk;
use crate::identity::model::PersonId;
use crate::identity::people::lock_person;
use crate::live::inbox::{self, Letter};

/// For whom somebody acts by what they show: the id of a delegation or of a desk session.
/// Whether they may still serve at that desk is for whoever asks.
///
/// # Errors
/// Where it is none of theirs, is over, or does not cover the scope.
pub fn admit(conn: &mut Conn, agent: PersonId, shown: &str, scope: &str, today: i64) -> Result<Acting> {
    let refused = || Error::refused(Reason::NotDelegated);
    if let Ok(id) = shown.parse() {
        let session = desk::session_of(conn, id, agent)?.ok_or_else(refused)?;
        return Ok(Acting {
            by: ActsBy::Desk {
                session: id.uuid(),
                unit: session.unit_id,
            },
            principal: session.person_id.uuid(),
        });
    }
    let id: DelegationId = shown.parse().map_err(|_| refused())?;
    let found = store::load(conn, id)?.filter(|one| one.agent_id == agent);
    let found = found.filter(|one| one.counts_on(today) && one.covers(scope));
    let principal = found.and_then(|one| one.principal_id).ok_or_else(refused)?;
    Ok(Acting {
        by: ActsBy::Delegation(id.uuid()),
        principal: principal.uuid(),
    })
}

/// The same within a transaction, in which it stays so: what was ended since the request
/// came gives no right any more.
pub(super) fn still(tx: &mut Tx<'_>, acting: Acting, today: i64) -> Result<()> {
    let is_good = match acting.by {
        ActsBy::Delegation(id) => {
            store::load_locked(tx, DelegationId::from_uuid(id))?.is_some_and(|one| one.counts_on(today))
        }
        ActsBy::Desk { session, .. } => desk::is_open_locked(tx, session)?,
    };
    match is_good {
        true => Ok(()),
        false => Err(Error::refused(Reason::NotDelegated)),
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub(in crate::identity) struct Terms {
    pub agent: PersonId,
    pub scopes: Vec<ScopeName>,
    pub until_day: i64,
}

impl Terms {
    fn begun(&self, way: Way) -> Delegation {
        Delegation {
            id: DelegationId::new(),
            principal_id: None,
            agent_id: self.agent,
            scopes: self.scopes.clone(),
            until_day: self.until_day,
            way,
            asked_at: clock::now(),
            confirmed_at: None,
            ended_at: None,
            proposed_by: None,
            countersigned_by: None,
            unit_id: None,
        }
    }
}

/// Refuses a last day that is over, or too far away.
pub(in crate::identity) fn check_until(until_day: i64, today: i64) -> Result<()> {
    if (today..=today + LONGEST_DAYS).contains(&until_day) {
        return Ok(());
    }
    Err(Error::field(FieldError::body(
        "/until",
        "range",
        "应为今天起一年以内的日期。",
        "It takes a day from today on, within a year.",
    )))
}

/// Somebody asks to act for another; it counts when that person's code is said.
pub(super) fn ask(tx: &mut Tx<'_>, terms: &Terms) -> Result<DelegationId> {
    let one = terms.begun(Way::Code);
    store::insert(tx, &one)?;
    Ok(one.id)
}

/// The one that waits for its code; not for whoever is not its agent, nor for ever.
pub(super) fn waiting(tx: &mut Tx<'_>, id: DelegationId, agent: PersonId) -> Result<Delegation> {
    let found = store::load_locked(tx, id)?.filter(|one| one.agent_id == agent && one.way == Way::Code);
    let one = found.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let too_late = Timestamp::from_micros(one.asked_at.micros() + WAITS_S * 1_000_000);
    if one.confirmed_at.is_some() || one.ended_at.is_some() || clock::now() > too_late {
        return Err(Error::because(
            Reason::StateConflict,
            "该授权已办理、已取消或已过期，请重新申请。",
            "This was answered, ended or is too old; ask anew.",
        ));
    }
    Ok(one)
}

/// It counts from now on, and the principal is told.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    one: &Delegation,
    principal: PersonId,
    countersigned_by: Option<PersonId>,
    today: i64,
) -> Result<()> {
    if principal == one.agent_id {
        return Err(Error::because(
            Reason::StateConflict,
            "不能授权给自己。",
            "Nobody acts for themselves.",
        ));
    }
    // In the order of their ids, as everybody locks persons.
    let mut both = [principal, one.agent_id];
    both.sort_unstable();
    for person in both {
        lock_person(tx, person)?;
    }
    let counts = |all: Vec<Delegation>, is_theirs: &dyn Fn(&Delegation) -> bool| {
        all.iter().filter(|one| one.counts_on(today) && is_theirs(one)).count()
    };
    let held = counts(store::of_person(tx, one.agent_id)?, &|other| {
        other.agent_id == one.agent_id
    });
    let given = counts(store::of_person(tx, principal)?, &|other| {
        other.principal_id == Some(principal)
    });
    if held >= MOST_HELD || given >= MOST_GIVEN {
        return Err(Error::because(
            Reason::StateConflict,
            "有效授权过多，请先终止不用的授权。",
            "There are as many delegations as one may have; end some first.",
        ));
    }
    store::confirm(tx, one.id, principal, countersigned_by)?;
    tell(tx, principal, "delegation_begun", one.id)
}

/// One of the staff proposes a delegation for whoever is at their desk.
pub(in crate::identity) fn propose(
    tx: &mut Tx<'_>,
    terms: &Terms,
    principal: PersonId,
    proposed_by: PersonId,
    unit: Uuid,
) -> Result<DelegationId> {
    if principal == terms.agent {
        return Err(Error::because(
            Reason::StateConflict,
            "不能授权给自己。",
            "Nobody acts for themselves.",
        ));
    }
    let one = Delegation {
        principal_id: Some(principal),
        proposed_by: Some(proposed_by),
        unit_id: Some(unit),
        ..terms.begun(Way::Desk)
    };
    store::insert(tx, &one)?;
    Ok(one.id)
}

/// A second one of the staff countersigns it.
pub(super) fn countersign(tx: &mut Tx<'_>, id: DelegationId, by: PersonId, today: i64) -> Result<Delegation> {
    let found = store::load_locked(tx, id)?.filter(|one| one.way == Way::Desk);
    let one = found.ok_or_else(|| Error::refused(Reason::NotFound))?;
    if one.proposed_by == Some(by) {
        return Err(Error::refused(Reason::SecondPersonNeeded));
    }
    if one.confirmed_at.is_some() || one.ended_at.is_some() {
        return Err(Error::because(
            Reason::StateConflict,
            "该授权已办理或已取消。",
            "This was countersigned or ended already.",
        ));
    }
    let principal = one.principal_id.ok_or_else(|| Error::refused(Reason::NotFound))?;
    begin(tx, &one, principal, Some(by), today)?;
    Ok(one)
}

/// A guardian acts for a child in everything, until a day.
pub(in crate::identity) fn guard(
    tx: &mut Tx<'_>,
    child: PersonId,
    guardian: PersonId,
    until_day: i64,
    by: PersonId,
) -> Result<()> {
    let terms = Terms {
        agent: guardian,
        scopes: ScopeName::ALL.to_vec(),
        until_day,
    };
    let one = Delegation {
        principal_id: Some(child),
        proposed_by: Some(by),
        confirmed_at: Some(clock::now()),
        ..terms.begun(Way::Guardian)
    };
    store::insert(tx, &one)?;
    tell(tx, guardian, "guardian_begun", one.id)
}

/// Either side ends it; the other is told. Others are not told that it is there.
pub(super) fn end(tx: &mut Tx<'_>, id: DelegationId, by: PersonId) -> Result<()> {
    let found = store::load_locked(tx, id)?;
    let one = found.filter(|one| one.agent_id == by || one.principal_id == Some(by));
    let one = one.ok_or_else(|| Error::refused(Reason::NotFound))?;
    if one.ended_at.is_some() {
        return Ok(());
    }
    if one.way == Way::Guardian {
        return Err(Error::because(
            Reason::StateConflict,
            "监护关系请到社区窗口办理。",
            "Guardianship is changed at the community's desk.",
        ));
    }
    store::end(tx, id)?;
    let other = match one.principal_id {
        Some(principal) if principal != by => Some(principal),
        _ => Some(one.agent_id).filter(|agent| *agent != by),
    };
    match other.filter(|_| one.confirmed_at.is_some()) {
        Some(other) => tell(tx, other, "delegation_ended", id),
        None => Ok(()),
    }
}

/// Ends whatever somebody gave or holds: they are erased.
///
/// # Errors
/// Where the database fails.
pub fn end_all_of(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    for one in store::of_person(tx, person)? {
        store::end(tx, one.id)?;
    }
    Ok(())
}

fn tell(tx: &mut Tx<'_>, person: PersonId, kind: &'static str, id: DelegationId) -> Result<()> {
    let letter = Letter {
        kind,
        about: Some(("delegation", id.to_string())),
        words: Vec::new(),
    };
    inbox::write_to(tx, person.uuid(), &letter)?;
    Ok(())
}
