//! The tables of channels and messages.

use std::collections::{BTreeMap, HashMap};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Text};

use super::model::{Channel, ChannelId, Kind, Message, MessageId, STREAM, key};
use super::seats::Place;
use crate::clock::{self, Timestamp};
use crate::db::prepared::{Column, Prepared, bytes};
use crate::db::schema::{channel, channel_reading as reading, message};
use crate::db::{Conn, Id, Named, Tx};
use crate::error::{Error, Result};
use crate::identity::PersonId;
use crate::live::{NewEntry, append};

/// So many ids in one statement: SQLite takes 32,766 at the most.
const AT_ONCE: usize = 1_000;

/// The unit or estate whose a channel is.
struct Body;
impl Named for Body {
    const PREFIX: &'static str = "bdy";
}

type ChannelRow = (ChannelId, String, Id<Body>);

fn channel_of((id, kind, body): ChannelRow) -> Result<Channel> {
    let kind = kind
        .parse()
        .map_err(|()| Error::internal("the table has a channel of an unknown kind"))?;
    let body = body.uuid();
    Ok(Channel { id, kind, body })
}

/// One channel.
pub(super) fn load(conn: &mut Conn, id: ChannelId) -> Result<Option<Channel>> {
    let row: Option<ChannelRow> = channel::table
        .find(id)
        .select((channel::id, channel::kind, channel::body))
        .first(conn)
        .optional()?;
    row.map(channel_of).transpose()
}

/// Those of these standing channels that there are already.
pub(super) fn standing(conn: &mut Conn, places: &[Place]) -> Result<BTreeMap<Place, Channel>> {
    let mut found = BTreeMap::new();
    for kind in Kind::ALL {
        let of_kind = places.iter().filter(|(of, _)| *of == kind);
        let bodies: Vec<Id<Body>> = of_kind.map(|(_, body)| Id::from_uuid(*body)).collect();
        for some in bodies.chunks(AT_ONCE) {
            let rows: Vec<ChannelRow> = channel::table
                .select((channel::id, channel::kind, channel::body))
                .filter(channel::kind.eq(kind.name()).and(channel::body.eq_any(some)))
                // As the index has it, or SQLite would not use it.
                .filter(sql::<Bool>(
                    "kind IN ('grid_secretaries', 'building_heads', 'residents')",
                ))
                .load(conn)?;
            for row in rows {
                let channel = channel_of(row)?;
                found.insert((channel.kind, channel.body), channel);
            }
        }
    }
    Ok(found)
}

/// Makes a standing channel where there is none, with the entry that opens its stream.
pub(super) fn ensure(tx: &mut Tx<'_>, (kind, body): Place) -> Result<()> {
    let id = ChannelId::new();
    // Both databases take this; the query builder has no such clause for both.
    let made = diesel::sql_query(
        "INSERT INTO channel (id, kind, body, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, body) WHERE kind IN ('grid_secretaries', 'building_heads', 'residents') DO NOTHING",
    )
    .bind::<Binary, _>(id)
    .bind::<Text, _>(kind.name())
    .bind::<Binary, _>(body.as_bytes().as_slice())
    .bind::<BigInt, _>(clock::now())
    .execute(&mut **tx)?;
    if made > 0 {
        let opened = NewEntry {
            kind: "opened",
            payload: "{}".to_owned(),
        };
        append(tx, key(id), opened)?;
    }
    Ok(())
}

type Columns = (
    MessageId,
    ChannelId,
    i64,
    i64,
    PersonId,
    String,
    Timestamp,
    Option<String>,
    Option<i64>,
    Option<Timestamp>,
    Vec<u8>,
);

fn message_of(row: Columns) -> Message {
    let (id, channel_id, number, ordinal, author, client_id, at, text, reply_to, recalled_at, digest) = row;
    Message {
        id,
        channel_id,
        number,
        ordinal,
        author,
        client_id,
        at,
        text,
        reply_to,
        recalled_at,
        digest,
    }
}

macro_rules! messages {
    () => {
        message::table.select((
            message::id,
            message::channel_id,
            message::number,
            message::ordinal,
            message::author,
            message::client_id,
            message::at,
            message::text,
            message::reply_to,
            message::recalled_at,
            message::digest,
        ))
    };
}

/// These messages, by id.
pub(super) fn messages(conn: &mut Conn, ids: &[MessageId]) -> Result<HashMap<MessageId, Message>> {
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<Columns> = messages!().filter(message::id.eq_any(some)).load(conn)?;
        found.extend(rows.into_iter().map(message_of).map(|message| (message.id, message)));
    }
    Ok(found)
}

