//! Channels as handlers and the socket have them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::hmac;

use super::lane::{Command, Done, Speaking, What};
use super::model::{Channel, ChannelId, MessageId, Post, key};
use super::seats::{Place, Seat, seats};
use super::{source, store};
use crate::calendar::Calendar;
use crate::clock::{self, Timestamp};
use crate::db::lane::Lanes;
use crate::db::{Conn, Db};
use crate::error::{Error, Reason, Result};
use crate::grid::LiveTree;
use crate::grid::access::Access;
use crate::grid::members::day_of;
use crate::identity::{People, PersonId};
use crate::live::socket::frames::ServerFrame;
use crate::live::{self, Cursor, Entry, Head, Marked, Verdict, signal};

/// So many lanes an instance has: few with large batches do better than many.
const LANES: usize = 2;

/// All channels. Clones share them.
#[derive(Clone)]
pub struct Chats {
    pub(super) db: Db,
    access: Access,
    tree: Arc<LiveTree>,
    calendar: Arc<Calendar>,
    lanes: Lanes<Speaking>,
    digests: hmac::Key,
}

/// A channel with somebody's place in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub channel: Channel,
    pub seat: Seat,
    /// Up to this number they see nothing.
    pub hidden_to: i64,
}

/// The same with what is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub taken: Taken,
    pub head: Head,
    pub marked: Marked,
}

/// Which part of a channel.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Newest,
    Before(i64),
    /// Behind a number that nobody vouches for.
    Behind(i64),
    /// Behind an entry.
    After(Cursor),
    Around(i64),
}

/// Some entries of a channel, in order.
#[derive(Debug)]
pub(super) struct History {
    /// What is to be told to whoever came with a place to go on from.
    pub verdict: Verdict,
    pub entries: Vec<Entry>,
    /// The number of the first entry that they can see, and of the last that there is.
    pub range: (i64, i64),
    pub older: bool,
    pub newer: bool,
}

impl Chats {
    /// Of a database, where who may be where is decided by roles. Starts their lanes.
    pub fn new(db: &Db, people: &People, access: Access, tree: Arc<LiveTree>, calendar: Arc<Calendar>) -> Self {
        Self {
            lanes: Lanes::start(db, &Arc::new(Speaking), LANES),
            db: db.clone(),
            digests: people.derived_key("digests of messages"),
            access,
            tree,
            calendar,
        }
    }

    /// What somebody's places are, from what they hold now.
    async fn places(&self, person: PersonId) -> Result<BTreeMap<Place, Seat>> {
        let held = self.access.held(person).await?;
        if held.is_empty() {
            return Ok(BTreeMap::new());
        }
        let tree = self.tree.now();
        self.db.read(move |conn| seats(conn, &tree, &held)).await
    }

    /// The channels that somebody is in, with what they have not read. Those that nobody has
    /// opened yet are opened.
    pub(super) async fn of(&self, person: PersonId) -> Result<Vec<Standing>> {
        let places = self.places(person).await?;
        let wanted: Vec<Place> = places.keys().copied().collect();
        let asked = wanted.clone();
        let mut there = self.db.read(move |conn| store::standing(conn, &asked)).await?;
        let missing: Vec<Place> = wanted
            .iter()
            .filter(|place| !there.contains_key(*place))
            .copied()
            .collect();
        if !missing.is_empty() {
            let open = move |tx: &mut crate::db::Tx<'_>| missing.iter().try_for_each(|place| store::ensure(tx, *place));
            self.db.write(open).await?;
            there = self.db.read(move |conn| store::standing(conn, &wanted)).await?;
        }
        let this = self.clone();
        let all: Vec<(Channel, Seat)> = there
            .into_iter()
            .filter_map(|(place, channel)| Some((channel, *places.get(&place)?)))
            .collect();
        self.db
            .read(move |conn| {
                let taken: Result<Vec<Taken>> = all
                    .iter()
                    .map(|(channel, seat)| this.taken(conn, *channel, *seat))
                    .collect();
                stand(conn, person, taken?)
            })
            .await
    }

    fn taken(&self, conn: &mut Conn, channel: Channel, seat: Seat) -> Result<Taken> {
        let hidden_to = match seat.sees_before {
            true => 0,
            false => live::last_before(conn, key(channel.id), self.begins(seat.since_day)?)?,
        };
        Ok(Taken {
            channel,
            seat,
            hidden_to,
        })
    }

    /// When a day begins.
    fn begins(&self, day: i32) -> Result<Timestamp> {
        let date = day_of(i64::from(day)).ok_or_else(|| Error::internal("a membership of no day"))?;
        Ok(Timestamp::from_micros(
            self.calendar.instant(date, 0).timestamp_micros(),
        ))
    }

    /// Somebody's place in a channel; who has none is not told whether it is there.
    pub(super) async fn admit(&self, person: PersonId, id: ChannelId) -> Result<Taken> {
        let channel = self.db.read(move |conn| store::load(conn, id)).await?;
        let channel = channel.ok_or_else(|| Error::refused(Reason::NotFound))?;
        let places = self.places(person).await?;
        let seat = places.get(&(channel.kind, channel.body)).copied();
        let seat = seat.ok_or_else(|| Error::refused(Reason::NotFound))?;
        let this = self.clone();
        self.db.read(move |conn| this.taken(conn, channel, seat)).await
    }

    /// One channel with what somebody has not read of it.
    pub(super) async fn one(&self, person: PersonId, id: ChannelId) -> Result<Standing> {
        let taken = self.admit(person, id).await?;
        let standing = self.db.read(move |conn| stand(conn, person, vec![taken])).await?;
        standing
            .into_iter()
            .next()
            .ok_or_else(|| Error::refused(Reason::NotFound))
    }

