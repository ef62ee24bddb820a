//! The tables of streams.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use uuid::Uuid;

use super::bell;
use super::model::{Cursor, Entry, EntryId, Head, Key, NewEntry, Reading, Verdict};
use crate::clock::{self, Timestamp};
use crate::db::schema::{entry, stream};
use crate::db::{Conn, Id, Named, Tx};
use crate::error::Result;

/// The row of a stream.
#[derive(Debug, Clone)]
pub(super) struct Stream;

impl Named for Stream {
    const PREFIX: &'static str = "str";
}

/// Whom a stream belongs to.
#[derive(Debug)]
pub(super) struct Owner;

impl Named for Owner {
    const PREFIX: &'static str = "own";
}

/// So many streams are asked for in one statement.
const HEADS_AT_ONCE: usize = 1_000;

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Binary)]
    id: Id<Stream>,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Appends an entry: it takes the next number, under the lock of the stream's row, which is
/// held until the transaction ends, and its bell rings then. Who appends to several streams takes them in the order
/// of their keys.
///
/// # Errors
/// Where the database fails.
pub fn append(tx: &mut Tx<'_>, key: Key, new: NewEntry) -> Result<Entry> {
    let (id, now) = (EntryId::new(), clock::now());
    let now_in_sql = tx.now_in_sql();
    // Both databases take this; the query builder has no upsert for both. The time is that at which
    // the row is held, not that at which it was first asked for.
    let statement = format!(
        "INSERT INTO stream (id, kind, owner, number, entry_id, floor, changed_at) \
         VALUES ($1, $2, $3, 1, $4, 0, {now_in_sql}) \
         ON CONFLICT (kind, owner) DO UPDATE SET \
         number = stream.number + 1, entry_id = excluded.entry_id, changed_at = {now_in_sql} \
         RETURNING id, number"
    );
    let taken: Taken = diesel::sql_query(statement)
        .bind::<Binary, _>(Id::<Stream>::new())
        .bind::<Text, _>(key.kind)
        .bind::<Binary, _>(key.owner.as_bytes().as_slice())
        .bind::<Binary, _>(id)
        .get_result(&mut **tx)?;
    diesel::insert_into(entry::table)
        .values((
            entry::stream_id.eq(taken.id),
            entry::number.eq(taken.number),
            entry::id.eq(id),
            entry::at.eq(now),
            entry::kind.eq(new.kind),
            entry::payload.eq(&new.payload),
        ))
        .execute(&mut **tx)?;
    let entry = Entry {
        id,
        number: taken.number,
        at: now,
        kind: new.kind.to_owned(),
        payload: new.payload,
    };
    bell::ring(tx, key, &entry, None)?;
    Ok(entry)
}

fn row(conn: &mut Conn, key: Key) -> Result<Option<(Id<Stream>, Head)>> {
    let found: Option<(Id<Stream>, i64, EntryId, i64)> = stream::table
        .select((stream::id, stream::number, stream::entry_id, stream::floor))
        .filter(
            stream::kind
                .eq(key.kind)
                .and(stream::owner.eq(key.owner.as_bytes().as_slice())),
        )
        .first(conn)
        .optional()?;
    Ok(found.map(|(id, number, entry, floor)| {
        let entry = Some(entry);
        (id, Head { number, entry, floor })
    }))
}

/// How far a stream has come.
///
/// # Errors
/// Where the database fails.
pub fn head(conn: &mut Conn, key: Key) -> Result<Head> {
    Ok(row(conn, key)?.map_or(Head::EMPTY, |(_, head)| head))
}

type Columns = (EntryId, i64, Timestamp, String, String);

fn entry_of((id, number, at, kind, payload): Columns) -> Entry {
    Entry {
        id,
        number,
        at,
        kind,
        payload,
    }
}

/// Up to `most` entries behind a cursor, in order.
///
/// # Errors
/// Where the database fails.
pub fn read_after(conn: &mut Conn, key: Key, cursor: Cursor, most: i64) -> Result<Reading> {
    read_since(conn, key, cursor, cursor.number, most)
}

/// What is to be told to whoever comes with a cursor, and up to `most` entries behind a number,
/// in order.
///
/// # Errors
/// Where the database fails.
pub fn read_since(conn: &mut Conn, key: Key, cursor: Cursor, since: i64, most: i64) -> Result<Reading> {
    conn.one_view(|conn| {
        let stream = row(conn, key)?;
        let head = stream.map_or(Head::EMPTY, |(_, head)| head);
        let mut entries = Vec::new();
        let mut verdict = head.judge(cursor, None);
        if let Some((id, head)) = stream {
            let of_stream = entry::table.filter(entry::stream_id.eq(id));
            let named: Option<EntryId> = of_stream
                .filter(entry::number.eq(cursor.number))
                .select(entry::id)
                .first(conn)
                .optional()?;
            verdict = head.judge(cursor, named);
            if verdict != Verdict::Reset {
                let found: Vec<Columns> = of_stream
                    .filter(entry::number.gt(since.max(head.floor)))
                    .select((entry::id, entry::number, entry::at, entry::kind, entry::payload))
                    .order(entry::number)
                    .limit(most)
                    .load(conn)?;
                entries = found.into_iter().map(entry_of).collect();
            }
        }
        Ok(Reading { verdict, entries, head })
    })
}