/// Those of these messages that were said before, by channel, author and the device's name; each
/// is found for itself.
pub(super) fn said_before(
    conn: &mut Conn,
    names: &[(ChannelId, PersonId, &str)],
) -> Result<HashMap<(ChannelId, PersonId, String), Message>> {
    let mut ids: Vec<MessageId> = Vec::new();
    match conn {
        Conn::Sqlite(conn) => {
            for (channel, author, client_id) in names {
                let named = message::table
                    .filter(message::channel_id.eq(channel))
                    .filter(message::author.eq(author))
                    .filter(message::client_id.eq(client_id));
                ids.extend(named.select(message::id).first::<MessageId>(conn).optional()?);
            }
        }
        Conn::Postgres(conn) => {
            let channels: Vec<ChannelId> = names.iter().map(|(channel, _, _)| *channel).collect();
            let authors: Vec<PersonId> = names.iter().map(|(_, author, _)| *author).collect();
            let clients: Vec<&str> = names.iter().map(|(_, _, client)| *client).collect();
            let found: Vec<Found> = diesel::sql_query(
                "SELECT message.id FROM unnest($1, $2, $3) AS wanted (channel_id, author, client_id) \
                 JOIN message USING (channel_id, author, client_id)",
            )
            .bind::<Array<Binary>, _>(channels)
            .bind::<Array<Binary>, _>(authors)
            .bind::<Array<Text>, _>(clients)
            .load(conn)?;
            ids.extend(found.into_iter().map(|found| found.id));
        }
    }
    let found = messages(conn, &ids)?.into_values().map(|message| {
        let name = (message.channel_id, message.author, message.client_id.clone());
        (name, message)
    });
    Ok(found.collect())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Binary)]
    id: MessageId,
}

/// How many messages each of these channels has had.
pub(super) fn ordinals(conn: &mut Conn, channels: &[ChannelId]) -> Result<HashMap<ChannelId, i64>> {
    let mut found = HashMap::with_capacity(channels.len());
    for id in channels {
        // From the newest down this is one step, however many there are.
        let last: Option<i64> = message::table
            .filter(message::channel_id.eq(id))
            .order(message::number.desc())
            .select(message::ordinal)
            .first(conn)
            .optional()?;
        found.insert(*id, last.unwrap_or(0));
    }
    Ok(found)
}

/// Which of these numbers are messages that are not recalled.
pub(super) fn are_there(conn: &mut Conn, channel_id: ChannelId, numbers: &[i64]) -> Result<Vec<i64>> {
    let there = message::table
        .filter(message::channel_id.eq(channel_id).and(message::number.eq_any(numbers)))
        .filter(message::recalled_at.is_null());
    Ok(there.select(message::number).load(conn)?)
}

/// Adds messages.
pub(super) fn insert(tx: &mut Tx<'_>, all: &[Message]) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    match &mut **tx {
        Conn::Sqlite(conn) => {
            for one in all {
                diesel::insert_into(message::table)
                    .values((
                        message::id.eq(one.id),
                        message::channel_id.eq(one.channel_id),
                        message::number.eq(one.number),
                        message::ordinal.eq(one.ordinal),
                        message::author.eq(one.author),
                        message::client_id.eq(&one.client_id),
                        message::at.eq(one.at),
                        message::text.eq(&one.text),
                        message::reply_to.eq(one.reply_to),
                        message::digest.eq(&one.digest),
                    ))
                    .execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let number = |of: fn(&Message) -> i64| Column::BigInt(all.iter().map(of).collect());
            let columns = vec![
                ("id", Column::Binary(all.iter().map(|one| bytes(one.id)).collect())),
                (
                    "channel_id",
                    Column::Binary(all.iter().map(|one| bytes(one.channel_id)).collect()),
                ),
                ("number", number(|one| one.number)),
                ("ordinal", number(|one| one.ordinal)),
                (
                    "author",
                    Column::Binary(all.iter().map(|one| bytes(one.author)).collect()),
                ),
                (
                    "client_id",
                    Column::Text(all.iter().map(|one| one.client_id.clone()).collect()),
                ),
                ("at", number(|one| one.at.micros())),
                (
                    "text",
                    Column::MaybeText(all.iter().map(|one| one.text.clone()).collect()),
                ),
                (
                    "reply_to",
                    Column::MaybeBigInt(all.iter().map(|one| one.reply_to).collect()),
                ),
                (
                    "digest",
                    Column::Binary(all.iter().map(|one| one.digest.clone()).collect()),
                ),
            ];
            Prepared::insert("message", columns, "").execute(conn)?;
        }
    }
    Ok(())
}

