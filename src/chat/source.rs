//! Channels as streams that clients follow.

use serde_json::Value;
use uuid::Uuid;

use super::chats::Chats;
use super::model::{ChannelId, MessageId, STREAM};
use super::store;
use super::view::{ChannelEntry, HIDDEN, MESSAGE, MessageInput, MessageView, RECALLED, RecalledView};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::identity::PersonId;
use crate::language::Language;
use crate::live::{Admitting, Entry, Key, Marking, Posted, Posting, Source, Window};

/// The channels of whoever asks.
pub struct ChannelSource {
    /// The channels.
    pub chats: Chats,
}

/// Fills in what clients see of entries: the words of messages stand in a table of their own.
pub(super) fn fill(conn: &mut Conn, entries: &mut [Entry]) -> Result<()> {
    let is_message = |entry: &&mut Entry| entry.kind == MESSAGE;
    let ids: Vec<MessageId> = entries
        .iter()
        .filter(|entry| entry.kind == MESSAGE)
        .map(|entry| MessageId::from_uuid(entry.id.uuid()))
        .collect();
    let messages = store::messages(conn, &ids)?;
    for entry in entries.iter_mut().filter(is_message) {
        let Some(message) = messages.get(&MessageId::from_uuid(entry.id.uuid())) else {
            // All the others are told none the less.
            tracing::error!(entry = %entry.id, "an entry has no message");
            HIDDEN.clone_into(&mut entry.kind);
            continue;
        };
        entry.payload = serde_json::to_string(&MessageView::of(message)).map_err(Error::internal)?;
    }
    Ok(())
}

impl Source for ChannelSource {
    fn kind(&self) -> &'static str {
        STREAM
    }

    fn owner(&self, name: &str, _: Uuid) -> Option<Uuid> {
        name.parse::<ChannelId>().ok().map(ChannelId::uuid)
    }

    fn name(&self, owner: Uuid) -> String {
        ChannelId::from_uuid(owner).to_string()
    }

    fn admit<'a>(&'a self, person: Uuid, owner: Uuid) -> Admitting<'a> {
        Box::pin(async move {
            let (person, channel) = (PersonId::from_uuid(person), ChannelId::from_uuid(owner));
            let taken = self.chats.admit(person, channel).await?;
            Ok(Window {
                hidden_to: taken.hidden_to,
            })
        })
    }

    fn fill(&self, conn: &mut Conn, _: Key, entries: &mut [Entry]) -> Result<()> {
        fill(conn, entries)
    }

    fn takes_back(&self, entry: &Entry) -> Option<i64> {
        let recalled = (entry.kind == RECALLED).then(|| serde_json::from_str::<RecalledView>(&entry.payload).ok());
        recalled.flatten().map(|recalled| recalled.number)
    }

    fn show(&self, entry: &Entry, _: Language) -> Result<Value> {
        serde_json::to_value(ChannelEntry::of(entry)?).map_err(Error::internal)
    }

    fn mark_read<'a>(&'a self, person: Uuid, owner: Uuid, number: i64) -> Marking<'a> {
        let (person, channel) = (PersonId::from_uuid(person), ChannelId::from_uuid(owner));
        Box::pin(self.chats.mark_read(person, channel, number))
    }

    fn post<'a>(&'a self, person: Uuid, owner: Uuid, message: Value) -> Posting<'a> {
        Box::pin(async move {
            let input = MessageInput::of_frame(message)?;
            let (person, channel) = (PersonId::from_uuid(person), ChannelId::from_uuid(owner));
            let client_id = input.client_id.clone();
            let done = self.chats.say(person, channel, input.post()).await?;
            Ok(Posted {
                id: crate::live::EntryId::from_uuid(done.message.id.uuid()),
                number: done.message.number,
                at: done.message.at,
                client_id,
            })
        })
    }
}