/// How far these streams have come; those in which nothing was written are among them.
///
/// # Errors
/// Where the database fails.
pub fn heads(conn: &mut Conn, keys: &[Key]) -> Result<Vec<(Key, Head)>> {
    let mut kinds: Vec<&'static str> = keys.iter().map(|key| key.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut found = HashMap::with_capacity(keys.len());
    for kind in kinds {
        let owners: Vec<Id<Owner>> = keys
            .iter()
            .filter(|key| key.kind == kind)
            .map(|key| Id::from_uuid(key.owner))
            .collect();
        for some in owners.chunks(HEADS_AT_ONCE) {
            let rows: Vec<(Id<Owner>, i64, EntryId, i64)> = stream::table
                .select((stream::owner, stream::number, stream::entry_id, stream::floor))
                .filter(stream::kind.eq(kind).and(stream::owner.eq_any(some)))
                .load(conn)?;
            found.extend(rows.into_iter().map(|(owner, number, entry, floor)| {
                let (owner, entry) = (owner.uuid(), Some(entry));
                (Key { kind, owner }, Head { number, entry, floor })
            }));
        }
    }
    let head = |key: &Key| (*key, found.get(key).copied().unwrap_or(Head::EMPTY));
    Ok(keys.iter().map(head).collect())
}

/// The streams that changed since some time ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// From where the next sweep starts, by the database's clock.
    pub next: i64,
    /// Which life of the server this is: another says that the database was away.
    pub life: i64,
    /// How far the streams have come that changed, with their kinds and owners.
    pub changed: Vec<(String, Uuid, Head)>,
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = BigInt)]
    next: i64,
    #[diesel(sql_type = BigInt)]
    life: i64,
}

/// The streams that changed since a time of the database's clock that an earlier sweep named;
/// none at first. An entry is found though its transaction took long: on PostgreSQL the next
/// sweep starts from the begin of the oldest transaction that writes, on SQLite, which does not
/// tell, from ten seconds ago.
///
/// # Errors
/// Where the database fails.
pub fn sweep(conn: &mut Conn, since: Option<i64>) -> Result<Swept> {
    // Asked before what changed is read: who writes now is either seen here or begins later.
    let moment = match conn {
        Conn::Sqlite(_) => format!(
            "SELECT {} - 10000000 AS next, CAST(0 AS BIGINT) AS life",
            conn.now_in_sql()
        ),
        Conn::Postgres(_) => "SELECT CAST(extract(epoch FROM least(clock_timestamp(),                 (SELECT min(xact_start) FROM pg_stat_activity                  WHERE datname = current_database() AND backend_xid IS NOT NULL))) * 1000000 AS BIGINT)                 - 1000000 AS next,              CAST(extract(epoch FROM pg_postmaster_start_time()) * 1000000 AS BIGINT) AS life"
            .to_owned(),
    };
    let Moment { next, life } = diesel::sql_query(moment).get_result(conn)?;
    let mut changed = Vec::new();
    if let Some(since) = since {
        let rows: Vec<(String, Id<Owner>, i64, EntryId, i64)> = stream::table
            .select((
                stream::kind,
                stream::owner,
                stream::number,
                stream::entry_id,
                stream::floor,
            ))
            .filter(stream::changed_at.ge(since))
            .load(conn)?;
        changed.extend(rows.into_iter().map(|(kind, owner, number, entry, floor)| {
            let entry = Some(entry);
            (kind, owner.uuid(), Head { number, entry, floor })
        }));
    }
    Ok(Swept { next, life, changed })
}

/// Up to `most` entries before a number, or the last ones, from the newest down; and how far
/// the stream has come.
///
/// # Errors
/// Where the database fails.
pub fn read_before(conn: &mut Conn, key: Key, number: Option<i64>, most: i64) -> Result<(Vec<Entry>, Head)> {
    conn.one_view(|conn| {
        let Some((id, head)) = row(conn, key)? else {
            return Ok((Vec::new(), Head::EMPTY));
        };
        let found: Vec<Columns> = entry::table
            .filter(
                entry::stream_id
                    .eq(id)
                    .and(entry::number.lt(number.unwrap_or(i64::MAX)))
                    .and(entry::number.gt(head.floor)),
            )
            .select((entry::id, entry::number, entry::at, entry::kind, entry::payload))
            .order(entry::number.desc())
            .limit(most)
            .load(conn)?;
        Ok((found.into_iter().map(entry_of).collect(), head))
    })
}

