//! The persons' tables.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};

use super::model::PersonId;
use super::seal::Wrapped;
use crate::clock::Timestamp;
use crate::db::schema::{key_mark, person, person_key};
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
    pub birth_year: Option<Vec<u8>>,
    pub card: Option<Vec<u8>>,
    pub card_hash: Option<Vec<u8>>,
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
    pub fn wrapped(&self) -> Wrapped {
        Wrapped {
            master: self.master.clone(),
            bytes: self.bytes.clone(),
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

/// Those of these persons who have a key of their own.
pub(super) fn with_key(conn: &mut Conn, ids: &[PersonId]) -> Result<Vec<PersonId>> {
    let found = person_key::table.filter(person_key::person_id.eq_any(ids));
    Ok(found.select(person_key::person_id).load(conn)?)
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

/// To whom the WeChat account of this hash is tied.
pub(super) fn find_by_wechat(conn: &mut Conn, hash: &[u8]) -> Result<Option<PersonId>> {
    let row = person::table.filter(person::wechat_hash.eq(hash)).select(person::id);
    Ok(row.first(conn).optional()?)
}

/// The version of a person, which nobody else changes until the transaction ends. Rows
/// that name the person may be added meanwhile. None where they are erased.
pub(super) fn lock(tx: &mut Tx<'_>, id: PersonId) -> Result<Option<i64>> {
    let there = person::table.find(id).filter(person::erased_at.is_null());
    let version = there.select(person::version);
    let found = match &mut **tx {
        Conn::Postgres(conn) => version.for_no_key_update().first(conn),
        Conn::Sqlite(conn) => version.first(conn),
    };
    Ok(found.optional()?)
}

/// Changes what is given; the version grows either way.
pub(super) fn change(
    tx: &mut Tx<'_>,
    id: PersonId,
    name: Option<Vec<u8>>,
    language: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    diesel::update(person::table.find(id))
        .set((
            name.map(|name| person::name.eq(name)),
            language.map(|language| person::language.eq(language)),
            person::updated_at.eq(now),
            person::version.eq(person::version + 1),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whose household card has the number of this hash.
pub(super) fn find_by_card(conn: &mut Conn, hash: &[u8]) -> Result<Option<PersonId>> {
    let row = person::table.filter(person::card_hash.eq(hash)).select(person::id);
    Ok(row.first(conn).optional()?)
}

/// Gives a person a phone, sealed and hashed.
pub(super) fn set_phone(
    tx: &mut Tx<'_>,
    id: PersonId,
    sealed: Vec<u8>,
    hash: Vec<u8>,
    now: Timestamp,
) -> std::result::Result<usize, diesel::result::Error> {
    diesel::update(person::table.find(id))
        .set((
            person::phone.eq(sealed),
            person::phone_hash.eq(hash),
            person::updated_at.eq(now),
            person::version.eq(person::version + 1),
        ))
        .execute(&mut **tx)
}

/// Writes the year in which a person was born, sealed.
pub(super) fn set_birth_year(tx: &mut Tx<'_>, id: PersonId, sealed: Vec<u8>) -> Result<()> {
    diesel::update(person::table.find(id))
        .set(person::birth_year.eq(sealed))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ties a WeChat account, sealed and hashed, or unties it.
pub(super) fn set_wechat(
    tx: &mut Tx<'_>,
    id: PersonId,
    wechat: Option<(Vec<u8>, Vec<u8>)>,
    now: Timestamp,
) -> Result<()> {
    let (sealed, hash) = wechat.unzip();
    diesel::update(person::table.find(id))
        .set((
            person::wechat.eq(sealed),
            person::wechat_hash.eq(hash),
            person::updated_at.eq(now),
            person::version.eq(person::version + 1),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes from a person all that leads to them, and their key.
pub(super) fn erase(tx: &mut Tx<'_>, id: PersonId, now: Timestamp) -> Result<()> {
    diesel::delete(person_key::table.find(id)).execute(&mut **tx)?;
    let nothing = None::<Vec<u8>>;
    diesel::update(person::table.find(id))
        .set((
            person::name.eq(&nothing),
            person::phone.eq(&nothing),
            person::phone_hash.eq(&nothing),
            person::wechat.eq(&nothing),
            person::wechat_hash.eq(&nothing),
            person::birth_year.eq(&nothing),
            person::card.eq(&nothing),
            person::card_hash.eq(&nothing),
            person::updated_at.eq(now),
            person::version.eq(person::version + 1),
            person::erased_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Up to `most` keys that are wrapped under another master key than this one.
pub(super) fn keys_to_rewrap(conn: &mut Conn, master: &str, most: i64) -> Result<Vec<KeyRow>> {
    let others = person_key::table.filter(person_key::master.ne(master));
    Ok(others.order(person_key::person_id).limit(most).load(conn)?)
}

/// Puts another wrapping in place of the one that was read; a key that was deleted
/// meanwhile stays so.
pub(super) fn rewrap(tx: &mut Tx<'_>, id: PersonId, before: &str, wrapped: &Wrapped) -> Result<usize> {
    let row = person_key::person_id.eq(id).and(person_key::master.eq(before));
    Ok(diesel::update(person_key::table.filter(row))
        .set((
            person_key::master.eq(&wrapped.master),
            person_key::bytes.eq(&wrapped.bytes),
        ))
        .execute(&mut **tx)?)
}

/// The names of the master keys that rows need.
pub(super) fn masters_in_use(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(person_key::table.select(person_key::master).distinct().load(conn)?)
}

/// The mark of a key of this name, written now where there is none.
pub(super) fn mark(tx: &mut Tx<'_>, name: &str, mark: &[u8]) -> Result<Vec<u8>> {
    // Both databases take this; the query builder has no upsert for both.
    diesel::sql_query("INSERT INTO key_mark (name, mark) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind::<Text, _>(name)
        .bind::<Binary, _>(mark)
        .execute(&mut **tx)?;
    Ok(key_mark::table.find(name).select(key_mark::mark).first(&mut **tx)?)
}
