//! Inboxes as streams that clients follow.

use serde_json::Value;
use uuid::Uuid;

use super::view::InboxEntry;
use super::{STREAM, key, store};
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::live::socket::frames::ServerFrame;
use crate::live::{Admitting, Entry, Marked, Marking, Source, Window, signal};

/// The inbox of whoever asks.
pub struct InboxSource {
    /// Where it is kept how far they have read.
    pub db: Db,
}

/// Notes up to where somebody has read, and tells their devices; how far they have read then.
pub(super) fn mark_read(tx: &mut Tx<'_>, person: Uuid, number: i64) -> Result<Marked> {
    let (read_to, head) = store::mark_read(tx, person, number)?;
    let unread = store::unread(head, read_to);
    let stream = STREAM.to_owned();
    signal(
        tx,
        key(person),
        &ServerFrame::Read {
            stream,
            read_to,
            unread,
        },
    )?;
    Ok(Marked { read_to, unread })
}

impl Source for InboxSource {
    fn kind(&self) -> &'static str {
        STREAM
    }

    fn owner(&self, name: &str, person: Uuid) -> Option<Uuid> {
        (name == STREAM).then_some(person)
    }

    fn name(&self, _: Uuid) -> String {
        STREAM.to_owned()
    }

    fn admit<'a>(&'a self, _: Uuid, _: Uuid) -> Admitting<'a> {
        // Nobody's name leads to another's.
        Box::pin(async { Ok(Window::ALL) })
    }

    fn show(&self, entry: &Entry, language: Language) -> Result<Value> {
        let shown = InboxEntry::of(entry.clone(), None, language)?;
        serde_json::to_value(shown).map_err(Error::internal)
    }

    fn mark_read<'a>(&'a self, person: Uuid, _: Uuid, number: i64) -> Marking<'a> {
        Box::pin(self.db.write(move |tx| mark_read(tx, person, number)))
    }
}
