//! What becomes of requests to see many numbers.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::model::{Reveal, RevealId, RevealState};
use super::store;
use crate::clock;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::audit::{self, Act, Entry};
use crate::grid::members::{BodyKind, Membership, MembershipId, State, load_many};
use crate::grid::model::UnitId;
use crate::grid::tree::Tree;
use crate::identity::{People, PersonId, PersonRef};
use crate::language::Words;
use crate::live::inbox::{self, Letter};

/// Asks to see the numbers of these members of a unit and of those below it. All that are
/// none are named.
pub(super) fn ask(
    tx: &mut Tx<'_>,
    tree: &Tree,
    today: NaiveDate,
    (unit_id, asked_by): (UnitId, PersonId),
    memberships: &[MembershipId],
    reason: &str,
) -> Result<Reveal> {
    let found = load_many(tx, memberships)?;
    let seen: HashSet<MembershipId> = found
        .iter()
        .filter(|one| is_member(one, tree, unit_id, today))
        .map(|one| one.id)
        .collect();
    let faults: Vec<FieldError> = memberships
        .iter()
        .enumerate()
        .filter(|(_, id)| !seen.contains(id))
        .map(|(number, _)| {
            FieldError::body(
                format!("/memberships/{number}"),
                "not_a_member",
                "不是该单元现有的成员。",
                "This is no member of the unit today.",
            )
        })
        .collect();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let reveal = Reveal {
        id: RevealId::new(),
        unit_id,
        asked_by,
        reason: reason.to_owned(),
        asked_at: clock::now(),
        decided_by: None,
        decided_at: None,
        state: RevealState::Requested,
        memberships: memberships.to_vec(),
    };
    store::insert(tx, &reveal)?;
    note(tx, Act::NumbersAsked, &reveal, asked_by)?;
    Ok(reveal)
}

fn is_member(one: &Membership, tree: &Tree, unit: UnitId, today: NaiveDate) -> bool {
    let is_open = matches!(one.state_on(today), State::Requested | State::Active);
    is_open && one.body_kind == BodyKind::Unit && tree.is_within(UnitId::from_uuid(one.body_id), unit)
}

/// The second person answers; whoever asked is told.
pub(super) fn decide(tx: &mut Tx<'_>, id: RevealId, by: PersonId, state: RevealState) -> Result<Reveal> {
    let reveal = store::load_locked(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    if reveal.asked_by == by {
        return Err(Error::refused(Reason::SecondPersonNeeded));
    }
    expect(&reveal, RevealState::Requested)?;
    store::decide(tx, id, by, state)?;
    let (act, kind) = match state {
        RevealState::Approved => (Act::NumbersApproved, "numbers_approved"),
        _ => (Act::NumbersRefused, "numbers_refused"),
    };
    note(tx, act, &reveal, by)?;
    let count = reveal.memberships.len().to_string();
    let letter = Letter {
        kind,
        about: Some(("reveal", id.to_string())),
        words: vec![("count", Words::new(count.clone(), count))],
    };
    inbox::write_to(tx, reveal.asked_by.uuid(), &letter)?;
    store::load(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))
}

/// A member with their number.
pub(super) struct Seen {
    /// The membership.
    pub membership: Membership,
    /// Who, masked.
    pub person: Option<PersonRef>,
    /// The whole number.
    pub phone: Option<String>,
}

/// Whoever asked is shown the numbers, this once. Who has left meanwhile is left out.
pub(super) fn fetch(
    tx: &mut Tx<'_>,
    people: &People,
    tree: &Tree,
    today: NaiveDate,
    id: RevealId,
    by: PersonId,
) -> Result<Vec<Seen>> {
    let reveal = store::load_locked(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    if reveal.asked_by != by {
        return Err(Error::refused(Reason::Forbidden));
    }
    expect(&reveal, RevealState::Approved)?;
    store::fetched(tx, id)?;
    let name = by.to_string();
    let mut found = load_many(tx, &reveal.memberships)?;
    found.retain(|one| is_member(one, tree, reveal.unit_id, today));
    found
        .into_iter()
        .map(|membership| {
            let entry = Entry {
                actor: &name,
                act: Act::PhoneSeen,
                person: Some(membership.person_id),
                role: Some(membership.role),
                body: Some((membership.body_kind, membership.body_id)),
                unit: Some(reveal.unit_id),
                reason: Some(&reveal.reason),
            };
            audit::record(tx, &entry)?;
            let phone = people.reveal_phone(tx, membership.person_id)?;
            Ok(Seen {
                person: one_person(tx, people, membership.person_id)?,
                phone: phone.map(|phone| phone.reveal().to_owned()),
                membership,
            })
        })
        .collect()
}

fn one_person(conn: &mut Conn, people: &People, id: PersonId) -> Result<Option<PersonRef>> {
    Ok(people.load_people(conn, &[id])?.remove(&id))
}

fn expect(reveal: &Reveal, state: RevealState) -> Result<()> {
    let stands = reveal.state_at(clock::now());
    if stands == state {
        return Ok(());
    }
    Err(Error::because(
        Reason::StateConflict,
        "该申请已处理、已取用或已过期。",
        format!("This request is {}.", stands.name()),
    ))
}

fn note(tx: &mut Tx<'_>, act: Act, reveal: &Reveal, by: PersonId) -> Result<()> {
    let body = (BodyKind::Unit, reveal.unit_id.uuid());
    let name = by.to_string();
    audit::record(
        tx,
        &Entry::of_body(&name, act, body, reveal.unit_id, Some(&reveal.reason)),
    )
}