/// Takes the words of a message away.
pub(super) fn recall(tx: &mut Tx<'_>, id: MessageId, at: Timestamp) -> Result<()> {
    diesel::update(message::table.find(id))
        .set((message::text.eq(None::<String>), message::recalled_at.eq(Some(at))))
        .execute(&mut **tx)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Unread {
    #[diesel(sql_type = Binary)]
    channel_id: ChannelId,
    #[diesel(sql_type = BigInt)]
    read_to: i64,
    #[diesel(sql_type = BigInt)]
    unread: i64,
}

/// How far somebody has read these channels, each with the number up to which they see
/// nothing, and how many messages of others behind both they have not read.
///
/// No message is counted: the ordinal of the last one less that of the last one read, less their
/// own and those that were recalled, which are found by indices of their own.
pub(super) fn unread(
    conn: &mut Conn,
    person: PersonId,
    channels: &[(ChannelId, i64)],
) -> Result<HashMap<ChannelId, (i64, i64)>> {
    let mut found = HashMap::with_capacity(channels.len());
    for (channel_id, hidden_to) in channels {
        // One statement for each, prepared once: some microseconds, however much is unread.
        let row: Unread = diesel::sql_query(
            "WITH from_here AS (SELECT COALESCE((SELECT read_to FROM channel_reading \
                 WHERE person_id = $1 AND channel_id = $2), 0) AS read_to), \
             since AS (SELECT read_to, CASE WHEN read_to > $3 THEN read_to ELSE $3 END AS number FROM from_here) \
             SELECT CAST($2 AS BYTES) AS channel_id, since.read_to AS read_to, \
                 COALESCE((SELECT ordinal FROM message WHERE channel_id = $2 ORDER BY number DESC LIMIT 1), 0) \
                 - COALESCE((SELECT ordinal FROM message WHERE channel_id = $2 AND number <= since.number \
                     ORDER BY number DESC LIMIT 1), \
                     (SELECT ordinal - 1 FROM message WHERE channel_id = $2 ORDER BY number LIMIT 1), 0) \
                 - (SELECT count(*) FROM message WHERE author = $1 AND channel_id = $2 AND number > since.number \
                     AND recalled_at IS NULL) \
                 - (SELECT count(*) FROM message WHERE channel_id = $2 AND number > since.number \
                     AND recalled_at IS NOT NULL) AS unread \
             FROM since"
                .replace("BYTES", binary_name(conn)),
        )
        .bind::<Binary, _>(person)
        .bind::<Binary, _>(channel_id)
        .bind::<BigInt, _>(hidden_to)
        .get_result(conn)?;
        found.insert(row.channel_id, (row.read_to, row.unread));
    }
    Ok(found)
}

const fn binary_name(conn: &Conn) -> &'static str {
    match conn {
        Conn::Sqlite(_) => "BLOB",
        Conn::Postgres(_) => "BYTEA",
    }
}

/// Notes up to where somebody has read a channel, and not less than before.
pub(super) fn mark_read(tx: &mut Tx<'_>, person: PersonId, channel_id: ChannelId, number: i64) -> Result<()> {
    // Both databases take this; the query builder has no upsert for both.
    diesel::sql_query(
        "INSERT INTO channel_reading (person_id, channel_id, read_to) VALUES ($1, $2, $3) \
         ON CONFLICT (person_id, channel_id) DO UPDATE SET read_to = excluded.read_to \
         WHERE channel_reading.read_to < excluded.read_to",
    )
    .bind::<Binary, _>(person)
    .bind::<Binary, _>(channel_id)
    .bind::<BigInt, _>(number)
    .execute(&mut **tx)?;
    Ok(())
}

/// How far somebody has read a channel.
pub(super) type Reading = (ChannelId, i64);

/// All that somebody said, as far as it is kept, and how far they have read.
pub(super) fn all_of(conn: &mut Conn, person: PersonId) -> Result<(Vec<Message>, Vec<Reading>)> {
    let said: Vec<Columns> = messages!()
        .filter(message::author.eq(person))
        .order((message::channel_id, message::number))
        .load(conn)?;
    let read = reading::table
        .select((reading::channel_id, reading::read_to))
        .filter(reading::person_id.eq(person))
        .order(reading::channel_id)
        .load(conn)?;
    Ok((said.into_iter().map(message_of).collect(), read))
}

/// Where somebody said something, and the number of their last message there.
pub(super) fn spoke_in(conn: &mut Conn, person: PersonId) -> Result<Vec<(ChannelId, i64)>> {
    let last = message::table
        .filter(message::author.eq(person).and(message::text.is_not_null()))
        .group_by(message::channel_id)
        .select((message::channel_id, diesel::dsl::max(message::number)));
    let rows: Vec<(ChannelId, Option<i64>)> = last.load(conn)?;
    Ok(rows.into_iter().map(|(id, last)| (id, last.unwrap_or(0))).collect())
}

/// Takes the words of somebody away, and how far they have read.
pub(super) fn forget(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    // The names that devices gave are theirs as well. None that a device gives has a blank.
    diesel::sql_query(
        "UPDATE message SET text = NULL, digest = id, client_id = ' ' || CAST(number AS TEXT) WHERE author = $1",
    )
    .bind::<Binary, _>(person)
    .execute(&mut **tx)?;
    diesel::delete(reading::table.filter(reading::person_id.eq(person))).execute(&mut **tx)?;
    Ok(())
}

/// Drops the messages of entries that are kept no more; how many.
pub(super) fn drop_old(conn: &mut Conn, before: Timestamp, most: i64) -> Result<usize> {
    let statement = "DELETE FROM message WHERE id IN (SELECT message.id FROM message \
         JOIN stream ON stream.kind = $1 AND stream.owner = message.channel_id \
         WHERE message.at < $2 AND message.number <= stream.floor ORDER BY message.at LIMIT $3)";
    let dropped = diesel::sql_query(statement)
        .bind::<Text, _>(STREAM)
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(most)
        .execute(conn)?;
    Ok(dropped)
}
