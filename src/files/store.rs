//! The tables of files.

use diesel::prelude::*;
use uuid::Uuid;

use super::kind::Media;
use super::model::{File, FileId, Kind};
use super::sweep;
use crate::clock::Timestamp;
use crate::db::schema::{file as table, file_reference as reference};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::identity::PersonId;

type Columns = (
    FileId,
    PersonId,
    String,
    String,
    Option<Vec<u8>>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Timestamp,
);

fn file_of((id, person_id, kind, media, name, bytes, width, height, duration_ms, created_at): Columns) -> Result<File> {
    Ok(File {
        id,
        person_id,
        kind: kind
            .parse()
            .map_err(|()| Error::internal("the table has a file of an unknown kind"))?,
        media: Media::from_name(&media)
            .ok_or_else(|| Error::internal("the table has a file of an unknown media type"))?,
        name,
        bytes,
        width,
        height,
        duration_ms,
        created_at,
    })
}

macro_rules! stored {
    () => {
        table::table.filter(table::arriving.eq(false)).select((
            table::id,
            table::person_id,
            table::kind,
            table::media,
            table::name,
            table::bytes,
            table::width,
            table::height,
            table::duration_ms,
            table::created_at,
        ))
    };
}

/// A file that is there whole.
pub(super) fn load(conn: &mut Conn, id: FileId) -> Result<Option<File>> {
    let row: Option<Columns> = stored!().filter(table::id.eq(id)).first(conn).optional()?;
    row.map(file_of).transpose()
}

/// All files of somebody that are there whole, the oldest first.
pub(super) fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<File>> {
    let rows: Vec<Columns> = stored!()
        .filter(table::person_id.eq(person))
        .order((table::created_at, table::id))
        .load(conn)?;
    rows.into_iter().map(file_of).collect()
}

/// Writes that a file is on its way.
pub(super) fn insert(tx: &mut Tx<'_>, file: &File) -> Result<()> {
    diesel::insert_into(table::table)
        .values((
            table::id.eq(file.id),
            table::person_id.eq(file.person_id),
            table::kind.eq(file.kind.name()),
            table::media.eq(file.media.name()),
            table::name.eq(&file.name),
            table::bytes.eq(file.bytes),
            table::width.eq(file.width),
            table::height.eq(file.height),
            table::duration_ms.eq(file.duration_ms),
            table::created_at.eq(file.created_at),
            table::arriving.eq(true),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes that it is there whole; whether it was still expected.
pub(super) fn arrived(tx: &mut Tx<'_>, id: FileId) -> Result<bool> {
    let arrived = diesel::update(table::table.find(id))
        .set(table::arriving.eq(false))
        .execute(&mut **tx)?;
    Ok(arrived == 1)
}

/// How many files came from somebody since a time, and of how many bytes.
pub(super) fn since(conn: &mut Conn, person: PersonId, time: Timestamp) -> Result<(i64, i64)> {
    let rows = table::table
        .filter(table::person_id.eq(person))
        .filter(table::created_at.gt(time))
        .filter(table::kind.ne(Kind::Bundle.name()))
        .select(table::bytes);
    let sizes: Vec<i64> = rows.load(conn)?;
    Ok((i64::try_from(sizes.len()).unwrap_or(i64::MAX), sizes.iter().sum()))
}

/// Says that a room keeps a file with something of its own: of a kind, by its id. Only a
/// file that is there whole, and that this person handed in; whether it is.
///
/// # Errors
/// Where the database fails.
pub fn refer(tx: &mut Tx<'_>, file: FileId, person: PersonId, kind: &'static str, owner: Uuid) -> Result<bool> {
    // Whoever removes it locks the row as well.
    let held = diesel::update(table::table.find(file))
        .filter(table::person_id.eq(person))
        .filter(table::arriving.eq(false))
        .set(table::arriving.eq(false))
        .execute(&mut **tx)?;
    if held == 0 {
        return Ok(false);
    }
    // Both databases take this; the query builder has no such clause for both.
    diesel::sql_query("INSERT INTO file_reference (file_id, kind, owner) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<diesel::sql_types::Binary, _>(file)
        .bind::<diesel::sql_types::Text, _>(kind)
        .bind::<diesel::sql_types::Binary, _>(owner.as_bytes().as_slice())
        .execute(&mut **tx)?;
    Ok(true)
}

/// Says that it does so no more; a file that nobody keeps goes after a day.
///
/// # Errors
/// Where the database fails.
pub fn unrefer(tx: &mut Tx<'_>, file: FileId, kind: &'static str, owner: Uuid) -> Result<()> {
    let one = reference::table.find((file, kind, owner.as_bytes().as_slice()));
    diesel::delete(one).execute(&mut **tx)?;
    Ok(())
}

/// Those of these files that no room keeps, and that none begins to keep until the
/// transaction ends. What another transaction has in hand is left out.
pub(super) fn unkept(conn: &mut Conn, files: Vec<FileId>) -> Result<Vec<FileId>> {
    let files = match conn {
        Conn::Sqlite(_) => files,
        Conn::Postgres(conn) => table::table
            .filter(table::id.eq_any(files))
            .select(table::id)
            .order(table::id)
            .for_update()
            .skip_locked()
            .load(conn)?,
    };
    let kept: Vec<FileId> = reference::table
        .filter(reference::file_id.eq_any(&files))
        .select(reference::file_id)
        .load(conn)?;
    Ok(files.into_iter().filter(|file| !kept.contains(file)).collect())
}

/// Takes rows of files out, with their references, and leaves jobs that remove their objects.
pub(super) fn drop_files(conn: &mut Conn, files: &[FileId]) -> Result<usize> {
    let mut dropped = 0;
    for some in files.chunks(1000) {
        diesel::delete(reference::table.filter(reference::file_id.eq_any(some))).execute(conn)?;
        dropped += diesel::delete(table::table.filter(table::id.eq_any(some))).execute(conn)?;
        for file in some {
            sweep::remove_later(conn, *file)?;
        }
    }
    Ok(dropped)
}

/// Up to `most` files of before a time, of this kind or of the others, that nobody keeps.
pub(super) fn forgotten(conn: &mut Conn, before: Timestamp, bundles: bool, most: i64) -> Result<Vec<FileId>> {
    let kept = reference::table.select(reference::file_id);
    let old = table::table
        .filter(table::created_at.lt(before))
        .filter(table::id.ne_all(kept))
        .select(table::id)
        .order((table::created_at, table::id))
        .limit(most);
    Ok(match bundles {
        true => old.filter(table::kind.eq(Kind::Bundle.name())).load(conn)?,
        false => old.filter(table::kind.ne(Kind::Bundle.name())).load(conn)?,
    })
}

/// All rows of somebody, also those of files on their way.
pub(super) fn ids_of(conn: &mut Conn, person: PersonId) -> Result<Vec<FileId>> {
    Ok(table::table
        .filter(table::person_id.eq(person))
        .select(table::id)
        .load(conn)?)
}

/// Those of these files that have a row.
pub(super) fn known(conn: &mut Conn, files: &[FileId]) -> Result<Vec<FileId>> {
    Ok(table::table
        .filter(table::id.eq_any(files))
        .select(table::id)
        .load(conn)?)
}