/// Up to `most` entries behind a number, in order, and how far the stream has come.
///
/// # Errors
/// Where the database fails.
pub fn read_behind(conn: &mut Conn, key: Key, number: i64, most: i64) -> Result<(Vec<Entry>, Head)> {
    conn.one_view(|conn| {
        let Some((id, head)) = row(conn, key)? else {
            return Ok((Vec::new(), Head::EMPTY));
        };
        let found: Vec<Columns> = entry::table
            .filter(entry::stream_id.eq(id).and(entry::number.gt(number.max(head.floor))))
            .select((entry::id, entry::number, entry::at, entry::kind, entry::payload))
            .order(entry::number)
            .limit(most)
            .load(conn)?;
        Ok((found.into_iter().map(entry_of).collect(), head))
    })
}

/// The number of the last entry that was written before a time; the floor where none that is kept
/// was. Times go with numbers (but for writers whose clocks differ by a little), so that it is
/// found by some twenty steps, however many there are.
///
/// # Errors
/// Where the database fails.
pub fn last_before(conn: &mut Conn, key: Key, at: Timestamp) -> Result<i64> {
    let Some((id, head)) = row(conn, key)? else {
        return Ok(0);
    };
    // All up to `low` were written before it, and none from `high` on.
    let (mut low, mut high) = (head.floor, head.number + 1);
    let mut middle = low + 1;
    while high - low > 1 {
        let written: Option<Timestamp> = entry::table
            .find((id, middle))
            .select(entry::at)
            .first(conn)
            .optional()?;
        match written {
            Some(written) if written < at => low = middle,
            _ => high = middle,
        }
        middle = low + (high - low) / 2;
    }
    Ok(low)
}

#[derive(QueryableByName)]
struct Raised {
    #[diesel(sql_type = Binary)]
    id: Id<Stream>,
    #[diesel(sql_type = BigInt)]
    floor: i64,
}

/// Drops what was written before a time in up to `most` streams of a kind; how many entries
/// went. Numbers stay: who has not read what went is told of a gap. Only what is old from the
/// beginning of a stream on goes: where the clocks of two writers differed, an older entry may
/// stand behind a younger one, and waits for it. Streams that somebody appends to are left to
/// the next time.
///
/// # Errors
/// Where the database fails.
pub fn raise_floor(conn: &mut Conn, kind: &str, before: Timestamp, most: i64) -> Result<usize> {
    let skip = match conn {
        Conn::Sqlite(_) => "",
        Conn::Postgres(_) => "FOR UPDATE OF old SKIP LOCKED",
    };
    // The oldest entry that is kept tells whether there is something to drop.
    let statement = format!(
        "WITH old AS (SELECT old.id FROM entry AS first JOIN stream AS old \
             ON old.id = first.stream_id AND first.number = old.floor + 1 \
             WHERE first.at < $1 AND old.kind = $2 LIMIT $3 {skip}) \
         UPDATE stream SET floor = COALESCE((SELECT min(entry.number) - 1 FROM entry \
             WHERE entry.stream_id = stream.id AND entry.at >= $1), stream.number) \
         WHERE id IN (SELECT id FROM old) RETURNING id, floor"
    );
    let raised: Vec<Raised> = diesel::sql_query(statement)
        .bind::<BigInt, _>(before)
        .bind::<Text, _>(kind)
        .bind::<BigInt, _>(most)
        .load(conn)?;
    let mut dropped = 0;
    for stream in &raised {
        let gone = entry::stream_id.eq(stream.id).and(entry::number.le(stream.floor));
        dropped += diesel::delete(entry::table.filter(gone)).execute(conn)?;
    }
    Ok(dropped)
}

/// Drops a stream with all that was written in it: of whoever is gone.
///
/// # Errors
/// Where the database fails.
pub fn drop_stream(tx: &mut Tx<'_>, key: Key) -> Result<()> {
    // The row is locked first, as whoever appends does.
    let of_owner = stream::kind
        .eq(key.kind)
        .and(stream::owner.eq(key.owner.as_bytes().as_slice()));
    diesel::update(stream::table.filter(of_owner))
        .set(stream::changed_at.eq(stream::changed_at))
        .execute(&mut **tx)?;
    let Some((id, _)) = row(tx, key)? else {
        return Ok(());
    };
    diesel::delete(entry::table.filter(entry::stream_id.eq(id))).execute(&mut **tx)?;
    diesel::delete(stream::table.find(id)).execute(&mut **tx)?;
    Ok(())
}
