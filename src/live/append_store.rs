//! Appending many entries to streams that are held: what a lane does.

use std::collections::BTreeMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::bell;
use super::model::{Entry, EntryId, Key};
use super::store::{Owner, Stream};
use crate::db::prepared::{Column, Prepared, bytes};
use crate::db::schema::{entry, stream};
use crate::db::{Conn, Id, Tx};
use crate::error::Result;

/// A stream that a transaction holds: nobody else appends to it until it ends.
#[derive(Debug, Clone)]
pub struct HeldStream {
    id: Id<Stream>,
    key: Key,
    /// The number of its last entry.
    pub number: i64,
    entry: EntryId,
    added: Vec<(Entry, String)>,
}

impl HeldStream {
    /// Adds the next entry. `shown` is what clients are shown of it, as the stream's
    /// [`Source`](super::Source) would make of what is stored; it rides on the bell.
    pub fn add(&mut self, entry: Entry, shown: String) {
        self.number = entry.number;
        self.added.push((entry, shown));
    }
}

/// Holds streams of a kind, in the order of their owners; those that have no entry are not there.
///
/// # Errors
/// Where the database fails.
pub fn hold(tx: &mut Tx<'_>, kind: &'static str, owners: &[Uuid]) -> Result<BTreeMap<Uuid, HeldStream>> {
    let mut ids: Vec<Id<Owner>> = owners.iter().copied().map(Id::from_uuid).collect();
    ids.sort_unstable();
    ids.dedup();
    let columns = (stream::id, stream::owner, stream::number, stream::entry_id);
    let wanted = stream::table
        .select(columns)
        .filter(stream::kind.eq(kind).and(stream::owner.eq_any(&ids)))
        .order(stream::owner);
    let rows: Vec<(Id<Stream>, Id<Owner>, i64, EntryId)> = match &mut **tx {
        Conn::Sqlite(conn) => wanted.load(conn)?,
        Conn::Postgres(conn) => wanted.for_update().load(conn)?,
    };
    let held = rows.into_iter().map(|(id, owner, number, entry)| {
        let owner = owner.uuid();
        let key = Key { kind, owner };
        let added = Vec::new();
        (
            owner,
            HeldStream {
                id,
                key,
                number,
                entry,
                added,
            },
        )
    });
    Ok(held.collect())
}

/// Writes what was added to streams that are held, and rings for it.
///
/// # Errors
/// Where the database fails.
pub fn keep(tx: &mut Tx<'_>, streams: impl IntoIterator<Item = HeldStream>) -> Result<()> {
    let changed: Vec<HeldStream> = streams.into_iter().filter(|stream| !stream.added.is_empty()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let now = tx.now_in_sql();
    let last = |stream: &HeldStream| stream.added.last().map_or(stream.entry, |(entry, _)| entry.id);
    let added = || {
        changed
            .iter()
            .flat_map(|stream| stream.added.iter().map(move |(entry, _)| (stream.id, entry)))
    };
    match &mut **tx {
        Conn::Sqlite(conn) => {
            for (id, one) in added() {
                diesel::insert_into(entry::table)
                    .values((
                        entry::stream_id.eq(id),
                        entry::number.eq(one.number),
                        entry::id.eq(one.id),
                        entry::at.eq(one.at),
                        entry::kind.eq(&one.kind),
                        entry::payload.eq(&one.payload),
                    ))
                    .execute(conn)?;
            }
            for stream in &changed {
                diesel::sql_query(format!(
                    "UPDATE stream SET number = $1, entry_id = $2, changed_at = {now} WHERE id = $3"
                ))
                .bind::<diesel::sql_types::BigInt, _>(stream.number)
                .bind::<diesel::sql_types::Binary, _>(last(stream))
                .bind::<diesel::sql_types::Binary, _>(stream.id)
                .execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let columns = vec![
                ("stream_id", Column::Binary(added().map(|(id, _)| bytes(id)).collect())),
                ("number", Column::BigInt(added().map(|(_, one)| one.number).collect())),
                ("id", Column::Binary(added().map(|(_, one)| bytes(one.id)).collect())),
                ("at", Column::BigInt(added().map(|(_, one)| one.at.micros()).collect())),
                ("kind", Column::Text(added().map(|(_, one)| one.kind.clone()).collect())),
                (
                    "payload",
                    Column::Text(added().map(|(_, one)| one.payload.clone()).collect()),
                ),
            ];
            Prepared::insert("entry", columns, "").execute(conn)?;
            let set = format!(
                "UPDATE stream SET number = new.number, entry_id = new.entry_id, changed_at = {now} FROM unnest("
            );
            let pieces = [
                set.as_str(),
                ", ",
                ", ",
                ") AS new (id, number, entry_id) WHERE stream.id = new.id",
            ];
            let columns = vec![
                Column::Binary(changed.iter().map(|stream| bytes(stream.id)).collect()),
                Column::BigInt(changed.iter().map(|stream| stream.number).collect()),
                Column::Binary(changed.iter().map(|stream| bytes(last(stream))).collect()),
            ];
            Prepared::new(&pieces, columns).execute(conn)?;
        }
    }
    for stream in changed {
        let mut before = Some(stream.entry);
        for (entry, shown) in stream.added {
            let id = entry.id;
            let shown = Entry {
                payload: shown,
                ..entry
            };
            bell::ring(tx, stream.key, &shown, Some(before))?;
            before = Some(id);
        }
    }
    Ok(())
}