    /// Somebody says something; answers when it is durable.
    pub(super) async fn say(&self, person: PersonId, id: ChannelId, post: Post) -> Result<Done> {
        let hidden_to = self.admit(person, id).await?.hidden_to;
        let digest = post.digest(&self.digests);
        let what = What::Say {
            post,
            digest,
            hidden_to,
        };
        self.submit(person, id, what).await
    }

    /// Somebody takes a message back.
    pub(super) async fn recall(&self, person: PersonId, id: MessageId) -> Result<Done> {
        let known = self.db.read(move |conn| store::messages(conn, &[id])).await?;
        let message = known.get(&id).ok_or_else(|| Error::refused(Reason::NotFound))?;
        let taken = self.admit(person, message.channel_id).await?;
        if message.number <= taken.hidden_to {
            return Err(Error::refused(Reason::NotFound));
        }
        let what = What::Recall(id, taken.seat.looks_after);
        self.submit(person, message.channel_id, what).await
    }

    async fn submit(&self, person: PersonId, channel_id: ChannelId, what: What) -> Result<Done> {
        let command = Command {
            channel_id,
            person,
            at: clock::now(),
            id: live::EntryId::new(),
            what,
        };
        self.lanes.submit(channel_id, command).await
    }

    /// Notes up to where somebody has read a channel, never further than there is something to
    /// read, and tells their devices.
    pub(super) async fn mark_read(&self, person: PersonId, id: ChannelId, number: i64) -> Result<Marked> {
        let taken = self.admit(person, id).await?;
        self.db
            .write(move |tx| {
                let head = live::head(tx, key(id))?;
                store::mark_read(tx, person, id, number.min(head.number))?;
                let standing = stand(tx, person, vec![taken])?;
                let Some(standing) = standing.into_iter().next() else {
                    return Err(Error::refused(Reason::NotFound));
                };
                let Marked { read_to, unread } = standing.marked;
                let stream = id.to_string();
                // It concerns nobody but the one who read: their devices follow their inbox.
                let frame = ServerFrame::Read {
                    stream,
                    read_to,
                    unread,
                };
                signal(tx, live::inbox::key(person.uuid()), &frame)?;
                Ok(standing.marked)
            })
            .await
    }

    /// Some of what is in a channel.
    pub(super) async fn history(&self, person: PersonId, id: ChannelId, part: Part, limit: usize) -> Result<History> {
        let taken = self.admit(person, id).await?;
        self.db
            .read(move |conn| conn.one_view(|conn| read(conn, taken, part, limit)))
            .await
    }
}

fn stand(conn: &mut Conn, person: PersonId, taken: Vec<Taken>) -> Result<Vec<Standing>> {
    let asked: Vec<(ChannelId, i64)> = taken.iter().map(|one| (one.channel.id, one.hidden_to)).collect();
    let unread = store::unread(conn, person, &asked)?;
    let keys: Vec<live::Key> = taken.iter().map(|one| key(one.channel.id)).collect();
    let heads = live::heads(conn, &keys)?;
    let standing = taken.into_iter().zip(heads).map(|(taken, (_, head))| {
        let (read_to, unread) = unread.get(&taken.channel.id).copied().unwrap_or_default();
        Standing {
            taken,
            head,
            marked: Marked { read_to, unread },
        }
    });
    Ok(standing.collect())
}

fn read(conn: &mut Conn, taken: Taken, part: Part, limit: usize) -> Result<History> {
    let stream = key(taken.channel.id);
    let most = i64::try_from(limit).map_err(Error::internal)?;
    let head = live::head(conn, stream)?;
    let begins = head.floor.max(taken.hidden_to) + 1;
    let mut verdict = Verdict::GoOn;
    let mut entries = match part {
        Part::Newest => live::read_before(conn, stream, None, most)?.0,
        Part::Before(number) => live::read_before(conn, stream, Some(number), most)?.0,
        Part::Behind(number) => {
            verdict = match number {
                _ if number > head.number => Verdict::Reset,
                _ if number < head.floor => Verdict::Gap,
                _ => Verdict::GoOn,
            };
            live::read_behind(conn, stream, number.max(begins - 1), most)?.0
        }
        Part::After(cursor) => {
            let reading = live::read_since(conn, stream, cursor, cursor.number.max(begins - 1), most)?;
            verdict = reading.verdict;
            reading.entries
        }
        Part::Around(number) => {
            let (number, older) = (number.max(begins), most / 2 + 1);
            let (mut entries, _) = live::read_before(conn, stream, Some(number.saturating_add(1)), older)?;
            let newer = most - older.min(most);
            entries.extend(live::read_behind(conn, stream, number, newer)?.0);
            entries
        }
    };
    entries.sort_by_key(|entry| entry.number);
    entries.retain(|entry| entry.number >= begins);
    source::fill(conn, &mut entries)?;
    // Where nothing is told, what stands on both sides of the place that was asked for.
    let (first, last) = match (entries.first(), entries.last(), part) {
        (Some(first), Some(last), _) => (first.number, last.number),
        (_, _, Part::Before(number)) => (number.min(begins), number.saturating_sub(1)),
        (_, _, Part::Behind(number)) => (number.saturating_add(1), number.max(head.number)),
        (_, _, Part::After(cursor)) => (cursor.number + 1, cursor.number.max(head.number)),
        _ => (begins, head.number),
    };
    Ok(History {
        verdict,
        entries,
        range: (begins, head.number),
        older: first > begins,
        newer: last < head.number && begins <= head.number,
    })
}
