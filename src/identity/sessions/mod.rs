//! Sessions: opened by a sign-in, carried on by refresh tokens that are good once,
//! ended by their person, by too many others, or by a stolen token.
//!
//! A refresh token is `rt_` and, in base64url, `session ‖ number ‖ 16 random bytes ‖
//! tag`; the table keeps its hash. The tag tells ours from invented ones without the
//! table, and lets a token of long ago be known for what it is: reuse. Exchanging the
//! newest token (number n) makes number n + 1. A phone that lost that answer may
//! exchange n once more while nothing of number n + 1 was used: it gets a sibling.
//! Of two siblings only one can be used; who comes with the other is a thief or was
//! robbed, and the session ends for both.

mod refresh_token;
mod store;

use std::sync::Arc;

use super::model::{EndedBy, Method, PersonId, Session, SessionId};
use super::people::{People, lock_person};
use super::tokens::{self, Signed, Tokens};
use crate::clock::{self, Timestamp};
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use refresh_token::RefreshTokens;

pub(in crate::identity) use store::{forget_before, forget_devices};

pub(super) use store::{ended_among, ended_since};

/// A session ends when its tokens were not renewed for so long, in seconds.
const IDLE_S: i64 = 30 * 86_400;
/// A session ends after this, in seconds, however it is used.
const WHOLE_S: i64 = 180 * 86_400;
/// Sessions of a person at once; one more ends the one that was idle longest.
const AT_ONCE: usize = 20;
/// For how long an exchanged token is taken once more, in seconds.
const GRACE_S: i64 = 30;
/// How often.
const SIBLINGS: i64 = 5;

/// What somebody holds who signed in.
#[derive(Debug)]
pub struct Grant {
    /// The person and the session.
    pub signed: Signed,
    /// The access token.
    pub access_token: String,
    /// For how many seconds it is good.
    pub expires_in_s: i64,
    /// The refresh token, good once.
    pub refresh_token: String,
    /// When the session ends unless it is renewed.
    pub session_expires_at: Timestamp,
}

/// All sessions.
pub struct Sessions {
    people: People,
    tokens: Arc<Tokens>,
    refresh_tokens: RefreshTokens,
}

impl Sessions {
    /// Of these people, with these tokens.
    pub fn new(people: People, tokens: Arc<Tokens>) -> Self {
        Self {
            refresh_tokens: RefreshTokens::new(people.keyring().derived("refresh tokens")),
            people,
            tokens,
        }
    }

    /// Opens a session. No other instance needs to hear of it.
    pub fn open(&self, tx: &mut Tx<'_>, person: PersonId, method: Method, device: Option<&str>) -> Result<Grant> {
        // Or they would be signed in whose account is being erased.
        lock_person(tx, person)?;
        self.make_room(tx, person)?;
        let now = clock::now();
        let id = SessionId::new();
        let key = self.people.key(tx, person)?;
        let device = device.map(|device| key.seal(&column_of(id), device)).transpose()?;
        let row = begun(id, person, method, device, now, after(now, IDLE_S));
        store::insert(tx, &row)?;
        self.grant(tx, &row)
    }

    /// A token made on the server itself: of a session that nobody can carry on, good
    /// for so many seconds, [`tokens::LONGEST_S`] at the most.
    pub fn open_by_operator(&self, tx: &mut Tx<'_>, person: PersonId, lifetime_s: i64) -> Result<(Signed, String)> {
        let now = clock::now();
        let expires_at = after(now, lifetime_s.min(tokens::LONGEST_S));
        let row = begun(SessionId::new(), person, Method::Operator, None, now, expires_at);
        store::insert(tx, &row)?;
        let signed = row.signed();
        Ok((signed, self.tokens.issue(signed, lifetime_s)?))
    }

    /// Exchanges a refresh token; none where it is not good. A token that was exchanged
    /// before ends its session, so the transaction must be committed either way.
    pub fn renew(&self, tx: &mut Tx<'_>, refresh_token: &str) -> Result<Option<Grant>> {
        let Some(token) = self.refresh_tokens.read(refresh_token) else {
            return Ok(None);
        };
        let now = clock::now();
        let Some(session) = store::load_locked(tx, token.session)?.filter(|row| row.is_live(now)) else {
            return Ok(None);
        };
        let known = store::find_refresh_token(tx, &token.hash)?;
        let newest = session.refresh_number;
        let number = match known {
            Some(known) if known.number == newest && known.used_at.is_none() => {
                store::use_refresh_token(tx, &known.hash, now)?;
                store::forget_refresh_tokens_before(tx, session.id, newest)?;
                newest + 1
            }
            Some(known) if known.number == newest - 1 && is_recent(known.used_at, now) => {
                if store::count_refresh_tokens(tx, session.id, newest)? >= SIBLINGS {
                    return self.stolen(tx, session.id);
                }
                newest
            }
            _ => return self.stolen(tx, session.id),
        };
        let expires_at = after(now, IDLE_S).min(after(session.created_at, WHOLE_S));
        store::renew(tx, session.id, number, now, expires_at)?;
        let row = store::Row {
            refresh_number: number,
            expires_at,
            ..session
        };
        self.grant(tx, &row).map(Some)
    }

