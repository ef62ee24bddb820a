//! The numbered log of what others follow.
//!
//! Numbers come from one head row, by `UPDATE … RETURNING` as the last lock
//! that a transaction takes, one number a transaction: so they are dense and in
//! the order of commits, and a reader that sees number n has seen all below it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::Conn;
use super::schema::{change_head, changes};
use crate::clock::{self, Timestamp};
use crate::error::Result;

/// A thing that changed: of what kind, and which; no key means "reload the kind".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What a follower registered for: `unit`, `place`…
    pub kind: String,
    /// The id of the thing; none where so many changed that a reload is cheaper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// So many things of a kind are named in one transaction; SQLite takes 32,766 in a
/// question, and looking for one among them must stay quick.
const KEYS_AT_MOST: usize = 500;

/// A transaction under way: a connection that also collects what it changed.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    changed: Vec<Change>,
    work: Vec<&'static str>,
    rings: Vec<Ring>,
}

/// A bell that is rung once a transaction is durable. It may be lost: whoever listens looks
/// by themselves as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring(pub Arc<[u8]>);

/// What is told when a transaction is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct After {
    /// There is something to follow.
    pub changed: bool,
    /// The kinds of work that waits.
    pub work: Vec<&'static str>,
    /// The bells that ring.
    pub rings: Vec<Ring>,
}

impl Tx<'_> {
    /// Tells every instance that this one thing changed.
    pub fn changed(&mut self, kind: &str, key: impl ToString) {
        self.note(Change {
            kind: kind.to_owned(),
            key: Some(key.to_string()),
        });
    }

    /// Tells every instance to reload a kind.
    pub fn changed_all(&mut self, kind: &str) {
        self.note(Change {
            kind: kind.to_owned(),
            key: None,
        });
    }

    /// Wakes whoever does jobs of this kind in this process, once this is durable.
    pub fn wake_workers(&mut self, kind: &'static str) {
        if !self.work.contains(&kind) {
            self.work.push(kind);
        }
    }

    /// Rings for whoever follows streams, once this is durable.
    pub fn ring(&mut self, ring: Ring) {
        self.rings.push(ring);
    }

    fn note(&mut self, change: Change) {
        let is_of_kind = |one: &Change| one.kind == change.kind;
        if self.changed.iter().any(|one| is_of_kind(one) && one.key.is_none()) {
            return;
        }
        // Who changes very many does better to have all of them read anew.
        let is_many = || self.changed.iter().filter(|one| is_of_kind(one)).count() >= KEYS_AT_MOST;
        if change.key.is_none() || is_many() {
            self.changed.retain(|one| !is_of_kind(one));
            self.changed.push(Change { key: None, ..change });
        } else if !self.changed.contains(&change) {
            self.changed.push(change);
        }
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

/// Runs the closure on a connection that is in a transaction, then numbers what
/// it changed. Answers also whom to wake.
pub(super) fn run<T>(conn: &mut Conn, transaction: &mut impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<(T, After)> {
    let mut tx = Tx {
        conn,
        changed: Vec::new(),
        work: Vec::new(),
        rings: Vec::new(),
    };
    let value = transaction(&mut tx)?;
    let Tx {
        conn,
        changed,
        work,
        rings,
    } = tx;
    let after = After {
        changed: !changed.is_empty(),
        work,
        rings,
    };
    if !after.changed {
        return Ok((value, after));
    }
    let items = serde_json::to_string(&changed).map_err(crate::error::Error::internal)?;
    let number: i64 = diesel::update(change_head::table)
        .set(change_head::number.eq(change_head::number + 1))
        .returning(change_head::number)
        .get_result(conn)?;
    diesel::insert_into(changes::table)
        .values((
            changes::number.eq(number),
            changes::at.eq(clock::now()),
            changes::items.eq(items),
        ))
        .execute(conn)?;
    Ok((value, after))
}

/// Up to where the log is known: a number, and when that change was written. A
/// restored backup may have another change of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The number; 0 where nothing has changed yet.
    pub number: i64,
    /// The change's time; none where it was trimmed, or there was none.
    pub at: Option<Timestamp>,
}

/// The newest change.
pub(super) fn head(conn: &mut Conn) -> Result<Mark> {
    let number = change_head::table.select(change_head::number).first(conn)?;
    mark(conn, number)
}

/// The change of this number.
pub(super) fn mark(conn: &mut Conn, number: i64) -> Result<Mark> {
    let at = changes::table.find(number).select(changes::at).first(conn).optional()?;
    Ok(Mark { number, at })
}

/// The changes after `number`, oldest first, with their numbers.
pub(super) fn after(conn: &mut Conn, number: i64) -> Result<Vec<(i64, Vec<Change>)>> {
    let rows: Vec<(i64, String)> = changes::table
        .filter(changes::number.gt(number))
        .order(changes::number)
        .select((changes::number, changes::items))
        .load(conn)?;
    rows.into_iter()
        .map(|(number, items)| {
            let items = serde_json::from_str(&items).map_err(crate::error::Error::internal)?;
            Ok((number, items))
        })
        .collect()
}

/// Forgets changes up to `number`; who still needed them reloads.
pub(super) fn trim(conn: &mut Conn, number: i64) -> Result<usize> {
    Ok(diesel::delete(changes::table.filter(changes::number.le(number))).execute(conn)?)
}
