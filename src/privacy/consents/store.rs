//! The table of consents.

use diesel::prelude::*;

use super::model::{ConsentId, Given, Matter};
use crate::clock::{self, Timestamp};
use crate::db::schema::consent as table;
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::identity::{PersonId, lock_person};

type Columns = (ConsentId, String, i64, Timestamp, Option<Timestamp>);

/// All consents of somebody, the newest first.
///
/// # Errors
/// Where the database fails.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Given>> {
    let rows: Vec<Columns> = table::table
        .filter(table::person_id.eq(person))
        .select((
            table::id,
            table::matter,
            table::version,
            table::given_at,
            table::withdrawn_at,
        ))
        .order((table::given_at.desc(), table::id.desc()))
        .load(conn)?;
    let given = |(id, matter, version, given_at, withdrawn_at)| Given {
        id,
        matter,
        version,
        given_at,
        withdrawn_at,
    };
    Ok(rows.into_iter().map(given).collect())
}

fn version_of(conn: &mut Conn, person: PersonId, matter: &Matter) -> Result<Option<i64>> {
    let open = table::table
        .filter(table::person_id.eq(person))
        .filter(table::matter.eq(matter.name))
        .filter(table::withdrawn_at.is_null());
    Ok(open.select(table::version).first(conn).optional()?)
}

/// Refuses unless somebody agrees to this, in the wording of now. Whoever asks has locked
/// the person, so that the consent is not taken back meanwhile.
///
/// # Errors
/// Where they do not agree, or the database fails.
pub fn need(tx: &mut Tx<'_>, person: PersonId, matter: &Matter) -> Result<()> {
    match version_of(tx, person, matter)? {
        Some(version) if version == matter.version => Ok(()),
        _ => Err(Error::refused(Reason::ConsentNeeded)),
    }
}

/// Somebody agrees, to the wording of now.
///
/// # Errors
/// Where there is no such person, or the database fails.
pub fn give(tx: &mut Tx<'_>, person: PersonId, matter: &Matter) -> Result<()> {
    lock_person(tx, person)?;
    let now = clock::now();
    match version_of(tx, person, matter)? {
        Some(version) if version == matter.version => return Ok(()),
        Some(_) => close(tx, person, Some(matter.name), now)?,
        None => {}
    }
    diesel::insert_into(table::table)
        .values((
            table::id.eq(ConsentId::new()),
            table::person_id.eq(person),
            table::matter.eq(matter.name),
            table::version.eq(matter.version),
            table::given_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Somebody takes a consent back. Whether there was one.
pub(super) fn withdraw(tx: &mut Tx<'_>, person: PersonId, matter: &Matter) -> Result<bool> {
    lock_person(tx, person)?;
    let was_given = version_of(tx, person, matter)?.is_some();
    if was_given {
        close(tx, person, Some(matter.name), clock::now())?;
    }
    Ok(was_given)
}

/// Whoever is erased agrees to nothing any more.
///
/// # Errors
/// Where the database fails.
pub fn withdraw_all(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    close(tx, person, None, clock::now())
}

fn close(tx: &mut Tx<'_>, person: PersonId, matter: Option<&str>, now: Timestamp) -> Result<()> {
    let open = table::table
        .filter(table::person_id.eq(person))
        .filter(table::withdrawn_at.is_null());
    let closed = table::withdrawn_at.eq(now);
    match matter {
        Some(matter) => diesel::update(open.filter(table::matter.eq(matter)))
            .set(closed)
            .execute(&mut **tx)?,
        None => diesel::update(open).set(closed).execute(&mut **tx)?,
    };
    Ok(())
}