    /// Ends a session of this person; false where they have no such session that goes on.
    pub fn end(&self, tx: &mut Tx<'_>, person: PersonId, id: SessionId, by: EndedBy) -> Result<bool> {
        let session = store::load_locked(tx, id)?;
        let is_theirs = session.is_some_and(|row| row.person_id == person && row.is_live(clock::now()));
        if is_theirs {
            store::end(tx, id, by, clock::now())?;
        }
        Ok(is_theirs)
    }

    /// Ends all sessions of this person but the one to keep.
    pub fn end_all(&self, tx: &mut Tx<'_>, person: PersonId, keep: Option<SessionId>, by: EndedBy) -> Result<()> {
        end_all(tx, person, keep, by)
    }

    /// The sessions of a person that go on, the one used last first.
    pub fn list(&self, conn: &mut Conn, person: PersonId) -> Result<Vec<Session>> {
        list(conn, &self.people, person)
    }

    fn grant(&self, tx: &mut Tx<'_>, row: &store::Row) -> Result<Grant> {
        let made = self.refresh_tokens.make(row.id, row.refresh_number)?;
        store::insert_refresh_token(tx, &made.hash, row.id, row.refresh_number)?;
        let signed = row.signed();
        Ok(Grant {
            signed,
            access_token: self.tokens.issue(signed, tokens::LIFETIME_S)?,
            expires_in_s: tokens::LIFETIME_S,
            refresh_token: made.text,
            session_expires_at: row.expires_at,
        })
    }

    fn make_room(&self, tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
        let now = clock::now();
        let live = store::live_of(tx, person, now)?;
        for row in live.iter().skip(AT_ONCE - 1) {
            store::end(tx, row.id, EndedBy::Crowded, now)?;
        }
        Ok(())
    }

    fn stolen(&self, tx: &mut Tx<'_>, session: SessionId) -> Result<Option<Grant>> {
        store::end(tx, session, EndedBy::Reuse, clock::now())?;
        Ok(None)
    }
}

/// The sessions of a person that go on, the one used last first.
pub(in crate::identity) fn list(conn: &mut Conn, people: &People, person: PersonId) -> Result<Vec<Session>> {
    let rows = store::live_of(conn, person, clock::now())?;
    let key = people.key(conn, person)?;
    let sessions = rows.into_iter().map(|row| {
        let device = row
            .device
            .as_ref()
            .map(|sealed| key.open(&column_of(row.id), sealed))
            .transpose()?;
        row.into_session(device)
    });
    sessions.collect()
}

/// Ends all sessions of a person but the one to keep.
pub(in crate::identity) fn end_all(
    tx: &mut Tx<'_>,
    person: PersonId,
    keep: Option<SessionId>,
    by: EndedBy,
) -> Result<()> {
    let now = clock::now();
    for row in store::live_of(tx, person, now)? {
        if Some(row.id) != keep {
            store::end(tx, row.id, by, now)?;
        }
    }
    Ok(())
}

/// That a refresh token is not good.
pub fn not_renewed() -> Error {
    Error::because(
        Reason::Unauthenticated,
        "登录已失效，请重新登录。",
        "This session has ended; sign in again.",
    )
}

/// A session at its beginning.
fn begun(
    id: SessionId,
    person: PersonId,
    method: Method,
    device: Option<Vec<u8>>,
    now: Timestamp,
    expires_at: Timestamp,
) -> store::Row {
    store::Row {
        id,
        person_id: person,
        method: method.name().to_owned(),
        device,
        refresh_number: 1,
        created_at: now,
        used_at: now,
        expires_at,
        ended_at: None,
        ended_by: None,
    }
}

/// A device's name opens for its own session only.
fn column_of(session: SessionId) -> String {
    format!("device of {session}")
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + seconds * 1_000_000)
}

fn is_recent(used_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_some_and(|used_at| now <= after(used_at, GRACE_S))
}
