//! The tables of sessions and refresh tokens.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::schema::{refresh_token, session};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::identity::model::{EndedBy, PersonId, Session, SessionId};
use crate::identity::revoked::SESSION;
use crate::identity::tokens::Signed;

/// A session as the table has it.
#[derive(Queryable, Insertable)]
#[diesel(table_name = session)]
pub(super) struct Row {
    pub id: SessionId,
    pub person_id: PersonId,
    pub method: String,
    pub device: Option<Vec<u8>>,
    pub refresh_number: i64,
    pub created_at: Timestamp,
    pub used_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<String>,
}

impl Row {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    pub const fn signed(&self) -> Signed {
        Signed {
            person: self.person_id,
            session: self.id,
        }
    }

    pub fn into_session(self, device: Option<String>) -> Result<Session> {
        let unknown = |()| Error::internal("the table has a session of an unknown method");
        Ok(Session {
            id: self.id,
            person: self.person_id,
            method: self.method.parse().map_err(unknown)?,
            device,
            created_at: self.created_at,
            used_at: self.used_at,
            expires_at: self.expires_at,
        })
    }
}

/// A refresh token as the table has it.
#[derive(Queryable)]
pub(super) struct Known {
    pub hash: Vec<u8>,
    _session_id: SessionId,
    pub number: i64,
    pub used_at: Option<Timestamp>,
}

pub(super) fn insert(tx: &mut Tx<'_>, row: &Row) -> Result<()> {
    diesel::insert_into(session::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// A session, which nobody else renews or ends until the transaction ends.
pub(super) fn load_locked(tx: &mut Tx<'_>, id: SessionId) -> Result<Option<Row>> {
    if let Conn::Postgres(conn) = &mut **tx {
        session::table
            .select(session::refresh_number)
            .find(id)
            .for_update()
            .first::<i64>(conn)
            .optional()?;
    }
    Ok(session::table.find(id).first(&mut **tx).optional()?)
}

/// The sessions of a person that go on, the one used last first.
pub(super) fn live_of(conn: &mut Conn, person: PersonId, now: Timestamp) -> Result<Vec<Row>> {
    let theirs = session::person_id.eq(person).and(session::ended_at.is_null());
    let live = session::table.filter(theirs.and(session::expires_at.gt(now)));
    Ok(live.order((session::used_at.desc(), session::id.desc())).load(conn)?)
}

/// Carries a session on.
pub(super) fn renew(tx: &mut Tx<'_>, id: SessionId, number: i64, now: Timestamp, expires_at: Timestamp) -> Result<()> {
    diesel::update(session::table.find(id))
        .set((
            session::refresh_number.eq(number),
            session::used_at.eq(now),
            session::expires_at.eq(expires_at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends a session, which all instances hear.
pub(super) fn end(tx: &mut Tx<'_>, id: SessionId, by: EndedBy, now: Timestamp) -> Result<()> {
    let going_on = session::table.filter(session::id.eq(id).and(session::ended_at.is_null()));
    let ended = diesel::update(going_on)
        .set((session::ended_at.eq(now), session::ended_by.eq(by.name())))
        .execute(&mut **tx)?;
    if ended > 0 {
        diesel::delete(refresh_token::table.filter(refresh_token::session_id.eq(id))).execute(&mut **tx)?;
        tx.changed(SESSION, id);
    }
    Ok(())
}

pub(super) fn insert_refresh_token(tx: &mut Tx<'_>, hash: &[u8], id: SessionId, number: i64) -> Result<()> {
    diesel::insert_into(refresh_token::table)
        .values((
            refresh_token::hash.eq(hash),
            refresh_token::session_id.eq(id),
            refresh_token::number.eq(number),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

pub(super) fn find_refresh_token(conn: &mut Conn, hash: &[u8]) -> Result<Option<Known>> {
    Ok(refresh_token::table.find(hash).first(conn).optional()?)
}

/// How many tokens of this number a session has.
pub(super) fn count_refresh_tokens(conn: &mut Conn, id: SessionId, number: i64) -> Result<i64> {
    let of_number = refresh_token::session_id.eq(id).and(refresh_token::number.eq(number));
    Ok(refresh_token::table.filter(of_number).count().get_result(conn)?)
}

pub(super) fn use_refresh_token(tx: &mut Tx<'_>, hash: &[u8], now: Timestamp) -> Result<()> {
    diesel::update(refresh_token::table.find(hash))
        .set(refresh_token::used_at.eq(now))
        .execute(&mut **tx)?;
    Ok(())
}

pub(super) fn forget_refresh_tokens_before(tx: &mut Tx<'_>, id: SessionId, number: i64) -> Result<()> {
    let older = refresh_token::session_id.eq(id).and(refresh_token::number.lt(number));
    diesel::delete(refresh_token::table.filter(older)).execute(&mut **tx)?;
    Ok(())
}

/// Forgets what the devices of a person are called, of all their sessions.
pub(in crate::identity) fn forget_devices(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    diesel::update(session::table.filter(session::person_id.eq(person)))
        .set(session::device.eq(None::<Vec<u8>>))
        .execute(&mut **tx)?;
    Ok(())
}

/// Forgets the sessions that ended, by themselves or otherwise, before this; how many.
pub(in crate::identity) fn forget_before(conn: &mut Conn, before: Timestamp) -> Result<usize> {
    let ended = session::table.filter(session::ended_at.lt(before)).select(session::id);
    let mut ids: Vec<SessionId> = ended.load(conn)?;
    let ran_out = session::table
        .filter(session::expires_at.lt(before))
        .select(session::id);
    ids.extend(ran_out.load::<SessionId>(conn)?);
    let mut forgotten = 0;
    for some in ids.chunks(1000) {
        diesel::delete(refresh_token::table.filter(refresh_token::session_id.eq_any(some))).execute(conn)?;
        forgotten += diesel::delete(session::table.filter(session::id.eq_any(some))).execute(conn)?;
    }
    Ok(forgotten)
}

/// The sessions that ended after this instant.
pub(in crate::identity) fn ended_since(conn: &mut Conn, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>> {
    let ended = session::table.filter(session::ended_at.gt(since));
    Ok(ended
        .select((session::id, session::ended_at.assume_not_null()))
        .load(conn)?)
}

/// Those of these sessions that ended.
pub(in crate::identity) fn ended_among(conn: &mut Conn, ids: &[SessionId]) -> Result<Vec<(SessionId, Timestamp)>> {
    let mut found = Vec::new();
    for some in ids.chunks(1000) {
        let ended = session::table.filter(session::id.eq_any(some).and(session::ended_at.is_not_null()));
        let ended = ended.select((session::id, session::ended_at.assume_not_null()));
        found.extend(ended.load::<(SessionId, Timestamp)>(conn)?);
    }
    Ok(found)
}
