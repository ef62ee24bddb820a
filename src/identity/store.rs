//! The persons' tables.

use diesel::prelude::*;

use super::model::{PersonId, SessionId};
use super::seal::Wrapped;
use crate::clock::Timestamp;
use crate::db::schema::{person, person_key, session};
use crate::db::{Conn, Tx};
use crate::error::Result;

/// How many ids are asked for in one statement.
const AT_ONCE: usize = 1000;

/// A person as the table has it: sealed.
#[derive(Queryable, Insertable, Selectable)]
#[diesel(table_name = person)]
pub(super) struct PersonRow {
    pub id: PersonId,
    pub name: Option<Vec<u8>>,
    pub phone: Option<Vec<u8>>,
    pub phone_hash: Option<Vec<u8>>,
    pub wechat: Option<Vec<u8>>,
    pub wechat_hash: Option<Vec<u8>>,
    pub language: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
    pub erased_at: Option<Timestamp>,
}

/// A person's key as the table has it: wrapped.
#[derive(Queryable, Insertable, Selectable)]
#[diesel(table_name = person_key)]
pub(super) struct KeyRow {
    pub person_id: PersonId,
    pub master: String,
    pub bytes: Vec<u8>,
}

impl KeyRow {
    pub fn wrapped(self) -> Wrapped {
        Wrapped {
            master: self.master,
            bytes: self.bytes,
        }
    }
}

/// Whose number has this hash.
pub(super) fn find_by_phone(conn: &mut Conn, hash: &[u8]) -> Result<Option<PersonId>> {
    let row = person::table.filter(person::phone_hash.eq(hash)).select(person::id);
    Ok(row.first(conn).optional()?)
}

/// These persons with their keys; an erased one has none.
pub(super) fn load_people(conn: &mut Conn, ids: &[PersonId]) -> Result<Vec<(PersonRow, Option<KeyRow>)>> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let rows = person::table
            .left_join(person_key::table)
            .filter(person::id.eq_any(some))
            .select((PersonRow::as_select(), Option::<KeyRow>::as_select()));
        found.extend(rows.load::<(PersonRow, Option<KeyRow>)>(conn)?);
    }
    Ok(found)
}

/// A person's key.
pub(super) fn load_key(conn: &mut Conn, id: PersonId) -> Result<Option<KeyRow>> {
    Ok(person_key::table.find(id).first(conn).optional()?)
}

/// Writes a new person and their key.
pub(super) fn insert_person(tx: &mut Tx<'_>, row: &PersonRow, key: &Wrapped) -> Result<()> {
    diesel::insert_into(person::table).values(row).execute(&mut **tx)?;
    diesel::insert_into(person_key::table)
        .values((
            person_key::person_id.eq(row.id),
            person_key::master.eq(&key.master),
            person_key::bytes.eq(&key.bytes),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The kind under which the end of sessions is followed.
pub(super) const SESSION: &str = "session";

/// The sessions that ended after this instant.
pub(super) fn ended_since(conn: &mut Conn, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>> {
    let ended = session::table.filter(session::ended_at.gt(since));
    Ok(ended
        .select((session::id, session::ended_at.assume_not_null()))
        .load(conn)?)
}

/// Those of these sessions that ended.
pub(super) fn ended_among(conn: &mut Conn, ids: &[SessionId]) -> Result<Vec<(SessionId, Timestamp)>> {
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let ended = session::table.filter(session::id.eq_any(some).and(session::ended_at.is_not_null()));
        let ended = ended.select((session::id, session::ended_at.assume_not_null()));
        found.extend(ended.load::<(SessionId, Timestamp)>(conn)?);
    }
    Ok(found)
}
