//! What becomes of households. Persons are locked before the household, everywhere.

use chrono::NaiveDate;

use super::model::{CODE_GOOD_S, Household, HouseholdId, MOST, new_code, tidied};
use super::store;
use crate::clock::{self, Timestamp};
use crate::db::Tx;
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::members;
use crate::grid::model::UnitId;
use crate::identity::{People, PersonId};

/// Under which the hashes of codes are kept apart from others.
const PURPOSE: &str = "household";

/// Founds a household at the home of somebody, who is its head.
pub fn found(tx: &mut Tx<'_>, person: PersonId, today: NaiveDate) -> Result<HouseholdId> {
    let home = home_of(tx, person, today)?;
    store::refuse_member(tx, person)?;
    let id = store::insert(tx, home)?;
    store::begin(tx, id, person, true, clock::now())?;
    Ok(id)
}

fn home_of(tx: &mut Tx<'_>, person: PersonId, today: NaiveDate) -> Result<UnitId> {
    members::home_locked(tx, person, today)?.ok_or_else(|| {
        Error::because(
            Reason::StateConflict,
            "请先申请成为楼栋居民，经确认后再建户。",
            "Ask to be a resident of your building first; it takes a confirmed home.",
        )
    })
}

/// A code by which others at the home join, instead of the one before. Only the head
/// hands it out.
pub fn invite(tx: &mut Tx<'_>, people: &People, head: PersonId, today: NaiveDate) -> Result<(String, Timestamp)> {
    let household = of_head(tx, head, today)?;
    let code = new_code()?;
    let until = Timestamp::from_micros(clock::now().micros() + CODE_GOOD_S * 1_000_000);
    store::invite(tx, household.id, Some((people.keyed_hash(PURPOSE, &code), until)))?;
    Ok((code, until))
}

/// Somebody who lives at the same home types the code, and so agrees to be of the
/// household.
pub fn join(tx: &mut Tx<'_>, people: &People, person: PersonId, typed: &str, today: NaiveDate) -> Result<HouseholdId> {
    let home = home_of(tx, person, today)?;
    let hash = people.keyed_hash(PURPOSE, &tidied(typed));
    let found = match store::invited_by(tx, &hash)? {
        Some(id) => store::load_locked(tx, id)?,
        None => None,
    };
    let now = clock::now();
    let good = |one: &Household| one.closed_at.is_none() && one.invitation_until.is_some_and(|until| now < until);
    // The code may have been replaced while others held the household.
    let still = store::invited_by(tx, &hash)?;
    let household = found
        .filter(|one| good(one) && still == Some(one.id))
        .ok_or_else(wrong_code)?;
    store::refuse_member(tx, person)?;
    if household.unit_id != home {
        return Err(Error::because(
            Reason::StateConflict,
            "该户不在您的楼栋。",
            "This household is not at your home.",
        ));
    }
    if household.members.len() >= MOST {
        return Err(Error::because(
            Reason::StateConflict,
            "该户人数已满。",
            "This household has as many members as one may have.",
        ));
    }
    store::begin(tx, household.id, person, false, now)?;
    Ok(household.id)
}

fn wrong_code() -> Error {
    Error::field(FieldError::body(
        "/code",
        "wrong_code",
        "邀请码有误或已过期，请向户主索取新码。",
        "This code is wrong or too old; ask the head for a new one.",
    ))
}

/// Somebody leaves their household, if they are of one. The next head is who has been there
/// longest; with the last of them it is closed.
pub fn leave(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let Some(id) = store::of_person(tx, person)? else {
        return Ok(());
    };
    let household = store::load_locked(tx, id)?;
    // They may have been taken out of it in the meantime.
    let Some(household) = household.filter(|one| one.members.iter().any(|member| member.person_id == person)) else {
        return Ok(());
    };
    let (own, others): (Vec<_>, Vec<_>) = household
        .members
        .into_iter()
        .partition(|member| member.person_id == person);
    store::cease(tx, person)?;
    match others.first() {
        None => store::close(tx, id),
        Some(next) if own.iter().any(|member| member.is_head) => {
            store::cease(tx, next.person_id)?;
            store::begin(tx, id, next.person_id, true, next.joined_at)
        }
        Some(_) => Ok(()),
    }
}

/// The head takes somebody out of the household.
pub(super) fn remove(tx: &mut Tx<'_>, head: PersonId, person: PersonId, today: NaiveDate) -> Result<HouseholdId> {
    let household = of_head(tx, head, today)?;
    let other = household.members.iter().find(|member| member.person_id == person);
    match other {
        None => Err(Error::refused(Reason::NotFound)),
        Some(own) if own.is_head => Err(Error::because(
            Reason::StateConflict,
            "户主请用“退出”，或先更换户主。",
            "The head leaves, or names another head first.",
        )),
        Some(_) => {
            store::cease(tx, person)?;
            Ok(household.id)
        }
    }
}

/// The head names another head.
pub(super) fn name_head(tx: &mut Tx<'_>, head: PersonId, next: PersonId, today: NaiveDate) -> Result<HouseholdId> {
    let household = of_head(tx, head, today)?;
    let joined = |person: PersonId| {
        let found = household.members.iter().find(|member| member.person_id == person);
        found.map(|member| member.joined_at)
    };
    let (Some(own), Some(others)) = (joined(head), joined(next)) else {
        return Err(Error::field(FieldError::body(
            "/person_id",
            "not_of_the_household",
            "应为本户成员。",
            "It takes a member of the household.",
        )));
    };
    if head != next {
        store::cease(tx, head)?;
        store::cease(tx, next)?;
        store::begin(tx, household.id, head, false, own)?;
        store::begin(tx, household.id, next, true, others)?;
    }
    Ok(household.id)
}

/// The household of its head, locked. Who moved out by a day leaves it first.
fn of_head(tx: &mut Tx<'_>, person: PersonId, today: NaiveDate) -> Result<Household> {
    members::home_locked(tx, person, today)?;
    let household = match store::of_person(tx, person)? {
        Some(id) => store::load_locked(tx, id)?,
        None => None,
    };
    let own = |one: &Household| one.members.iter().find(|member| member.person_id == person).copied();
    match household.as_ref().and_then(own) {
        None => Err(Error::refused(Reason::NotFound)),
        Some(own) if !own.is_head => Err(Error::because(
            Reason::Forbidden,
            "只有户主可以这样做。",
            "Only the head does this.",
        )),
        Some(_) => household.ok_or_else(|| Error::refused(Reason::NotFound)),
    }
}
