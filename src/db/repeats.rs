//! Requests that came before, for those who do many at once: what the table of
//! `Idempotency-Key`s knows of a batch, and what it is told of it.
//!
//! `http::idempotency` has the rule and does one request at a time; a lane does the same
//! here for all of its commands, each of which brings its [`Repeat`] along.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

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

#[derive(Queryable, QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    caller: String,
    #[diesel(sql_type = Text)]
    route: String,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    request_hash: String,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = BigInt)]
    created_at: Timestamp,
}

/// The rows of these names, each found for itself: a caller may have many.
fn rows(conn: &mut Conn, names: Vec<[String; 3]>) -> Result<Vec<Row>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    match conn {
        Conn::Sqlite(conn) => {
            let mut found = Vec::new();
            for [caller, route, key] in names {
                let row = table::table.find((caller, route, key)).select((
                    table::caller,
                    table::route,
                    table::key,
                    table::request_hash,
                    table::body,
                    table::created_at,
                ));
                found.extend(row.first::<Row>(conn).optional()?);
            }
            Ok(found)
        }
        Conn::Postgres(conn) => {
            let part = |at: usize| Column::Text(names.iter().filter_map(|name| name.get(at).cloned()).collect());
            let pieces = [
                "SELECT caller, route, key, request_hash, body, created_at FROM unnest(",
                ", ",
                ", ",
                ") AS wanted (caller, route, key) JOIN idempotency USING (caller, route, key)",
            ];
            Ok(Prepared::new(&pieces, vec![part(0), part(1), part(2)]).load(conn)?)
        }
    }
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
        let mut names: Vec<[String; 3]> = repeats.map(name).collect();
        names.sort_unstable();
        names.dedup();
        let mut repeats = Self::default();
        for row in rows(conn, names)? {
            let name = [row.caller, row.route, row.key];
            if now.micros() - row.created_at.micros() > KEPT_MICROS {
                repeats.stale.push(name);
            } else {
                let (digest, made) = (row.request_hash, row.body);
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
