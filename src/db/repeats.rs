//! Requests that came before, for those who do many at once: what the table of
//! `Idempotency-Key`s knows of a batch, and what it is told of it.
//!
//! `http::idempotency` has the rule and does one request at a time; a lane does the same
//! here for all of its commands, each of which brings its [`Repeat`] along.

use std::collections::HashMap;

use diesel::prelude::*;

use super::prepared::{Column, Prepared};
use super::schema::idempotency as table;
use super::{Conn, Tx};
use crate::clock::Timestamp;
use crate::error::{Error, Reason, Result};

const CREATED: i64 = 201;
const NO_HEADERS: &str = "[]";

/// For how long an answer is kept.
pub const KEPT_MICROS: i64 = 24 * 3600 * 1_000_000;

/// A request with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repeat {
    /// In whose name it is done.
    pub caller: String,
    /// Its method and path.
    pub route: String,
    /// The key.
    pub key: String,
    /// A keyed digest of all else that it says.
    pub digest: String,
}

/// What is known of the requests of a batch, and what became of them.
#[derive(Debug, Default)]
pub struct Repeats {
    known: HashMap<[String; 3], Known>,
    made: Vec<[String; 3]>,
    stale: Vec<[String; 3]>,
}

#[derive(Debug)]
struct Known {
    digest: String,
    made: String,
}

fn name(repeat: &Repeat) -> [String; 3] {
    [repeat.caller.clone(), repeat.route.clone(), repeat.key.clone()]
}

impl Repeats {
    /// Reads what came before of these requests.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn load<'a>(conn: &mut Conn, repeats: impl Iterator<Item = &'a Repeat>, now: Timestamp) -> Result<Self> {
        let (callers, keys): (Vec<&str>, Vec<&str>) = repeats
            .map(|repeat| (repeat.caller.as_str(), repeat.key.as_str()))
            .unzip();
        if keys.is_empty() {
            return Ok(Self::default());
        }
        let rows: Vec<(String, String, String, String, String, Timestamp)> = table::table
            .filter(table::caller.eq_any(callers))
            .filter(table::key.eq_any(keys))
            .select((
                table::caller,
                table::route,
                table::key,
                table::request_hash,
                table::body,
                table::created_at,
            ))
            .load(conn)?;
        let mut repeats = Self::default();
        for (caller, route, key, digest, made, created_at) in rows {
            let name = [caller, route, key];
            if now.micros() - created_at.micros() > KEPT_MICROS {
                repeats.stale.push(name);
            } else {
                repeats.known.insert(name, Known { digest, made });
            }
        }
        Ok(repeats)
    }

    /// The id of what this request made when it came before.
    ///
    /// # Errors
    /// Where its key was used for something else.
    pub fn before(&self, repeat: &Repeat) -> Result<Option<&str>> {
        match self.known.get(&name(repeat)) {
            None => Ok(None),
            Some(known) if known.digest == repeat.digest => Ok(Some(&known.made)),
            Some(_) => Err(Error::refused(Reason::IdempotencyKeyReused)),
        }
    }

    /// This request made that.
    pub fn made(&mut self, repeat: &Repeat, id: impl ToString) {
        let known = Known {
            digest: repeat.digest.clone(),
            made: id.to_string(),
        };
        self.known.insert(name(repeat), known);
        self.made.push(name(repeat));
    }

    /// Keeps what the requests of the batch made.
    ///
    /// # Errors
    /// Where the database fails, or another did one of them meanwhile.
    pub fn store(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
        if self.made.is_empty() {
            return Ok(());
        }
        for [caller, route, key] in &self.stale {
            diesel::delete(table::table.find((caller, route, key))).execute(&mut **tx)?;
        }
        let made = self.made.iter().filter_map(|name| Some((name, self.known.get(name)?)));
        match &mut **tx {
            Conn::Sqlite(conn) => {
                for ([caller, route, key], known) in made {
                    diesel::insert_into(table::table)
                        .values((
                            table::caller.eq(caller),
                            table::route.eq(route),
                            table::key.eq(key),
                            table::request_hash.eq(&known.digest),
                            table::status.eq(CREATED),
                            table::headers.eq(NO_HEADERS),
                            table::body.eq(&known.made),
                            table::created_at.eq(now),
                        ))
                        .execute(conn)?;
                }
            }
            Conn::Postgres(conn) => {
                let made: Vec<(&[String; 3], &Known)> = made.collect();
                let part = |at: usize| {
                    let parts = made.iter().map(|(name, _)| name.get(at).cloned().unwrap_or_default());
                    Column::Text(parts.collect())
                };
                let text =
                    |of: fn(&Known) -> &str| Column::Text(made.iter().map(|(_, known)| of(known).to_owned()).collect());
                let columns = vec![
                    ("caller", part(0)),
                    ("route", part(1)),
                    ("key", part(2)),
                    ("request_hash", text(|known| &known.digest)),
                    ("status", Column::BigInt(vec![CREATED; made.len()])),
                    ("headers", Column::Text(vec![NO_HEADERS.to_owned(); made.len()])),
                    ("body", text(|known| &known.made)),
                    ("created_at", Column::BigInt(vec![now.micros(); made.len()])),
                ];
                Prepared::insert("idempotency", columns, "").execute(conn)?;
            }
        }
        Ok(())
    }
}
